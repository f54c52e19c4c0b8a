"""How a lamp can break: one entry a fault, with what it does to the physics and where it shows.

An ``Effect`` says what becomes different; a lamp with several faults has the effects combined. The
figures are chosen so that the promised alarm follows under the defaults of domain §1 and no other:
a lamp that draws too much stays below overcurrent, a partly failed one above lamp failure. Where
physics brings two codes together, ``may`` says so. Welded contacts are a ``day_burner`` by day and
from dawn on; a ``relay_stuck`` is told by night or in a tunnel, of a lamp somebody orders off. At
slow polling a cycling lamp may look dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulators.devices.contract import Fault

if TYPE_CHECKING:
    from simulators.devices.lamp import Lamp

DAYLIGHT = 6.0
"""Degrees of sun from which a burning lamp is a day burner (domain §1)."""
DARKNESS = -6.0
"""Degrees of sun up to which contacts found welded are no day burner's (``relay_stuck``)."""
LEAST = 8.0
"""W that must be expected of a lamp before it can be called dead (domain §1)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault changes. Factors multiply, the rest adds; the last line grows over time.

    ``dead``: no light; ``welded``: the relay stays closed; ``cycling``: goes out and comes back;
    ``tested``: a crew has switched it on; ``told_off``: the centre has ordered it off;
    ``isolated``: cut from the mains; ``sight``: the share of daylight the photocell sees,
    ``trigger``: what its switch makes of that; ``register``: what the energy register counts of
    what is used; ``flag``: what the controller notices by itself.
    """

    dead: bool = False
    welded: bool = False
    cycling: bool = False
    tested: bool = False
    told_off: bool = False
    isolated: bool = False
    door: bool = False
    spikes: bool = False
    gaps: bool = False
    flag: str = ""
    power: float = 1.0
    factor: float = 1.0
    volts: float = 1.0
    sight: float = 1.0
    trigger: float = 1.0
    register: float = 1.0
    heat: float = 0.0
    leakage: float = 0.0
    tilt: float = 0.0


NONE = Effect()
_STATES = ("dead", "welded", "cycling", "tested", "told_off", "isolated", "door", "spikes", "gaps")
_FACTORS = ("power", "factor", "volts", "sight", "trigger", "register")


def combined(effects: Iterable[Effect]) -> Effect:
    """Several faults at once; what grows is left to the lamp."""
    total = NONE
    for one in effects:
        what: dict[str, Any] = {
            name: getattr(total, name) or getattr(one, name) for name in (*_STATES, "flag")
        }
        what |= {name: getattr(total, name) * getattr(one, name) for name in _FACTORS}
        total = replace(total, **what)
    return total


@dataclass(frozen=True, slots=True)
class Breakage:
    """A fault, what it does, where it can be seen, and from when on where it has to grow first."""

    fault: Fault
    effect: Effect
    where: Callable[[Lamp], bool]
    grown: Callable[[Lamp], bool] = lambda _: True


def supplied(lamp: Lamp) -> bool:
    """Its controller has mains."""
    return lamp.supplied


def answers(lamp: Lamp) -> bool:
    """Whatever the lamp does, as long as its controller answers."""
    return lamp.powered


def answers_without_mains(lamp: Lamp) -> bool:
    """Torn off the mains it still tells: its controller lives on the bus's own power."""
    return lamp.powered and lamp.facts.supply == "permanent"


def should_burn(lamp: Lamp) -> bool:
    """Switched on, supplied, and meant to draw enough to be judged."""
    return lamp.closed and lamp.supplied and lamp.expected >= LEAST


def should_be_warm(lamp: Lamp) -> bool:
    """The same, for as long as a start takes: until then nobody can call it dead (domain §1)."""
    return should_burn(lamp) and lamp.ought_to_be_warm


def burns_by_day(lamp: Lamp) -> bool:
    """Supplied by broad day, and nobody wants it to burn."""
    idle = lamp.supplied and not lamp.commanded and not lamp.facts.tunnel
    return idle and lamp.sun > DAYLIGHT


def burns_warm(lamp: Lamp) -> bool:
    """Past its warm-up, and meant to draw enough to be judged."""
    return should_burn(lamp) and lamp.warm


def burns(lamp: Lamp) -> bool:
    """Draws more than a lamp that is off (domain §1)."""
    return lamp.power > max(0.15 * lamp.rated, lamp.facts.standby_power + 3.0)


def tried_by_day(lamp: Lamp) -> bool:
    """Off by broad day, or on because a crew tries it."""
    off = not lamp.commanded or lamp.effect.tested
    return lamp.supplied and off and lamp.sun > DAYLIGHT


def told_off_in_the_dark(lamp: Lamp) -> bool:
    """Supplied, where no day burner is judged: by night, or in a tunnel."""
    return lamp.supplied and (lamp.sun <= DARKNESS or lamp.facts.tunnel)


def has_photocell(lamp: Lamp) -> bool:
    """Its own photocell decides."""
    return lamp.own_photocell and lamp.supplied


