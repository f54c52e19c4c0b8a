"""Calendars as people write them: what a time of the week covers, and what is refused."""

from __future__ import annotations

import pytest

from gateway.weekly import DAYS, rounds, rounds_around, schedule, scheduled, times, within


def at(text: str) -> tuple[int, int]:
    """``"tue 23:30"`` as a day and a minute."""
    day, clock = text.split()
    hour, minute = map(int, clock.split(":"))
    return DAYS.index(day), hour * 60 + minute


@pytest.mark.parametrize(
    ("calendar", "inside", "outside"),
    [
        ("23:00-05:00", ["mon 23:00", "tue 04:59", "sun 23:30"], ["mon 05:00", "mon 22:59"]),
        ("mon-fri 23:00-05:00", ["fri 23:00", "sat 04:00"], ["sat 23:00", "mon 04:00"]),
        ("sat,sun 00:00-24:00", ["sat 00:00", "sun 23:59"], ["mon 00:00", "fri 23:59"]),
        ("fri-mon 01:00-02:00", ["fri 01:00", "mon 01:59"], ["tue 01:00", "thu 01:30"]),
        ("mon 01:00-02:00; tue 03:00-04:00", ["mon 01:30", "tue 03:30"], ["tue 01:30"]),
    ],
)
def test_a_calendar_covers(calendar: str, inside: list[str], outside: list[str]) -> None:
    assert all(within(calendar, *at(text)) for text in inside)
    assert not any(within(calendar, *at(text)) for text in outside)


def test_the_first_of_a_schedule_that_fits_counts() -> None:
    plans = "mon-fri 06:30-09:30 2; 22:00-05:30 3; 1"
    told = [scheduled(plans, *at(text)) for text in ("tue 07:00", "sat 07:00", "sun 02:00")]
    assert told == [2, 1, 3]
    assert scheduled("06:00-22:00 2", *at("mon 23:00")) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("at night", '"at night" is no time of the week; write it as "mon-fri 23:00-05:00"'),
        ("", '"" is no time of the week'),
        ("25:00-05:00", "times run from 00:00 to 24:00"),
        ("05:00-05:00", "times run from 00:00 to 24:00"),
        ("23:60-05:00", "times run from 00:00 to 24:00"),
        ("mo-fr 23:00-05:00", '"mo-fr" is no day; days are mon, tue'),
        ("23:00-05:00 2", "a number has no place here"),
    ],
)
def test_what_is_no_calendar_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        times(text)


@pytest.mark.parametrize("text", ["06:00-09:00", "06:00-09:00 2; 09:00-10:00"])
def test_a_schedule_needs_its_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="each time needs its number"):
        schedule(text)


@pytest.mark.parametrize(
    ("text", "day", "minute", "ago", "ahead"),
    [
        ("mon,thu 06:30", 0, 6 * 60 + 30, 0, 3 * 1440),
        ("Mon,Thu 06:30", 0, 6 * 60 + 29, 4 * 1440 - 1, 1),
        ("mon,thu 06:30", 4, 18 * 60 + 30, 1440 + 720, 2 * 1440 + 720),
        ("06:30", 2, 7 * 60, 30, 1440 - 30),
        ("fri 22:00; tue 08:00", 0, 0, 2 * 1440 + 120, 1440 + 480),
        ("sat 08:00", 5, 7 * 60 + 59, 7 * 1440 - 1, 1),
        ("sat 08:00", 5, 8 * 60, 0, 7 * 1440),
    ],
)
def test_how_long_ago_the_last_round_was_and_when_the_next_is(
    text: str, day: int, minute: int, ago: int, ahead: int
) -> None:
    assert rounds_around(text, day, minute) == (ago, ahead)


@pytest.mark.parametrize("text", ["", "mon", "06:30-08:00", "mon 24:00", "moon 06:30", "mon 6.30"])
def test_what_is_no_round_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"no round|no day|no time"):
        rounds(text)
