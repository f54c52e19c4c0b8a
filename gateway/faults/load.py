"""What a feeder should carry, phase by phase, beside what its meter says it does.

A lamp that answers counts with its plate and dim level while it is on, supplied or not; one that
does not answer counts as most of those that do, for a dead cable silences its lamps. An arc that
has voltage and is out has to cool before it strikes again, after a dip that perhaps nobody saw: it
counts with what it draws, and if it never strikes, that is its own alarm. Plates are only plates:
the ratio between meter and plates is learnt for each phase while all is well, so that five lamps
less on a line of eighty can be told from eighty lamps that draw a little less than they say.

Lamps take time. After the feeder or a tenth of its lamps was switched, the sum is not judged for
five minutes, which gives controllers time to rejoin, and the warm-up of the slowest technology on
it (domain §1, behaviour).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

from gateway.faults.feeders import energised
from gateway.faults.lamps import RESTRIKE, WARM_UP, facts, nominal_power, number, supply
from gateway.faults.rule import Group, Seen
from gateway.faults.voltages import GONE, shares
from gateway.model import Millis

REJOIN = 300.0
"""Seconds in which controllers rejoin after their feeder was switched on (domain §1)."""

LEARN_WITHIN = 0.15
"""A meter that is further from the usual ratio than this teaches nothing (E)."""

SLOWEST = 5_000
"""Readings over which a known ratio follows its lamps' drift (E)."""

CHANGED = 0.1
"""Share of the expected load by which it must change to count as switched."""

SUPPLIED = 0.8
"""Share of the nominal voltage from which a load is judged (domain §4)."""

BREAK = (3, 0.6, 0.05)
"""A broken cable: lamps silent at the tail (domain §1), the share of their load that is lacking,
and the least it must be of the feeder's to be told from its scatter (E)."""

KNOWN_DEAD = frozenset({"lamp_failure", "power_low"})
"""Alarms of a lamp that already say why it draws less."""


class Load:
    """One feeder: ``expected`` and ``measured`` W by phase (``"L1"``), or of ``"all"``.

    ``measured`` is empty unless the pillar has just measured it on a sound voltage. ``plates`` is
    the sum of all rated powers, ``plates_by_day`` without lamps that have a photocell of their own;
    ``doubt`` is what lamps that do not answer may draw beyond what is expected of them, ``tail``
    the lamps at the far end that stay silent, from the last position on, with ``tail_power`` W.
    ``total`` is what all measured phases together should usually carry, and what they do.
    """

    kept_as: ClassVar[str] = "feeder_load/1"
    __slots__ = (
        "_count",
        "_ratio",
        "_since",
        "_warm_up",
        "_was",
        "doubt",
        "expected",
        "measured",
        "plates",
        "plates_by_day",
        "silent",
        "tail",
        "tail_power",
        "total",
    )  # fmt: skip

    def __init__(self, group: Group) -> None:
        lamps = [one for one in group.everyone() if one.device.kind == "lamp"]
        rated = [facts(one).rated_power or 0.0 for one in lamps]
        self.plates = sum(rated)
        own = (facts(one).rated_power or 0.0 for one in lamps if facts(one).control == "photocell")
        self.plates_by_day = self.plates - sum(own)
        slowest = max((WARM_UP[facts(one).technology] for one in lamps), default=0.0)
        self._warm_up: Millis = round((REJOIN + slowest) * 1000)
        self._ratio: dict[str, float] = {}
        self._count: dict[str, int] = {}
        self.begin()

    def begin(self) -> None:
        """Nobody knows what was switched meanwhile."""
        self._since: Millis | None = None
        self._was = 0.0
        self.expected: dict[str, float] = {}
        self.measured: dict[str, float] = {}
        self.tail: tuple[int, ...] = ()
        self.tail_power = 0.0
        self.silent = 0
        self.doubt = 0.0
        self.total = 0.0, 0.0

    def see(self, group: Group) -> None:
        """Compare at each reading of the pillar; while it is silent, follow its lamps."""
        pillar = group.head
        self.measured = {}
        if pillar is None or group.latest is not pillar:
            return
        lamps = [one for one in group.everyone() if one.device.kind == "lamp"]
        powers = self._powers(lamps, {alarm.device for alarm in group.lost(KNOWN_DEAD)})
        total = sum(powers.values())
        if self._since is None or abs(total - self._was) > CHANGED * max(total, self._was):
            self._since, self._was = group.t, total
        phases = _measured(pillar)
        if not phases:
            return
        self.expected = _summed(lamps, powers, phases)
        self._tail(lamps, powers)
        self.measured = phases
        if self.settled(group.t):
            self._learn()
        self.total = sum(map(self.usual, phases)), sum(phases.values())

    def settled(self, t: Millis) -> bool:
        """Whether nothing was switched for long enough to judge the sum."""
        return self._since is not None and t - self._since >= self._warm_up

    def _powers(self, lamps: Sequence[Seen], dead: AbstractSet[str]) -> dict[str, float]:
        """What each lamp should draw now; one that does not answer goes with most of the others.

        Where none answers nothing is known. ``dead`` are those of which an alarm says so.
        """
        found: dict[str, float] = {}
        away: list[Seen] = []
        lit = 0
        for one in lamps:
            states = one.good.get("switch_command"), one.good.get("switch_state")
            if one.silent is not None or (states[0] is None and states[1] is None):
                away.append(one)
                continue
            lit += True in states
            found[one.device.id] = _should(one, on=True in states, dead=one.device.id in dead)
        answering, self.doubt = len(found), 0.0
        if not answering:
            return {}
        for one in away:
            plate = _plate(one)
            found[one.device.id] = plate if 2 * lit > answering else 0.0
            self.doubt += plate - found[one.device.id]
        return found

    def _tail(self, lamps: Iterable[Seen], powers: Mapping[str, float]) -> None:
        """The unbroken run of lamps at the far end that are silent, or answer without supply."""
        placed = [(one, place) for one in lamps if (place := facts(one).position) is not None]
        tail: list[int] = []
        self.tail_power = 0.0
        for one, place in sorted(placed, key=lambda pair: -pair[1]):
            if not _gone(one):
                break
            tail.append(place)
            self.tail_power += powers.get(one.device.id, 0.0)
        self.tail = tuple(reversed(tail))
        self.silent = sum(one.silent is not None for one, _ in placed)

    def _learn(self) -> None:
        for phase, measured in self.measured.items():
            plates = self.expected.get(phase, 0.0)
            if plates <= 0 or self.silent:
                continue
            usual = self._ratio.get(phase, 1.0)
            ratio = measured / plates
            if abs(ratio - usual) <= LEARN_WITHIN:
                count = self._count[phase] = min(self._count.get(phase, 0) + 1, SLOWEST)
                self._ratio[phase] = usual + (ratio - usual) / count

    def broken(self, lamps: int, lacking: float, least_share: float) -> bool:
        """Whether at least ``lamps`` at the tail are silent and the feeder lacks what they draw.

        ``lacking`` is the share of that, ``least_share`` what it must be of the whole to be told.
        """
        usual, measured = self.total
        if len(self.tail) < lamps or self.tail_power < least_share * usual:
            return False
        return usual - measured >= lacking * self.tail_power

    def usual(self, phase: str) -> float:
        """W the phase should carry now, by its lamps' plates and its own ratio to them."""
        return self.expected.get(phase, 0.0) * self._ratio.get(phase, 1.0)

    def dump(self) -> dict[str, Any] | None:
        """The ratios, and how well they are known."""
        if not self._ratio:
            return None
        return {phase: [round(r, 4), self._count[phase]] for phase, r in self._ratio.items()}

    def load(self, value: Any, /) -> None:  # noqa: ANN401 - what JSON holds
        """Take up ``dump``'s; raises as ``gateway.faults.rule.Learnt`` says."""
        found = {str(p): (float(r), int(c)) for p, (r, c) in value.items()}
        if len(found) > 4 or not all(0.5 < r < 2 and c > 0 for r, c in found.values()):
            raise ValueError("not the ratios of a feeder")
        self._ratio = {phase: ratio for phase, (ratio, _) in found.items()}
        self._count = {phase: count for phase, (_, count) in found.items()}


