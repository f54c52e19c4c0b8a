"""A district has the devices it was asked for, and files a gateway accepts."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from itertools import count
from math import cos, hypot, radians
from pathlib import Path

import pytest

from gateway import sun
from gateway.profile import load_profile
from simulators.town.district import LEAST, MOST, free_ports, make, shares
from simulators.town.places import PLACES, sunniest
from simulators.town.plan import PROFILES, District

NOW = 1_759_971_600_000
HOUR = 3_600_000


def district(devices: int, folder: Path) -> District:
    return make(devices, folder=folder, now=NOW, ports=count(20_000))


@pytest.mark.parametrize("devices", [LEAST, 30, 32, 100, 1000, MOST])
def test_it_has_exactly_as_many_devices_and_no_unit_twice(devices: int, tmp_path: Path) -> None:
    made = district(devices, tmp_path)
    assert len(made.assets) == len({asset.id for asset in made.assets}) == devices
    kinds = Counter(asset.kind for asset in made.assets)
    assert kinds["signal"] == 2
    assert kinds["bin"] == 4
    assert kinds["feeder"] >= 2
    places = [(asset.bus, asset.unit) for asset in made.assets]
    assert len(set(places)) == devices
    assert all(unit is None or 1 <= unit <= 247 for _, unit in places)
    load = Counter(asset.bus for asset in made.assets)
    assert load["lamps-a"] <= 8
    assert load["lamps-b"] <= 8
    assert {endpoint.name for endpoint in made.endpoints} == set(load)


@pytest.mark.parametrize("lights", [6, 7, 30, 88, 89, 90, 1000])
def test_every_feeder_has_a_pillar_and_at_most_eighty_lamps(lights: int) -> None:
    tunnel, streets = shares(lights)
    assert tunnel + sum(streets) + 1 + len(streets) == lights
    assert all(0 < lamps <= 80 for lamps in streets)
    assert tunnel >= 1


@pytest.mark.parametrize("devices", [LEAST - 1, MOST + 1])
def test_too_few_or_too_many_are_refused(devices: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"not {devices}"):
        district(devices, tmp_path)


def test_positions_follow_the_street(tmp_path: Path) -> None:
    made = district(100, tmp_path)
    street = [a for a in made.assets if a.kind == "lamp" and a.facts.feeder == "F2"]
    assert [lamp.facts.position for lamp in street] == list(range(1, len(street) + 1))
    for one, other in zip(street, street[2:], strict=False):
        north = (other.latitude - one.latitude) * 111_320
        east = (other.longitude - one.longitude) * 111_320 * cos(radians(one.latitude))
        assert hypot(north, east) == pytest.approx(60, abs=0.5)


def test_it_is_broad_day_where_a_district_stands_at_any_hour_of_the_year() -> None:
    for hour in range(0, 366 * 24, 5):
        t = NOW + hour * HOUR
        place = sunniest(t)
        assert sun.elevation(place.latitude, place.longitude, t) > 30, (place.name, hour)


def test_places_have_ids_of_their_own() -> None:
    assert len({place.site for place in PLACES}) == len(PLACES)


def test_the_files_say_the_same_as_the_plan(tmp_path: Path) -> None:
    made = district(32, tmp_path)
    site = tomllib.loads(made.site_file.read_text())
    with (tmp_path / "lamps.csv").open(newline="") as file:
        lamps = list(csv.DictReader(file))
    rows = [*lamps, *site["device"]]
    assert [row["id"] for row in rows] == [asset.id for asset in made.assets]
    assert {row["bus"] for row in rows} == set(site["bus"])
    first = next(row for row in lamps if row["id"] == "lamp-0001")
    assert (first["tunnel"], first["phase"], first["rated_power"]) == ("true", "L1", "150.0")
    cabinet = next(row for row in site["device"] if row["id"] == "cabinet-1")
    assert cabinet["conflicts"] == [[1, 3], [1, 4], [2, 3], [2, 4]]


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_the_shipped_ones_polled_every_second(name: str, tmp_path: Path) -> None:
    district(32, tmp_path)
    shipped = load_profile(PROFILES[name], tmp_path)
    quick = load_profile(f"profiles/{name}.toml", tmp_path)
    assert [point.name for point in quick.points] == [point.name for point in shipped.points]
    assert {point.every for point in quick.points} == {1.0}


def test_ports_are_free_and_below_those_of_clients() -> None:
    ports = free_ports()
    found = [next(ports) for _ in range(20)]
    assert len(set(found)) == 20
    assert all(20_000 <= port <= 32_000 for port in found)
