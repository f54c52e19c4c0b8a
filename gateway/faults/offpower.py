"""A lamp that burns and draws too much or too little: what the two rules about it share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.expected import SUPPLY, Expected
from gateway.faults.lamps import defiant, facts, number, supply
from gateway.faults.rule import BETWEEN, MET, NORMAL, UNDECIDED, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class OffPower(Settings):
    """How far off counts: ``share`` of what is tolerated, and ``back`` from where it is normal.

    ``least_expected`` in W, as in ``lamp_failure``: below it nobody can tell.
    """

    on_delay: Duration = 900.0
    warm_up: Duration | None = None
    share: float = 1.0
    back: float = 0.75
    least_expected: float = 8.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.back > self.share:
            raise ValueError("back is more than share; a power cannot be off and normal at once")


def judge_power(seen: Seen, settings: OffPower, known: Expected, *, above: bool) -> Verdict:
    """Judged while it burns as it was told to, is warm and well supplied."""
    power = number(seen, "power")
    if power is None or defiant(seen) or not known.burning.settled(seen, settings.warm_up):
        return UNDECIDED
    share = supply(seen)
    if share is not None and not SUPPLY[0] <= share <= SUPPLY[1]:
        return UNDECIDED
    expectation = known.power(seen)
    least = max(settings.least_expected, 3 * facts(seen).standby_power)
    if expectation is None or expectation.power < least:
        return UNDECIDED
    off = power - expectation.power if above else expectation.power - power
    if off > settings.share * expectation.tolerance:
        return MET
    return NORMAL if off < settings.back * expectation.tolerance else BETWEEN


def quiet_power(seen: Seen, settings: OffPower, known: Expected, *, above: bool) -> bool:
    """A lamp that is off, or not so far off its power."""
    if not known.burning.on:
        return True
    expectation, power = known.power(seen), number(seen, "power")
    if power is None or expectation is None:
        return True
    off = power - expectation.power if above else expectation.power - power
    return off <= settings.share * expectation.tolerance


def tell_power(seen: Seen, known: Expected, since: Millis) -> tuple[str, Mapping[str, Value]]:
    """What it draws, what it should by which measure, for how long."""
    power, expectation = number(seen, "power") or 0.0, known.power(seen)
    values: dict[str, Value] = {"power": round(power, 1)}
    if expectation is None:
        return f"draws {power:.1f} W for {lasted(since, seen.t)}", values
    values |= {
        "expected": round(expectation.power, 1),
        "tolerance": round(expectation.tolerance, 1),
    }
    by = "as it did before" if expectation.known else "by its plate"
    dim = number(seen, "dim_level")
    at = "" if dim is None else f" at {dim:.0f} % dim level"
    message = (
        f"draws {power:.1f} W{at} where {expectation.power:.0f} ± {expectation.tolerance:.0f} W "
        f"are expected {by}, for {lasted(since, seen.t)}"
    )
    return message, values
