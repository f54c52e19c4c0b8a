"""How a feeder can break: one entry a fault, with what it does and where it shows.

What happens before the lamps happens in the mains (``simulators.world.mains``), so that the lamps
live through it by themselves; the rest is the pillar's own. The figures keep to one side of the
thresholds of domain §1. One cause, one alarm: ``must_not`` names what a parent has to take in
(domain §4), ``may`` what stands beside it because nothing says it is the same cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from simulators.devices.contract import Fault

if TYPE_CHECKING:
    from simulators.devices.feeder import Feeder

DAYLIGHT = 6.0
"""Degrees of sun from which darkness is not night's."""
_JUDGED = 100.0
"""W that must be expected of a feeder before its load says anything."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault changes.

    ``shares`` of the voltage: of the struck phase, the next and the one after. ``contact``: where
    the contactor sticks; ``order``: what a crew tells it. ``tap`` is a share of the lamps' rated
    power drawn by a stranger; ``leakage`` mA that grow; ``trend`` what leaks already, so many times
    more, growing; ``sky`` the daylight that is left; ``dip``: a quick sag to half.
    """

    shares: tuple[float, float, float] = (1.0, 1.0, 1.0)
    failed: bool = False
    contact: Literal["free", "open", "welded"] = "free"
    order: bool | None = None
    cut: bool = False
    blown: bool = False
    dip: bool = False
    door: bool = False
    tap: float = 0.0
    leakage: float = 0.0
    trend: float = 0.0
    sky: float = 1.0


@dataclass(frozen=True, slots=True)
class Breakage:
    """A fault, what it does, where it can be seen, and from when on where it has to grow first."""

    fault: Fault
    effect: Effect
    where: Callable[[Feeder], bool]
    grown: Callable[[Feeder], bool] = lambda _: True


def always(_feeder: Feeder) -> bool:
    """Whatever the feeder does."""
    return True


def energised(feeder: Feeder) -> bool:
    """The feeder is meant to be live."""
    return feeder.circuit.ordered


def should_carry(feeder: Feeder) -> bool:
    """The lamps are meant to burn, and draw enough to be judged by."""
    return feeder.circuit.ordered and feeder.expected >= _JUDGED


def should_flow(feeder: Feeder) -> bool:
    """The lamps are meant to burn, as far as anybody can know of those that are silent."""
    return should_carry(feeder) and feeder.cells_are_dark


def should_rest(feeder: Feeder) -> bool:
    """The contactor is told to be open, and the lamps would burn if it were not."""
    return not feeder.circuit.ordered and feeder.expected >= _JUDGED


def settled(feeder: Feeder) -> bool:
    """Its load can be judged: after 5 min to rejoin and the warm-up (domain §1, behaviour)."""
    return should_carry(feeder) and feeder.settled


def fused(feeder: Feeder) -> bool:
    """The struck phase's lamps are meant to burn, and blown fuses would leave under 80 %."""
    return settled(feeder) and 0.2 < feeder.behind_fuses <= 1.0


def has_tail(feeder: Feeder) -> bool:
    """The lamps are meant to burn, and at least three of them stand behind the cut."""
    return settled(feeder) and feeder.tail >= 3


def by_day(feeder: Feeder) -> bool:
    """Photocells see daylight."""
    return feeder.sun > DAYLIGHT and any(lamp.own_photocell for lamp in feeder.lamps)


def tried_by_day(feeder: Feeder) -> bool:
    """A switched feeder is off, or on because a crew tries it."""
    off = not feeder.circuit.ordered or "test_switching" in feeder.faults
    return off and feeder.sun > DAYLIGHT


def loaded(feeder: Feeder) -> bool:
    """The lamps draw power."""
    return feeder.power > 0.1 * max(feeder.expected, _JUDGED)


def closed(feeder: Feeder) -> bool:
    """Voltage stands on the cable."""
    return feeder.circuit.live


def leaks(least: float) -> Callable[[Feeder], bool]:
    """More leaks than that many mA."""
    return lambda feeder: feeder.leakage > least


def worn(feeder: Feeder) -> bool:
    """On dry days it leaks twice what it did, and more than 30 mA, past the meter's error."""
    now, before = feeder.worn
    return now > 1.03 * max(30.0, 2 * before)


