"""The sky over a place: sun, clouds, light and the temperature of the air.

All are functions of place, seed and time. Weather systems pass in two to three days, showers in
hours; a scenario may add a *spell* of its own, a storm or a heat wave, over what the seed brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, pi, radians, sin
from typing import Literal, TypeAlias

from gateway.model import Millis
from simulators.world.clock import DAY
from simulators.world.drift import drift

_HOUR = 3_600_000
_SYSTEM = 60 * _HOUR
"""ms a weather system takes to pass (E)."""
_SHOWER = 5 * _HOUR
_DIMMEST = -18.0
"""Degrees below which it gets no darker: the end of astronomical twilight."""

Weather: TypeAlias = Literal["storm", "overcast", "clear", "heat", "cold"]
SHIFTS: dict[Weather, float] = {"storm": -6.0, "overcast": -2.0, "heat": 9.0, "cold": -9.0}
"""°C a spell adds to the air."""
SKIES: dict[Weather, float] = {"storm": 1.0, "overcast": 1.0, "clear": 0.0, "heat": 0.0}
"""The clouds of a spell; a cold one leaves them as they are."""
GLOOM = 0.25
"""What of the light that clouds leave comes through those of a storm (E)."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Weather that a scenario orders from ``begin`` to ``end``; it comes and goes in an hour."""

    weather: Weather
    begin: Millis
    end: Millis

    def grip(self, t: Millis) -> float:
        """How much of it is there, from 0 to 1."""
        inside = min(t - self.begin, self.end - t)
        return max(0.0, min(1.0, inside / min(_HOUR, max(1, (self.end - self.begin) / 4))))


def cloud(seed: int, t: Millis, spells: Iterable[Spell] = ()) -> float:
    """The share of the sky that is covered, 0 to 1."""
    slow, quick = drift(f"{seed}/system", t / _SYSTEM), drift(f"{seed}/shower", t / _SHOWER)
    cover = max(0.0, min(1.0, 0.45 + 0.6 * slow + 0.3 * quick))
    for spell in spells:
        if spell.weather in SKIES:
            cover += (SKIES[spell.weather] - cover) * spell.grip(t)
    return cover


def through(cover: float) -> float:
    """What of the sun's light comes through such clouds (Kasten and Czeplak, Solar Energy 1980)."""
    return float(1 - 0.75 * cover**3.4)


def daylight(height: float) -> float:
    """Lux on level ground under a clear sky: full sun by day, a steep fall through twilight.

    A smooth fit through the usual table: 100 000 lx overhead, 400 lx at sunrise, 3 lx at -6°;
    ``height`` is the sun's in degrees.
    """
    if height > 0:
        return float(400 + 100_000 * sin(radians(height)) ** 1.15)
    return float(400 * 10 ** (0.354 * max(height, _DIMMEST)))


def temperature(seed: int, latitude: float, longitude: float, t: Millis, cover: float) -> float:
    """Air in °C: by latitude, season (late July in the north), hour by the sun, and weather.

    Means and swings are rough fits through the climates of coastal cities (E): 27 °C at the
    equator, 0.3 less a degree polewards; a season of 0.2 °C a degree; clouds halve day and night.
    """
    polewards = abs(latitude)
    hour = (t % DAY) / _HOUR + longitude / 15
    north = 1 if latitude >= 0 else -1
    season = cos(2 * pi * ((t / DAY + 4.5) / 365.2425 - 208 / 365.2425))
    mean = 27 - 0.3 * polewards + north * 0.2 * polewards * season
    front = (1.0 + 0.06 * polewards) * drift(f"{seed}/front", t / _SYSTEM)
    return mean + front + 5 * (1 - 0.5 * cover) * cos(2 * pi * (hour - 15) / 24)


def shift(t: Millis, spells: Iterable[Spell]) -> float:
    """°C that ordered weather adds."""
    return sum(SHIFTS.get(spell.weather, 0.0) * spell.grip(t) for spell in spells)


def gloom(t: Millis, spells: Iterable[Spell]) -> float:
    """What of the daylight the clouds of storms let through, on top of ``through``."""
    left = 1.0
    for spell in spells:
        if spell.weather == "storm":
            left *= 1 - (1 - GLOOM) * spell.grip(t)
    return left
