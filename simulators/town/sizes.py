"""How large a district is: by counts of each kind, or by one number for all of it."""

from __future__ import annotations

from dataclasses import dataclass

LEAST, MOST = 12, 2_000
"""How many devices a district of a total can have."""
PER_FEEDER = 80
_TUNNEL = 6
_CABINETS = 2
_BINS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Devices by kind; each feeder has a pillar, ``tunnel`` of the lamps hang on one of their own.

    The last ``snmp`` of the cabinets are NTCIP controllers on SNMP (the extra ``ntcip``).

    Raises:
        ValueError: a number is negative, or a feeder would have no lamp or more than 80.
    """

    lamps: int = 0
    feeders: int = 1
    tunnel: int = 0
    cabinets: int = 0
    snmp: int = 0
    bins: int = 0

    def __post_init__(self) -> None:
        if min(self.lamps, self.tunnel, self.cabinets, self.bins) < 0:
            raise ValueError("a district cannot have less than no device of a kind")
        if not 0 <= self.snmp <= self.cabinets:
            raise ValueError(f"of {self.cabinets} cabinets {self.snmp} cannot be on SNMP")
        if self.tunnel > min(self.lamps, PER_FEEDER):
            raise ValueError(f"a tunnel has at most {min(self.lamps, PER_FEEDER)} of the lamps")
        streets = self.lamps - self.tunnel
        if streets and not 0 < self.feeders <= streets <= PER_FEEDER * self.feeders:
            raise ValueError(f"{streets} lamps cannot hang on {self.feeders} feeders, 1 to 80 each")

    @property
    def streets(self) -> tuple[int, ...]:
        """The lamps of each feeder's street, the tunnel apart."""
        lamps = self.lamps - self.tunnel
        if not lamps:
            return ()
        each, more = divmod(lamps, self.feeders)
        return tuple(each + (number < more) for number in range(self.feeders))

    @property
    def devices(self) -> int:
        """All of them, pillars too."""
        pillars = len(self.streets) + bool(self.tunnel)
        return self.lamps + pillars + self.cabinets + self.bins


def sizes_of(devices: int) -> Sizes:
    """A district of so many devices: two cabinets, four bins, the rest lamps and their pillars.

    Raises:
        ValueError: fewer or more devices than a district can have.
    """
    if not LEAST <= devices <= MOST:
        raise ValueError(f"a district has {LEAST} to {MOST} devices, not {devices}")
    lights = devices - _CABINETS - _BINS
    feeders = 1
    while lights - 1 - feeders - _TUNNEL > PER_FEEDER * feeders:
        feeders += 1
    lamps = lights - 1 - feeders
    tunnel = min(_TUNNEL, lamps // 2)
    return Sizes(lamps=lamps, feeders=feeders, tunnel=tunnel, cabinets=_CABINETS, bins=_BINS)
