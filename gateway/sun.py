"""Where the sun stands: the sky every lamp rule and every simulated photocell looks at.

Astral's NOAA formulas give the sun's declination and the equation of time, which drift by less
than 0.02° in an hour; they are kept for the hour. Place and time of day enter exactly, by one
spherical triangle, so a call costs about a microsecond and works at any latitude, the poles
included. The elevation is that of the sun's centre *without* refraction: sunrise and sunset are
where it passes 0.833° below the horizon, civil twilight ends 6° below.
"""

from __future__ import annotations

from functools import lru_cache
from math import asin, cos, degrees, pi, radians, sin

from astral.sun import eq_of_time, sun_declination

from gateway.model import Millis

HORIZON = -0.833
"""Elevation of the centre at sunrise and sunset: 34' of refraction and 16' of radius."""

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_J2000 = 946_728_000_000  # 2000-01-01T12:00Z
_CENTURY = 36_525 * _DAY


@lru_cache(maxsize=256)
def _orbit(hour: int) -> tuple[float, float, float]:
    """Sine and cosine of the declination, and the equation of time in ms, at mid-hour."""
    century = (hour * _HOUR + _HOUR // 2 - _J2000) / _CENTURY
    declination = radians(sun_declination(century))
    return sin(declination), cos(declination), eq_of_time(century) * 60_000


def elevation(latitude: float, longitude: float, t_ms: Millis) -> float:
    """Degrees of the sun's centre above the horizon, without refraction, at a place and time.

    ``latitude`` and ``longitude`` in degrees (north and east positive), ``t_ms`` ms UTC.
    Within 0.02° of NOAA's solar calculator from 1900 to 2100.
    """
    sine, cosine, equation = _orbit(t_ms // _HOUR)
    # The hour angle is π at solar midnight, which is when the mean-time clock reads minus the
    # equation of time.
    angle = (t_ms % _DAY + equation) / _DAY * 2 * pi + radians(longitude) - pi
    place = radians(latitude)
    height = sin(place) * sine + cos(place) * cosine * cos(angle)
    return degrees(asin(max(-1.0, min(1.0, height))))
