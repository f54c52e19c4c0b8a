"""Which time is believed: the table, line by line, and timelines of what clocks do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.edge.timekeeper import EARLIEST, LATEST, Hardware, Signs, Source, Step, Timekeeper
from gateway.edge.timesigns import machine

TRUE = 1_795_384_800_000  # when this boot began, in ms UTC: 2026-11-22
SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000
YEARS_56 = 56 * 365 * DAY


@dataclass
class Machine:
    """A machine whose signs are set by hand: ``error`` is what its wall clock is wrong by."""

    up: float = 20.0
    error: int = 0
    synchronised: bool = False
    hardware: Hardware = Hardware.NOTHING
    boot: str = "boot-1"

    def keeper(self, *, trust: bool = False, kept: Any = None) -> Timekeeper:
        signs = Signs(
            boot=self.boot,
            wall=lambda: self.true + self.error,
            boottime=lambda: self.up,
            synchronised=lambda: self.synchronised,
            hardware=lambda _: self.hardware,
        )
        return Timekeeper(signs, trust=trust, kept=kept)

    @property
    def true(self) -> int:
        return TRUE + round(self.up * 1000)


def kept(last: int, boot: str = "boot-0") -> dict[str, Any]:
    return {"boot": boot, "offset": TRUE, "first": TRUE, "last": last}


BOOT_1970 = -TRUE


@pytest.mark.parametrize(
    ("machine", "trust", "last", "source"),
    [
        # absurd, whoever says so
        (Machine(error=BOOT_1970, synchronised=True), True, None, Source.NONE),
        (Machine(error=YEARS_56, synchronised=True), True, None, Source.NONE),
        (Machine(error=EARLIEST - TRUE - 30_000, hardware=Hardware.HOST), False, None, Source.NONE),
        (Machine(error=LATEST - TRUE, hardware=Hardware.AGREES), False, None, Source.NONE),
        # the site says so
        (Machine(), True, None, Source.TRUST),
        # the kernel says so, even where what was stored is later
        (Machine(synchronised=True), False, None, Source.KERNEL),
        (Machine(synchronised=True), False, TRUE + DAY, Source.KERNEL),
        # behind the last time that was known: a clock restored from a file, or stopped
        (Machine(hardware=Hardware.HOST, error=-HOUR), False, TRUE, Source.NONE),
        (Machine(hardware=Hardware.AGREES, error=-HOUR), False, TRUE, Source.NONE),
        # what kept the time while the machine was off
        (Machine(hardware=Hardware.AGREES), False, TRUE, Source.RTC),
        (Machine(hardware=Hardware.AGREES), False, None, Source.RTC),
        (Machine(hardware=Hardware.DISAGREES), False, TRUE, Source.NONE),
        (Machine(hardware=Hardware.HOST), False, TRUE, Source.HOST),
        (Machine(hardware=Hardware.NOTHING), False, TRUE, Source.NONE),
        (Machine(hardware=Hardware.NOTHING), False, None, Source.NONE),
    ],
)
def test_the_table(machine: Machine, trust: bool, last: int | None, source: Source) -> None:
    keeper = machine.keeper(trust=trust, kept=None if last is None else kept(last))
    step = keeper.look()
    assert keeper.source is source
    assert keeper.known is (source is not Source.NONE)
    assert (step is not None) is keeper.known
    if keeper.known:
        assert keeper.now() == machine.true + machine.error


def test_a_pi_boots_in_1970_and_is_set_by_ntp() -> None:
    """Unknown, and no time it gives is after the truth; then known, in one step."""
    pi = Machine(error=BOOT_1970)
    keeper = pi.keeper(kept=kept(TRUE - 10 * DAY))
    for _ in range(100):
        assert keeper.look() is None
        assert not keeper.known
        assert TRUE - 10 * DAY <= keeper.now() <= pi.true
        pi.up += 1.0
    pi.error = 0  # the step comes a moment before the kernel says that it is synchronised
    assert keeper.look() is None
    assert not keeper.known
    pi.up += 1.0
    pi.synchronised = True
    before = keeper.now()
    assert keeper.look() == Step(before, pi.true, first=True, source=Source.KERNEL)
    assert (keeper.known, keeper.sound, keeper.first) == (True, True, TRUE)
    assert keeper.stepped == 0, "the first time is no step"


def test_a_pi_with_a_clock_restored_from_a_file_is_not_believed_until_it_is_synchronised() -> None:
    """It shows the time of its last shutdown, which is later than what was last on record."""
    pi = Machine(error=-5 * HOUR)
    keeper = pi.keeper(kept=kept(TRUE - 6 * HOUR))
    assert keeper.look() is None
    pi.error, pi.synchronised = 0, True
    assert keeper.look() is not None
    assert keeper.now() == pi.true


def test_corrections_and_a_leap_second_are_followed_without_a_step() -> None:
    pi = Machine(synchronised=True)
    keeper = pi.keeper()
    keeper.look()
    for error in (3, -40, 400, -1000, -1000, 999):
        pi.up += 1.0
        pi.error = error
        assert keeper.look() is None
        assert keeper.now() == pi.true + error
    assert keeper.stepped == 0
    assert keeper.first == TRUE, "what is stamped twice gets the same time"


@pytest.mark.parametrize("by", [2 * HOUR, -DAY, 2 * SECOND, -2 * SECOND])
def test_a_step_of_a_synchronised_clock_is_taken_and_told(by: int) -> None:
    pi = Machine(synchronised=True)
    keeper = pi.keeper()
    keeper.look()
    pi.up += 1.0
    pi.error = by
    step = keeper.look()
    assert step == Step(pi.true, pi.true + by, first=False, source=Source.KERNEL)
    assert (step.by, keeper.stepped) == (by, by)
    assert keeper.now() == pi.true + by
    assert keeper.look() is None, "once"


@pytest.mark.parametrize("error", [BOOT_1970, YEARS_56, -DAY, 2 * HOUR])
def test_a_known_time_goes_on_when_the_clock_becomes_unbelievable(error: int) -> None:
    """A board, and nobody vouches for the step: time goes on as it was known."""
    pi = Machine(synchronised=True)
    keeper = pi.keeper()
    keeper.look()
    pi.synchronised = False
    pi.error = error
    for _ in range(5):
        pi.up += 1.0
        assert keeper.look() is None
        assert (keeper.known, keeper.sound) == (True, False)
        assert keeper.now() == pi.true
    pi.error = 5
    assert keeper.look() is None
    assert keeper.sound
    assert keeper.now() == pi.true + 5


def test_without_ntp_for_days_the_time_stays_known_over_restarts_of_the_daemon() -> None:
    """The kernel calls its clock unsynchronised after nine hours; nobody has set it since."""
    pi = Machine(synchronised=True)
    keeper = pi.keeper()
    keeper.look()
    saved = keeper.to_keep()
    pi.up += 72 * 3600
    pi.synchronised = False
    again = pi.keeper(kept=saved)
    assert again.known, "at once"
    assert again.look() is None
    assert (again.source, again.sound, again.now()) == (Source.BOOT, True, pi.true)


def test_a_clock_set_while_the_daemon_was_down_is_a_step_at_its_start() -> None:
    pi = Machine(synchronised=True)
    keeper = pi.keeper()
    keeper.look()
    saved = keeper.to_keep()
    pi.error = -DAY
    again = pi.keeper(kept=saved)
    step = again.look()
    assert step is not None
    assert (step.first, step.by) == (False, -DAY)


def test_another_boot_knows_nothing_but_the_last_time() -> None:
    pi = Machine(synchronised=True)
    keeper = pi.keeper()
    keeper.look()
    saved = keeper.to_keep()
    off = Machine(boot="boot-2", up=3.0, error=BOOT_1970)
    again = off.keeper(kept=saved)
    assert not again.known
    assert again.look() is None
    assert again.floor == pi.true
    assert again.now() == pi.true + 3000, "the earliest it can be"
    assert again.to_keep() is None, "nothing better than what is on record"


def test_a_set_back_clock_does_not_lock_the_next_boot_out() -> None:
    """The wrong future that was believed once is not the floor any more after the step back."""
    server = Machine(hardware=Hardware.HOST, error=DAY)
    keeper = server.keeper()
    keeper.look()
    server.error = 0
    assert keeper.look() is not None
    saved = keeper.to_keep()
    rebooted = Machine(hardware=Hardware.HOST, boot="boot-2", up=60.0)
    assert rebooted.keeper(kept=saved).look() is not None


@pytest.mark.parametrize("kept", [None, 7, {}, {"boot": "boot-1"}, {"boot": 1, "last": "x"}, []])
def test_what_cannot_be_read_of_an_earlier_run_is_as_if_there_had_been_none(kept: Any) -> None:
    keeper = Machine().keeper(kept=kept)
    assert (keeper.known, keeper.floor) == (False, None)
    assert keeper.now() == EARLIEST + 20_000


def test_a_change_of_the_zone_or_of_daylight_saving_is_no_change_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Milliseconds UTC know no zone: the machine's own clocks, under three of them."""
    signs = machine()
    keeper = Timekeeper(signs, trust=True)
    keeper.look()
    for zone in ("Europe/Berlin", "Pacific/Auckland", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert keeper.look() is None
        assert abs(keeper.now() - time.time_ns() // 1_000_000) <= 50
    monkeypatch.undo()
    time.tzset()
