"""How many alarms an operator gets at once: what counts as announced, and the most in a while."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.faults.causes import ANNOUNCE
from gateway.model import Alarm, Millis, Severity, State
from tests.detection.judge import Tally
from tests.detection.scenarios import FLOOD, Horn, Lived, most_within, verdict

T = 1_774_004_400_000
LOST = Alarm("lamp-1", "comm_loss", T, State.UNACKNOWLEDGED, Severity.WARNING, "", T)
FIRE = Alarm("bin-1", "bin_fire", T, State.UNACKNOWLEDGED, Severity.CRITICAL, "", T)


def announced(*steps: Alarm) -> list[Millis]:
    horn = Horn()
    for step in steps:
        horn.take(step)
    return [t - T for t in horn.times]


def suppressed(after: Millis) -> Alarm:
    return replace(LOST, t=T + after, state=State.SUPPRESSED)


class TestWhatIsAnnounced:
    def test_what_nothing_may_explain_is_at_once(self) -> None:
        assert announced(FIRE) == [0]

    def test_what_another_may_explain_is_a_minute_later(self) -> None:
        assert announced(LOST) == [ANNOUNCE]

    def test_what_is_taken_in_before_that_is_not(self) -> None:
        assert announced(LOST, suppressed(ANNOUNCE - 1)) == []
        assert announced(suppressed(0)) == []

    def test_what_is_taken_in_later_was(self) -> None:
        assert announced(LOST, suppressed(ANNOUNCE)) == [ANNOUNCE]

    def test_it_is_announced_once_and_anew_when_raised_anew(self) -> None:
        told_again = replace(LOST, t=T + 90_000, message="and still")
        returned = replace(LOST, t=T + 100_000, state=State.RETURNED, cleared=T + 100_000)
        again = replace(LOST, t=T + 300_000, raised=T + 300_000)
        assert announced(LOST, told_again, returned) == [ANNOUNCE]
        assert announced(LOST, returned, again) == [ANNOUNCE, 300_000 + ANNOUNCE]

    def test_what_comes_back_from_a_window_of_maintenance_is_then(self) -> None:
        assert announced(suppressed(0), replace(LOST, t=T + 600_000)) == [600_000]

    def test_what_becomes_critical_does_not_wait(self) -> None:
        assert announced(LOST, replace(LOST, t=T + 10_000, severity=Severity.CRITICAL)) == [10_000]


@pytest.mark.parametrize(
    ("times", "most"),
    [((), 0), ((5,), 1), ((0, 10, 20), 3), ((0, 10, 21), 2), ((0, 0, 0, 30), 3)],
)
def test_the_most_within_a_while(times: tuple[int, ...], most: int) -> None:
    assert most_within(times, 20) == most


def test_ten_in_ten_minutes_are_a_flood() -> None:
    calm = Lived("calm", 10, 1.0, Tally(), FLOOD - 1, ())
    assert verdict([calm]).broken == []
    assert verdict([calm, replace(calm, name="storm", most=FLOOD)]).broken == [
        "storm: 10 alarms in ten minutes, not under 10"
    ]
