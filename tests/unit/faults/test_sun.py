"""The sun's elevation against two independent almanacs."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from astral import Observer
from astral.sun import elevation as noaa

from gateway.sun import HORIZON, elevation

REFERENCE = Path(__file__).parents[4] / "shared/vectors/sun_reference.json"
CIVIL = -6.0
MINUTE = 60_000


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def reference() -> list[dict[str, Any]]:
    if not REFERENCE.exists():
        pytest.skip(f"the sunrise reference is not on this machine: {REFERENCE}")
    rows: list[dict[str, Any]] = json.loads(REFERENCE.read_text())["rows"]
    return rows


def crosses(row: dict[str, Any], noon: int, threshold: float) -> bool:
    """Whether the sun passes a threshold in the day around a local noon."""
    minutes = range(noon - 12 * 60 * MINUTE, noon + 12 * 60 * MINUTE, MINUTE)
    return len({elevation(row["lat"], row["lon"], t) > threshold for t in minutes}) == 2


def test_rise_set_and_civil_twilight_fall_within_a_minute_of_an_almanac() -> None:
    compared = 0
    for row in reference():
        if abs(row["lat"]) >= 60:
            continue
        for name, threshold in (("sun", HORIZON), ("civil", CIVIL)):
            for edge in ("rise", "set"):
                text = row[f"ephem_{name}_{edge}"]
                if text.endswith("Error"):
                    continue
                before, after = (
                    elevation(row["lat"], row["lon"], millis(text) + shift) - threshold
                    for shift in (-MINUTE, MINUTE)
                )
                assert before * after < 0, f"{row['place']} {text} {name} {edge}"
                compared += 1
    assert compared > 100


def test_polar_day_and_night_are_simply_elevations_that_never_cross() -> None:
    polar = 0
    for row in reference():
        noon = millis(f"{row['utc_date_of_local_noon']}T12:00:00Z") - round(row["lon"] * 4 * MINUTE)
        rises = row["ephem_sun_rise"] not in {"AlwaysUpError", "NeverUpError"}
        assert crosses(row, noon, HORIZON) is rises, row["place"]
        polar += not rises
    assert polar == 2


def test_anywhere_at_any_time_it_agrees_with_noaa() -> None:
    chance = random.Random(7)
    for _ in range(2000):
        latitude, longitude = chance.uniform(-89.7, 89.7), chance.uniform(-180, 180)
        t = chance.randrange(1_400_000_000_000, 2_500_000_000_000)
        at = datetime.fromtimestamp(t / 1000, UTC)
        expected = noaa(Observer(latitude, longitude), at, with_refraction=False)
        assert elevation(latitude, longitude, t) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("latitude", "sign"), [(90.0, 1), (-90.0, -1)])
def test_at_a_pole_the_elevation_is_the_declination(latitude: float, sign: int) -> None:
    june = millis("2026-06-21T12:00:00Z")
    assert elevation(latitude, 0.0, june) == pytest.approx(sign * 23.43, abs=0.03)
