"""What several lamp rules ask: is it on and warmed up, is it supplied, what should it draw.

Source: domain §1, behaviour. A lamp is *on* when it is commanded or reports itself on.
"""

from __future__ import annotations

from gateway.assets import LampFacts
from gateway.faults.rule import Seen
from gateway.model import Millis

WARM_UP = {"led": 60.0, "hps": 480.0, "mh": 600.0, "other": 600.0}
"""Seconds from switch-on to full power, by technology (E)."""

RESTRIKE = {"led": 0.0, "hps": 300.0, "mh": 1200.0, "other": 1200.0}
"""Seconds a hot discharge lamp needs to strike again after its supply dipped."""

SHARED = (3, 0.3)
"""Lamps that go out together because the mains dipped: how many, and what share (domain §1)."""

SUPPLIED = 0.8
"""Share of the nominal voltage from which a lamp is expected to burn."""


def facts(seen: Seen) -> LampFacts:
    """The lamp's asset facts."""
    found: LampFacts = seen.device.facts
    return found


def number(seen: Seen, point: str) -> float | None:
    """A current good value that is a number, else None."""
    value = seen.good.get(point)
    kind = value.__class__  # asked thirty times a reading: isinstance with a union costs thrice
    return value if kind is float or kind is int else None  # type: ignore[return-value]


def measured(seen: Seen, point: str) -> float | None:
    """A good number of the latest reading itself, else None."""
    value = seen.fresh.get(point)
    kind = value.__class__
    return value if kind is float or kind is int else None  # type: ignore[return-value]


def reads(seen: Seen, point: str, low: float, high: float) -> bool:
    """Whether the latest reading has a number of that point from ``low`` to ``high``.

    For the ``quiet`` of a rule: it costs next to nothing.
    """
    value = seen.fresh.get(point)
    kind = value.__class__
    return (kind is float or kind is int) and low <= value <= high  # type: ignore[operator]


def burns_from(asset: LampFacts, share: float = 0.15, above_standby: float = 3.0) -> float:
    """The power in W above which a lamp burns: max(15 % of rated, standby + 3 W) (domain §1)."""
    floor = asset.standby_power + above_standby
    return floor if asset.rated_power is None else max(share * asset.rated_power, floor)


def burns(power: float, asset: LampFacts) -> bool:
    """Whether a lamp that draws ``power`` W burns."""
    return power > burns_from(asset)


def dark(power: float, asset: LampFacts) -> bool:
    """Whether it is dark beyond doubt: a fifth below the power from which it burns (E)."""
    return power < 0.8 * burns_from(asset)


def supply(seen: Seen) -> float | None:
    """The lamp's voltage as a share of nominal: its own, else its phase's at the pillar.

    None where neither is known now.
    """
    asset = facts(seen)
    voltage = number(seen, "voltage")
    if voltage is None and asset.feeder is not None and asset.phase is not None:
        point = f"voltage_{asset.phase.lower()}"
        for one in seen.members("feeder"):
            if one.device.kind == "feeder" and one.silent is None:
                voltage = number(one, point)
    return None if voltage is None else voltage / asset.nominal_voltage


def nominal_power(seen: Seen) -> float | None:
    """The power in W its plate promises of a warm lamp now: rated times dim level; None if unknown.

    Magnetic gear (discharge lamps) follows its voltage: times (V/Vn)^1.8.
    """
    asset = facts(seen)
    if asset.rated_power is None:
        return None
    dim = number(seen, "dim_level")
    power = asset.rated_power * (1.0 if dim is None else dim / 100)
    if asset.technology in {"hps", "mh"}:
        share = supply(seen)
        if share is not None:
            power *= share**1.8
    return power


def defiant(seen: Seen) -> bool:
    """Whether a lamp that is on was told to be off: nobody knows at which dim level it burns.

    That it does is another alarm's (``relay_stuck``, ``day_burner``).
    """
    return seen.good.get("switch_command") is False


def _out(lamp: Seen) -> bool:
    """Whether a lamp is on, and draws nothing to speak of."""
    power, good = number(lamp, "power"), lamp.good
    on = True in (good.get("switch_command"), good.get("switch_state"))
    return on and power is not None and dark(power, facts(lamp))


class Burning:
    """Whether a lamp is on, and since when without a break that was seen.

    ``on`` is None while it was never known. After a gap or a restart nobody knows how long the lamp
    has burnt, so ``since`` begins at the first reading. It begins again when the supply returns
    after a dip, and a discharge lamp then has to strike again (``dipped``). A dip between two polls
    is told by what it does: arcs that are out together with ``SHARED`` of their feeder's lamps.
    """

    __slots__ = ("_low", "_out", "dipped", "on", "since")

    def __init__(self, _seen: Seen) -> None:
        self.begin()

    def begin(self) -> None:
        """Know nothing: at the start, and after a restart."""
        self.on: bool | None = None
        self.since: Millis = 0
        self.dipped = False
        self._low = False
        self._out = False

    def see(self, seen: Seen) -> None:
        """Follow the switch and the voltage."""
        if seen.silent is not None:
            return
        good = seen.good
        command, state = good.get("switch_command"), good.get("switch_state")
        if command is True or state is True:
            if self.on is not True or seen.resumed:
                self.since, self.dipped = seen.t, False
            self.on = True
        elif command is False or state is False:
            self.on = False
        voltage = seen.fresh.get("voltage")
        if isinstance(voltage, int | float):
            low = voltage < SUPPLIED * facts(seen).nominal_voltage
            if low or self._low:
                self.since, self.dipped = seen.t, True
            self._low = low
        if self.on and RESTRIKE[facts(seen).technology]:
            self._follow_arc(seen)

    def _follow_arc(self, seen: Seen) -> None:
        """Begin again when it has gone out with so many others that only a dip explains it."""
        if not _out(seen):
            self._out = False
        elif not self._out:
            lamps = [one for one in seen.members("feeder") if one.device.kind == "lamp"]
            out = sum(map(_out, lamps))
            if out >= SHARED[0] and out >= SHARED[1] * len(lamps):
                self.since, self.dipped, self._out = seen.t, True, True

    def settled(self, seen: Seen, warm_up: float | None) -> bool:
        """Whether the lamp is on and past its warm-up; ``warm_up`` in s, None by technology."""
        if not self.on:
            return False
        technology = facts(seen).technology
        wait = WARM_UP[technology] if warm_up is None else warm_up
        if self.dipped and warm_up is None:
            wait = max(wait, RESTRIKE[technology])
        return seen.t - self.since >= wait * 1000
