"""Report by exception: what is sent, what is left out, and what never is."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.intake import Intake
from gateway.edge.journal import Journal
from gateway.edge.news import Watch, news, watches
from gateway.faults.engine import FaultEngine
from gateway.model import Alarm, Derived, Device, Event, Point, Reading, Value
from gateway.recording import Recorder, Row
from gateway.wire import REPEAT

EVERY = 10.0
STEP = round(EVERY * 1000)


def level(value: Value, _: Any) -> Value:
    return value


DEVICE = Device(
    "bin-1",
    "bin",
    "b",
    "p",
    None,
    None,
    points=(
        Point("distance", None, EVERY, deadband=5),
        Point("lid_open", None, EVERY, on_change=True, type="bool"),
        Point("mode", None, EVERY, on_change=True, type="string"),
        Point("battery", None, EVERY),
    ),
    derived=(Derived("fill_level", "distance", level, "%", deadband=2),),
)


def watch() -> Watch:
    return watches([DEVICE])["bin-1"]


def reading(t: int, bad: dict[str, str] | None = None, uncertain: str = "", **v: Value) -> Reading:
    return Reading("bin-1", "bin", t, v, frozenset(uncertain.split()), bad or {})


def sent(subject: Watch, *readings: Reading) -> list[Any]:
    """What of each reading is published; None where nothing is."""
    out = [news(subject, one) for one in readings]
    return [None if one is None else dict(one.values) | dict(one.bad) for one in out]


class TestWhatMoved:
    def test_the_first_reading_goes_whole(self) -> None:
        first = reading(1, distance=800, lid_open=False, mode="a", battery=90, fill_level=10.0)
        assert news(watch(), first) is first

    def test_less_than_the_deadband_since_it_was_sent_is_left_out(self) -> None:
        values = [800, 804, 796, 805, 808, 810]
        steps = [reading(i * STEP, distance=v) for i, v in enumerate(values)]
        assert sent(watch(), *steps) == [
            {"distance": 800},
            None,
            None,
            {"distance": 805},
            None,
            {"distance": 810},
        ]

    def test_a_slow_drift_is_told_because_it_counts_from_what_was_sent(self) -> None:
        steps = [reading(i * STEP, distance=800 + i) for i in range(11)]
        assert [i for i, one in enumerate(sent(watch(), *steps)) if one] == [0, 5, 10]

    def test_a_deadband_of_a_tenth_is_reached_by_a_tenth(self) -> None:
        subject = watches(
            [Device("bin-1", "bin", "b", "p", None, None, (Point("x", None, EVERY, deadband=0.1),))]
        )["bin-1"]
        assert 0.3 - 0.2 < 0.1
        assert sent(subject, reading(1, x=0.2), reading(2, x=0.3)) == [{"x": 0.2}, {"x": 0.3}]

    def test_on_change_leaves_out_what_is_the_same(self) -> None:
        steps = [
            reading(1, lid_open=False, mode="auto"),
            reading(2, lid_open=False, mode="auto"),
            reading(3, lid_open=True, mode="auto"),
            reading(4, lid_open=True, mode="off"),
        ]
        assert sent(watch(), *steps)[1:] == [None, {"lid_open": True}, {"mode": "off"}]

    def test_other_points_go_every_time_and_take_no_notice(self) -> None:
        steps = [reading(i, distance=800, battery=90) for i in range(3)]
        assert sent(watch(), *steps)[1:] == [{"battery": 90}] * 2

    def test_a_computed_value_has_a_deadband_of_its_own(self) -> None:
        steps = [
            reading(1, distance=800, fill_level=10.0),
            reading(2, distance=807, fill_level=9.5),
        ]
        assert sent(watch(), *steps)[1] == {"distance": 807}

    def test_points_that_were_not_due_are_no_news(self) -> None:
        subject = watch()
        sent(subject, reading(1, distance=800, mode="a"))
        assert sent(subject, reading(2, mode="a"), reading(3, distance=800)) == [None, None]


class TestQuality:
    def test_a_change_of_quality_goes(self) -> None:
        steps = [
            reading(1, distance=800),
            reading(2, uncertain="distance", distance=800),
            reading(3, uncertain="distance", distance=801),
            reading(4, bad={"distance": "no value (65535)"}),
            reading(5, bad={"distance": "no value (65535)"}),
            reading(6, bad={"distance": "above 5000"}),
            reading(7, distance=800),
        ]
        subject = watch()
        went = [news(subject, step) is not None for step in steps]
        assert went == [True, True, False, True, False, True, True]

    def test_what_stays_is_named_uncertain_and_what_left_is_not(self) -> None:
        subject = watch()
        news(subject, reading(1, uncertain="distance battery", distance=8, battery=1))
        left = news(subject, reading(2, uncertain="distance battery", distance=8, battery=1))
        assert left == reading(2, uncertain="battery", battery=1)


class TestSilence:
    SILENT = Reading("bin-1", "bin", 2, silent="no answer")

    def test_it_always_goes(self) -> None:
        subject = watch()
        assert [news(subject, self.SILENT) for _ in range(3)] == [self.SILENT] * 3

    def test_the_first_reading_after_it_goes_whole(self) -> None:
        steps = [reading(1, distance=800), self.SILENT, reading(3, distance=800)]
        assert sent(watch(), *steps)[2] == {"distance": 800}


class TestRepetition:
    def test_at_the_latest_after_fifteen_minutes_it_is_sent_again(self) -> None:
        subject, stamps = watch(), range(0, 4 * REPEAT, STEP)
        told = [t for t in stamps if news(subject, reading(t, distance=800))]
        assert told[0] == 0
        assert told == [0, REPEAT, 2 * REPEAT, 3 * REPEAT], "and no sooner than it must"

    def test_a_point_read_more_rarely_than_that_is_sent_each_time(self) -> None:
        subject = watches(
            [
                Device(
                    "bin-1", "bin", "b", "p", None, None, (Point("x", None, 1800, on_change=True),)
                )
            ]
        )["bin-1"]
        assert sent(subject, reading(0, x=1), reading(1_800_000, x=1)) == [{"x": 1}, {"x": 1}]

    def test_a_clock_that_was_set_back_silences_nobody(self) -> None:
        subject = watch()
        assert sent(subject, reading(10**12, distance=8), reading(10**9, distance=8)) == [
            {"distance": 8},
            {"distance": 8},
        ]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40), st.floats(0, 100), st.sampled_from(["good", "uncertain", "bad"])
        ),
        max_size=60,
    )
)
def test_whoever_follows_the_news_is_never_far_from_the_truth(
    steps: list[tuple[int, float, str]],
) -> None:
    """The last published value is of the true one's quality, nearly it, and not too old."""
    subject, t = watch(), 0
    told_at, told = 0, None
    for minutes_x6, value, quality in steps:
        t += minutes_x6 * STEP
        now = (
            reading(t, bad={"distance": "gone"})
            if quality == "bad"
            else reading(t, uncertain="distance" * (quality == "uncertain"), distance=value)
        )
        published = news(subject, now)
        if published is not None:
            assert published == now
            told_at, told = t, now
        assert told is not None
        assert t - told_at <= REPEAT
        assert told.bad == now.bad
        assert told.uncertain == now.uncertain
        if now.values:
            assert abs(float(told.values["distance"]) - value) < 5


