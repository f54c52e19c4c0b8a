"""A bin burns.

Source: domain §3: at least 75 °C; or at least 45 °C and rising by more than 5 °C/min for 2 min, for
slow pollers by 15 °C between readings at most 15 min apart; or at least 60 °C and 20 °C above the
median of its peers. Every way needs two readings, because one common sensor reports exactly 85 °C
after a power dip. A bin in the sun reaches 60 °C with its peers and is left alone; normal is
below 45 °C, and only five minutes of it end a fire (E): what smoulders flares up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from gateway.faults.bins import Warmth
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

LEAST_PEERS = 3
"""A median of fewer says nothing about the weather (E)."""


@dataclass(frozen=True, slots=True)
class BinFire(Settings):
    """Temperatures in °C, ``rate`` in °C/min held for ``on_delay``, ``jump`` in °C.

    A poller is slow when its readings are ``slow`` seconds or more apart; readings more than
    ``apart`` seconds apart are not compared.
    """

    on_delay: Duration = 120.0
    off_delay: Duration = 300.0
    hot: float = 75.0
    warm: float = 45.0
    rate: float = 5.0
    jump: float = 15.0
    slow: Duration = 60.0
    apart: Duration = 900.0
    peers_from: float = 60.0
    above_peers: float = 20.0

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.warm > self.hot:
            raise ValueError("warm is more than hot; below warm a bin is seen to be normal")


def judge(seen: Seen, settings: BinFire, warmth: Warmth) -> Verdict:
    """By the temperature itself, by its rise, and by what the neighbours feel."""
    if "temperature" not in seen.fresh or not warmth.last:
        return UNDECIDED
    temperature = warmth.last[-1][1]
    if temperature < settings.warm:
        return NORMAL
    if temperature >= settings.hot or _jumped(settings, warmth) or _alone(seen, settings, warmth):
        return CERTAIN
    steep = warmth.rate(round(settings.apart * 1000)) > settings.rate
    return MET if steep else BETWEEN


def _jumped(settings: BinFire, warmth: Warmth) -> bool:
    slow, apart = round(settings.slow * 1000), round(settings.apart * 1000)
    return warmth.jumped(settings.jump, slow, apart)


def _alone(seen: Seen, settings: BinFire, warmth: Warmth) -> bool:
    temperature = warmth.last[-1][1]
    if temperature < settings.peers_from:
        return False
    peers = peers_median(seen)
    return peers is not None and temperature - peers >= settings.above_peers


def peers_median(seen: Seen) -> float | None:
    """The median temperature of the gateway's other bins; None if fewer than three are known."""
    peers = [
        one.good["temperature"]
        for one in seen.members("kind")
        if one is not seen and one.silent is None and "temperature" in one.good
    ]
    numbers = [value for value in peers if isinstance(value, int | float)]
    return median(numbers) if len(numbers) >= LEAST_PEERS else None


def tell(
    seen: Seen, settings: BinFire, warmth: Warmth, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """How hot, and what makes that a fire."""
    temperature = warmth.last[-1][1]
    values: dict[str, Value] = {"temperature": temperature}
    reasons = []
    if temperature >= settings.hot:
        reasons.append(f"at least {settings.hot:.0f} °C")
    if warmth.rate(round(settings.apart * 1000)) > settings.rate:
        rate = warmth.rate(round(settings.apart * 1000))
        values["rate"] = round(rate, 1)
        reasons.append(f"rising by {rate:.0f} °C/min")
    if _jumped(settings, warmth):
        reasons.append(f"{settings.jump:.0f} °C up between two readings")
    if _alone(seen, settings, warmth):
        values["peers"] = peers = round(peers_median(seen) or 0.0, 1)
        reasons.append(f"other bins at {peers:.0f} °C")
    return f"{temperature:.0f} °C, {', '.join(reasons)}, for {lasted(since, seen.t)}", values


RULE = Rule(
    code="bin_fire",
    kinds=frozenset({"bin"}),
    severity=Severity.CRITICAL,
    settings=BinFire,
    judge=judge,
    tell=tell,
    points=("temperature",),
    memory=Warmth,
)