def fooled(lamp: Lamp) -> bool:
    """The photocell lights it while the sun is higher than dusk explains (domain §1)."""
    return has_photocell(lamp) and lamp.commanded and lamp.sun > 4.0


def _fault(name: str, code: str | None, **how: Any) -> Fault:  # noqa: ANN401
    return Fault(name, frozenset({"lamp"}), code, **how)


def _alarm(code: str, **how: Any) -> Fault:  # noqa: ANN401
    return _fault(code, code, **how)


_POWER = ("power_low", "power_high", "power_factor_low")
_NIGHTS = ("energy_drift",)
_GONE = (*_NIGHTS, "feeder_underload")
"""On a short feeder one lamp is a fifth of its phase."""
_DEAD = (*_POWER, "lamp_cycling", "overcurrent")
_DARK = ("lamp_failure", *_POWER, "lamp_cycling")

BREAKAGES: Mapping[str, Breakage] = {
    one.fault.name: one
    for one in (
        # What the light source and its gear do.
        Breakage(
            _alarm("lamp_failure", must_not=_DEAD, may=_GONE), Effect(dead=True), should_be_warm
        ),
        Breakage(
            _fault("lamp_failure_flagged", "lamp_failure", must_not=_DEAD, may=_GONE),
            Effect(dead=True, flag="lamp"),
            should_be_warm,
        ),
        Breakage(
            _alarm("lamp_cycling", may=("lamp_failure", *_POWER, *_GONE)),
            Effect(cycling=True),
            should_be_warm,
        ),
        Breakage(
            _alarm("power_high", must_not=("overcurrent",), may=_NIGHTS),
            Effect(power=1.3),
            burns_warm,
        ),
        Breakage(
            _alarm("power_low", must_not=("lamp_failure",), may=_NIGHTS),
            Effect(power=0.6),
            burns_warm,
        ),
        Breakage(
            _alarm("power_factor_low", must_not=("overcurrent", "lamp_failure")),
            Effect(factor=0.77),
            burns_warm,
        ),
        Breakage(
            _alarm("overcurrent", may=("power_high", "driver_overtemperature", "energy_drift")),
            Effect(power=2.0),
            burns_warm,
        ),
        Breakage(
            _alarm("driver_overtemperature", must_not=("lamp_failure",)),
            Effect(heat=60.0),
            should_burn,
            lambda lamp: lamp.gear > 85.0,
        ),
        Breakage(_alarm("energy_drift", must_not=_DARK), Effect(register=1.3), should_burn),
        # Its supply.
        Breakage(
            _alarm("voltage_high", must_not=("voltage_low", "overcurrent")),
            Effect(volts=1.13),
            supplied,
        ),
        Breakage(
            _alarm("voltage_low", must_not=("voltage_high", *_DARK)), Effect(volts=0.86), supplied
        ),
        # Its switching.
        Breakage(
            _alarm("day_burner", may=("relay_stuck",)), Effect(welded=True), burns_by_day, burns
        ),
        Breakage(
            _alarm("relay_stuck", may=("day_burner",)),
            Effect(welded=True, told_off=True, flag="relay"),
            told_off_in_the_dark,
            burns,
        ),
        Breakage(
            _alarm("photocell_fault", must_not=("day_burner", "relay_stuck")),
            Effect(trigger=1 / 400),
            has_photocell,
            fooled,
        ),
        # Its pole.
        Breakage(_alarm("leakage"), Effect(leakage=25.0), supplied, lambda lamp: lamp.leaks > 10.0),
        Breakage(
            _alarm("pole_tilt", must_not=("pole_down",)),
            Effect(tilt=9.0),
            answers,
            lambda lamp: lamp.leans > 5.0,
        ),
        Breakage(
            _alarm(
                "pole_down",
                must_not=("pole_tilt", *_DARK),
                may=("comm_loss", "voltage_low", *_GONE),
            ),
            Effect(tilt=75.0, isolated=True),
            answers_without_mains,
            lambda lamp: lamp.leans > 15.0,
        ),
        Breakage(_alarm("door_open"), Effect(door=True), answers),
        # Nuisances: nothing may alarm. A relamping is marked by a maintenance window.
        Breakage(_fault("relamping", None, may=_GONE), Effect(door=True, isolated=True), answers),
        Breakage(_fault("test_switching", None), Effect(tested=True), tried_by_day, burns),
        Breakage(
            _fault("photocell_covered", None),
            Effect(sight=1 / 100_000),
            lambda lamp: has_photocell(lamp) and lamp.sun > DAYLIGHT,
        ),
        Breakage(
            _fault("lamp_exchanged", None, may=("power_low", "energy_drift")),
            Effect(power=0.7),
            burns_warm,
        ),
        Breakage(_fault("meter_spikes", None), Effect(spikes=True), should_burn),
        Breakage(_fault("partial_gaps", None), Effect(gaps=True), supplied),
    )
}
FAULTS = tuple(one.fault for one in BREAKAGES.values())