def test_devices_without_such_points_are_not_watched() -> None:
    plain = Device("x", "other", "b", "p", None, None, (Point("a", None, 1.0),))
    assert watches([plain]) == {}


# ---------------------------------------------------------------- in its place


class Notebook:
    """A journal, a fault engine and a recording that keep what they are given."""

    def __init__(self) -> None:
        self.published: list[Reading] = []
        self.judged: list[Reading] = []
        self.recorded: list[Row] = []

    def reading(self, reading: Reading) -> None:
        self.published.append(reading)

    def feed(self, reading: Reading) -> list[Alarm | Event]:
        self.judged.append(reading)
        return []

    def estimates(self, _device: str) -> None:
        return None

    def write(self, row: Row) -> None:
        self.recorded.append(row)


@pytest.mark.parametrize("watched", [True, False])
def test_rules_and_recording_see_what_is_not_sent_and_the_count_is_what_is_sent(
    watched: bool,
) -> None:
    book = Notebook()
    intake = Intake(
        cast("FaultEngine", book),
        cast("Journal", book),
        cast("Recorder", book),
        watches([DEVICE]) if watched else {},
    )
    readings = [reading(i, distance=800) for i in range(5)]
    for one in (*readings, Reading("bin-1", "bin", 6, silent="no answer")):
        intake.take(one)
    intake.judge_all()
    assert len(book.judged) == len(book.recorded) == 6
    assert len(book.published) == (2 if watched else 6)
    assert intake.readings == (1 if watched else 5)
    assert intake.silent == 1
