"""A lamp that should burn does not.

Source: domain §1: commanded or reported on, voltage at least 80 % of nominal (if known), expected
power at least max(8 W, 3 x standby), power below 15 % of expected for 5 min after warm-up; or the
controller's own flag in 2 readings. A lamp that is off or without supply is not judged, so one that
fails over two nights is one alarm, and a dead feeder makes no lamp failures; one that warms up is
not judged by what it draws. Recovery is seen from 25 % of expected on (E).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.expected import Expected
from gateway.faults.lamps import facts, number, supply
from gateway.faults.rule import (
    BETWEEN,
    CERTAIN,
    MET,
    NORMAL,
    UNDECIDED,
    Rule,
    Seen,
    Settings,
    Verdict,
)
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

CODE = "lamp_failure"


@dataclass(frozen=True, slots=True)
class LampFailure(Settings):
    """Shares of the expected power below which a lamp is dead and above which it burns.

    ``warm_up`` in seconds; left out, it goes by technology (LED 60 s, HPS 8 min, MH 10 min).
    ``least_expected`` in W: below it, a dead and a deeply dimmed lamp look alike.
    """

    on_delay: Duration = 300.0
    warm_up: Duration | None = None
    dead: float = 0.15
    burning: float = 0.25
    least_expected: float = 8.0
    least_supply: float = 0.8

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.dead > self.burning:
            raise ValueError("dead is more than burning; a lamp cannot be both")


def judge(seen: Seen, settings: LampFailure, known: Expected) -> Verdict:
    """By the controller's flag first, then by what the lamp draws of what it should."""
    burning, share = known.burning, supply(seen)
    if burning.on is False or (share is not None and share < settings.least_supply):
        return UNDECIDED
    if seen.good.get("lamp_failure_flag") is True:  # the controller knows the warm-up of its lamp
        return CERTAIN if "lamp_failure_flag" in seen.fresh else UNDECIDED
    if burning.on is not None and not burning.settled(seen, settings.warm_up):
        return UNDECIDED
    return _by_power(seen, settings, known)


def _by_power(seen: Seen, settings: LampFailure, known: Expected) -> Verdict:
    power, on = number(seen, "power"), known.burning.on
    expectation = known.power(seen)
    if power is None or expectation is None:
        # Only the controller can tell, and it has just said that all is well.
        flagged = seen.fresh.get("lamp_failure_flag")
        return NORMAL if flagged is False and on else UNDECIDED
    expected = expectation.power
    if expected < max(settings.least_expected, 3 * facts(seen).standby_power):
        return UNDECIDED
    if power >= settings.burning * expected:
        return NORMAL
    if not on:
        return UNDECIDED
    return MET if power < settings.dead * expected else BETWEEN


def quiet(seen: Seen, settings: LampFailure, known: Expected) -> bool:
    """A lamp that draws what a burning one does, or is off, and of which nobody says it failed."""
    if seen.good.get("lamp_failure_flag") is True:
        return False
    if not known.burning.on:
        return True
    expectation, power = known.power(seen), number(seen, "power")
    return power is None or expectation is None or power >= settings.dead * expectation.power


def grade(seen: Seen, _settings: LampFailure, _known: Expected) -> Severity:
    """Major where a neighbour along the feeder is dark too: a dark stretch, not a dark spot."""
    position = facts(seen).position
    if position is not None:
        for one in seen.members("feeder"):
            if one.device.kind == "lamp" and one.alarmed(CODE):
                other = facts(one).position
                if other is not None and abs(other - position) == 1:
                    return Severity.MAJOR
    return Severity.MINOR


def tell(
    seen: Seen, _settings: LampFailure, known: Expected, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What it draws, what it should, for how long, and on which voltage."""
    values: dict[str, Value] = {}
    power, expectation = number(seen, "power"), known.power(seen)
    expected = None if expectation is None else expectation.power
    if power is not None:
        values["power"] = power
    if expected is not None:
        values["expected"] = round(expected, 1)
    voltage = number(seen, "voltage")
    supplied = "" if voltage is None else f" at {voltage:.0f} V"
    if voltage is not None:
        values["voltage"] = voltage
    length = lasted(since, seen.t)
    drawn = "" if power is None or expected is None else f"{power:.1f} of {expected:.0f} W"
    if seen.good.get("lamp_failure_flag") is True:
        values["lamp_failure_flag"] = True
        return f"the controller reports a lamp failure{drawn and f'; {drawn} drawn'}", values
    return f"on, but draws {drawn} expected{supplied} for {length}", values


RULE = Rule(
    code=CODE,
    kinds=frozenset({"lamp"}),
    severity=Severity.MINOR,
    settings=LampFailure,
    judge=judge,
    tell=tell,
    points=("power", "lamp_failure_flag"),
    memory=Expected,
    grade=grade,
    quiet=quiet,
    replaces=("power_low", "power_factor_low"),
)
