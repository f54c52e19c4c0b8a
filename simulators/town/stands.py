"""Where bins stand: two to four side by side, of one or more streams, on one calendar each.

The first two stands are as every district has them, on Modbus and on serial sensors; from the third
on, stands take turns at markets, stations, parks and homes, and one has a laser and an ultrasonic
sensor of other makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType

from simulators.world.waste import Use

ROUNDS: Mapping[Use, str] = MappingProxyType({
    "market": "mon-sat 14:30",
    "station": "mon-sun 05:30",
    "park": "mon,wed,fri 07:00",
    "residential": "tue,fri 06:30",
})  # fmt: skip
"""When each kind of place is emptied, local time."""
_USES: tuple[Use, ...] = ("market", "station", "park", "residential")
_STREAMS: tuple[tuple[str, ...], ...] = (
    ("residual", "residual", "paper"),
    ("glass", "glass", "paper", "residual"),
    ("residual", "residual"),
    ("paper", "plastic", "glass", "residual"),
)
SERIAL = "bin-serial"
"""The profile of a sensor that is alone on its line."""
_FIRST = (
    (("glass", "glass"), ("bin-gps", "bin")),
    (("paper", "paper"), (SERIAL, SERIAL)),
)
_MAKES = (("bin", "bin-gps"), ("bin-laser", "bin-ultrasonic"))
_CAPACITY: Mapping[Use, float] = MappingProxyType({
    "market": 660.0, "station": 120.0, "park": 240.0, "residential": 1_100.0,
})  # fmt: skip
"""Litres."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One bin: the ``place``-th of stand ``number``, and what is known of it."""

    number: int
    place: int
    stand: str
    stream: str
    use: Use
    profile: str
    collection: str
    capacity: float


def stands_of(bins: int) -> Iterator[Standing]:
    """So many bins, stand by stand."""
    left = bins
    for number in count():
        for place, one in enumerate(_stand(number)):
            if not left:
                return
            left -= 1
            yield Standing(number, place, *one)


def _stand(number: int) -> Iterator[tuple[str, str, Use, str, str, float]]:
    """The bins of a stand."""
    use: Use = "park" if number < 2 else _USES[number % 4]
    streams = _FIRST[number][0] if number < 2 else _STREAMS[number % 4]
    makes = _FIRST[number][1] if number < 2 else _MAKES[number % 8 == 3]
    profiles = (makes[place % 2] for place in range(len(streams)))
    for stream, profile in zip(streams, profiles, strict=True):
        name = f"square-{number + 1}" if number < 2 else f"{use}-{number + 1}"
        yield name, stream, use, profile, ROUNDS[use], _CAPACITY[use]