def _fault(name: str, code: str | None, **how: Any) -> Fault:  # noqa: ANN401
    return Fault(name, frozenset({"feeder"}), code, about="feeder", **how)


def _alarm(code: str, **how: Any) -> Fault:  # noqa: ANN401
    return _fault(code, code, **how)


_LAMPS = ("lamp_failure", "power_low", "power_high", "power_factor_low", "lamp_cycling")
_DARK = (*_LAMPS, "voltage_low", "comm_loss")
_LOAD = ("contactor_open", "feeder_underload", "cable_break")
_SWAYED = ("voltage_high", "voltage_low")


def _leakage(name: str, least: float, most: float) -> Breakage:
    fault = _fault(name, "leakage", may=("leakage_trend",))
    return Breakage(fault, Effect(leakage=most), closed, leaks(least))


BREAKAGES: Mapping[str, Breakage] = {
    one.fault.name: one
    for one in (
        # The mains.
        Breakage(
            _alarm("feeder_outage", must_not=(*_DARK, *_LOAD, "phase_loss", "neutral_loss")),
            Effect(failed=True),
            energised,
        ),
        Breakage(
            _alarm("phase_loss", must_not=(*_DARK, *_LOAD, "feeder_outage", "neutral_loss")),
            Effect(shares=(0.03, 1.0, 1.0)),
            energised,
        ),
        Breakage(
            _alarm(
                "neutral_loss",
                must_not=(*_LAMPS, "feeder_outage", "phase_loss", "feeder_underload"),
                may=_SWAYED,
            ),
            Effect(shares=(1.16, 0.85, 1.02)),
            energised,
        ),
        Breakage(
            _alarm("voltage_high", must_not=(*_LAMPS, "neutral_loss"), may=("voltage_high",)),
            Effect(shares=(1.13, 1.13, 1.13)),
            energised,
        ),
        Breakage(
            _alarm("voltage_low", must_not=(*_LAMPS, "feeder_outage"), may=("voltage_low",)),
            Effect(shares=(0.86, 0.86, 0.86)),
            energised,
        ),
        # The contactor.
        Breakage(
            _alarm("contactor_open", must_not=(*_DARK, "feeder_outage", *_LOAD[1:])),
            Effect(contact="open"),
            should_flow,
        ),
        Breakage(
            _alarm("contactor_welded", must_not=("day_burner", "relay_stuck", "feeder_overload")),
            Effect(contact="welded"),
            should_rest,
            loaded,
        ),
        # The cable and what hangs on it.
        Breakage(
            _alarm("feeder_underload", must_not=(*_DARK, "cable_break", "feeder_outage")),
            Effect(blown=True),
            fused,
        ),
        Breakage(
            _alarm("cable_break", must_not=(*_DARK, "feeder_underload", "feeder_outage")),
            Effect(cut=True),
            has_tail,
        ),
        Breakage(
            _alarm("feeder_overload", must_not=("overcurrent", "power_high")),
            Effect(tap=0.4),
            settled,
        ),
        _leakage("leakage", 100.0, 125.0),
        _leakage("leakage_major", 150.0, 200.0),
        _leakage("leakage_critical", 300.0, 400.0),
        Breakage(
            _alarm("leakage_trend", must_not=("leakage",)),
            Effect(trend=1.4),
            closed,
            worn,
        ),
        # The pillar.
        Breakage(_alarm("door_open"), Effect(door=True), always),
        # Nuisances: nothing may alarm. A maintenance is marked by a maintenance window.
        Breakage(_fault("maintenance", None), Effect(door=True), always),
        Breakage(_fault("test_switching", None), Effect(order=True), tried_by_day, loaded),
        Breakage(_fault("voltage_dip", None, must_not=_DARK), Effect(dip=True), energised),
        Breakage(_fault("dark_day", None, must_not=("day_burner",)), Effect(sky=0.0003), by_day),
    )
}
FAULTS = tuple(one.fault for one in BREAKAGES.values())


def present(names: Iterable[str]) -> list[Effect]:
    """What the named faults do."""
    return [BREAKAGES[name].effect for name in names]