def _gone(lamp: Seen) -> bool:
    """Whether a lamp is silent, or answers (a bus may feed its controller) and has no supply."""
    share = supply(lamp) if "voltage" in lamp.good else None
    return lamp.silent is not None or (share is not None and share < GONE)


def _plate(lamp: Seen) -> float:
    """W a lamp would draw that is on, at the dim level it last had."""
    dim = number(lamp, "dim_level")
    return (facts(lamp).rated_power or 0.0) * (1.0 if dim is None else dim / 100)


def _should(lamp: Seen, *, on: bool, dead: bool) -> float:
    """W a lamp should draw that is on or off, less what is known to be dead of it, or is an arc."""
    drawn = number(lamp, "power")
    if not on:
        return drawn or 0.0  # standby, or a day burner, which is another alarm
    if _gone(lamp):
        return _plate(lamp)
    power = nominal_power(lamp) or 0.0
    arc = RESTRIKE[facts(lamp).technology] > 0 and drawn is not None
    return min(drawn or 0.0, power) if arc or dead else power


def sound(pillar: Seen) -> bool:
    """Whether every voltage it tells of now is one to judge a load by."""
    return all(share >= SUPPLIED for share in shares(pillar, pillar.good).values())


def _by_phase(pillar: Seen) -> dict[str, float]:
    """W by phase, as the pillar has just measured them."""
    fresh = pillar.fresh
    return {
        f"L{n}": float(watts)
        for n in (1, 2, 3)
        if isinstance(watts := fresh.get(f"power_l{n}"), int | float) and watts is not True
    }


def _of_all(pillar: Seen) -> float | None:
    """W of all phases, if the pillar has just measured them as one."""
    watts = pillar.fresh.get("power")
    return float(watts) if isinstance(watts, int | float) and watts is not True else None


def _measured(pillar: Seen) -> dict[str, float]:
    """W by phase, or of all where the meter does not tell them apart; empty if not to be judged."""
    if not energised(pillar) or not sound(pillar):
        return {}
    phases, total = _by_phase(pillar), _of_all(pillar)
    return {"all": total} if not phases and total is not None else phases


def _summed(
    lamps: Sequence[Seen], powers: Mapping[str, float], phases: Mapping[str, float]
) -> dict[str, float]:
    """Expected W by the phases that are measured; nothing where too little is known of its lamps.

    A few lamps that never answered count with their plates.
    """
    found = dict.fromkeys(phases, 0.0)
    known = [one for one in lamps if one.device.id in powers]
    every = sum(1 for _ in lamps)
    if every - len(known) > CHANGED * every:
        return {}
    for one in lamps:
        phase = "all" if "all" in phases else facts(one).phase
        if facts(one).rated_power is None or phase not in found:
            return {}
        found[phase] += powers.get(one.device.id, facts(one).rated_power or 0.0)
    return found


def load_of(pillar: Seen) -> float | None:
    """The load in W that a pillar has just measured, of all its phases; None if it has not."""
    total, phases = _of_all(pillar), _by_phase(pillar)
    if total is not None or not phases:
        return total
    return sum(phases.values())
