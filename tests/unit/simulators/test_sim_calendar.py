"""Calendars say when something happens in a town's own time, clock changes included."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from simulators.world.calendar import local, read_calendar
from simulators.world.waste import WEEKS


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_moment_of_the_week() -> None:
    calendar = read_calendar("mon,thu 06:30", "Asia/Manila")
    assert calendar.after(utc("2025-10-09T01:00")) == utc("2025-10-12T22:30")
    assert calendar.after(utc("2025-10-12T22:30")) == utc("2025-10-15T22:30")
    assert list(calendar.on(date(2025, 10, 10))) == []


def test_spans_of_the_night_and_ranges_of_days() -> None:
    calendar = read_calendar("mon-fri 23:30-05:00; sat,sun 00:30-06:00")
    assert calendar.within(utc("2025-10-07T04:59"))
    assert not calendar.within(utc("2025-10-07T05:00"))
    assert not calendar.within(utc("2025-10-12T23:45"))  # a Sunday
    assert calendar.within(utc("2025-10-12T03:00"))
    assert read_calendar("fri-mon 10:00").entries[0].days == {4, 5, 6, 0}
    assert read_calendar("10:00").entries[0].days == set(range(7))


@pytest.mark.parametrize(
    ("day", "begins"),
    [
        (date(2025, 3, 29), "2025-03-29T05:30"),
        (date(2025, 3, 30), "2025-03-30T04:30"),  # Berlin goes over to summer time
        (date(2025, 10, 26), "2025-10-26T05:30"),
    ],
)
def test_it_goes_by_the_clocks_on_the_wall(day: date, begins: str) -> None:
    calendar = read_calendar("06:30", "Europe/Berlin")
    assert [begin for begin, _ in calendar.on(day)] == [utc(begins)]
    assert local(utc(begins), "Europe/Berlin").hour == 6


@pytest.mark.parametrize("text", ["", "Mon", "Mon 6:30", "Foo 06:30", "Mon 25:00", "Mon-X 06:00"])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|time of a day"):
        read_calendar(text)


def test_a_week_of_waste_is_seven_average_days() -> None:
    for week in WEEKS.values():
        assert len(week) == 168
        assert sum(week) == pytest.approx(7)
        assert min(week) > 0
