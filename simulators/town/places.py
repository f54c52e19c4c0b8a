"""Cities a simulated district can stand in, so that it is broad day in one of them at any hour.

Day burners only show by day; the demo therefore stands where the sun is highest right now. The
cities lie round the globe in the warm latitudes, never more than 55° of longitude apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians

from gateway import sun
from gateway.model import Millis


@dataclass(frozen=True, slots=True)
class Place:
    """A town centre: ``site`` is its id in topics, degrees north and east."""

    site: str
    name: str
    latitude: float
    longitude: float
    timezone: str


PLACES = (
    Place("auckland", "Auckland", -36.8509, 174.7645, "Pacific/Auckland"),
    Place("brisbane", "Brisbane", -27.4679, 153.0281, "Australia/Brisbane"),
    Place("makati", "Makati", 14.5547, 121.0244, "Asia/Manila"),
    Place("bengaluru", "Bengaluru", 12.9716, 77.5946, "Asia/Kolkata"),
    Place("nairobi", "Nairobi", -1.2864, 36.8172, "Africa/Nairobi"),
    Place("accra", "Accra", 5.5560, -0.1969, "Africa/Accra"),
    Place("recife", "Recife", -8.0631, -34.8711, "America/Recife"),
    Place("bogota", "Bogotá", 4.5981, -74.0760, "America/Bogota"),
    Place("guadalajara", "Guadalajara", 20.6767, -103.3475, "America/Mexico_City"),
    Place("honolulu", "Honolulu", 21.3045, -157.8557, "Pacific/Honolulu"),
)


def sunniest(t: Millis, places: Iterable[Place] = PLACES) -> Place:
    """The place where the sun stands highest at ``t``."""
    return max(places, key=lambda place: sun.elevation(place.latitude, place.longitude, t))


def moved(latitude: float, longitude: float, north: float, east: float) -> tuple[float, float]:
    """A point some metres off, rounded to 0.1 m."""
    degree = 111_320.0
    return (
        round(latitude + north / degree, 6),
        round(longitude + east / degree / cos(radians(latitude)), 6),
    )
