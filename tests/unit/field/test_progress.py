"""How far a scan is, where there is no terminal: a line now and then."""

from __future__ import annotations

from gateway.field.progress import EVERY, Step, lines


def test_a_line_every_few_seconds_with_the_time_that_is_left() -> None:
    now, said = 100.0, list[str]()
    tell = lines(lambda: now, said.append)
    for done in range(1, 101):
        now += 0.12
        tell(Step("unit", done, 100, found=done // 40))
    assert said == [
        "42 of 100 asked, 1 found, about 7 s left",
        "84 of 100 asked, 2 found, about 2 s left",
    ]
    assert len(said) == int(12 / EVERY)


def test_nothing_is_said_before_anything_was_asked() -> None:
    now, said = 0.0, list[str]()
    tell = lines(lambda: now, said.append)
    now = 60.0
    tell(Step("listening", 0, 100, 0))
    assert not said
