"""A district has the devices it was asked for, and files a gateway accepts."""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from itertools import count, pairwise
from math import cos, hypot, radians
from pathlib import Path

import pytest

from gateway import sun
from gateway.config import load_site
from gateway.faults.rules import load_rules
from gateway.model import KINDS
from gateway.profile import load_profile
from simulators.town.district import make
from simulators.town.places import PLACES, sunniest
from simulators.town.plan import PROFILES, District
from simulators.town.sitefile import Style
from simulators.town.sizes import LEAST, MOST, Sizes, sizes_of

NOW = 1_759_971_600_000
HOUR = 3_600_000
EVERYTHING = Sizes(lamps=120, feeders=8, tunnel=6, cabinets=6, snmp=1, bins=24)


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


@pytest.mark.parametrize("devices", [12, 13, 36, 94, 95, 96, 1006])
def test_every_feeder_has_a_pillar_and_at_most_eighty_lamps(devices: int) -> None:
    sizes = sizes_of(devices)
    assert sizes.devices == devices
    assert sum(sizes.streets) + sizes.tunnel == sizes.lamps
    assert all(0 < lamps <= 80 for lamps in sizes.streets)
    assert sizes.tunnel >= 1


@pytest.mark.parametrize(
    "sizes",
    [
        Sizes(lamps=200, feeders=6, tunnel=6, cabinets=2, bins=8),
        Sizes(lamps=80),
        Sizes(bins=60),
        Sizes(cabinets=20),
        Sizes(lamps=3, cabinets=1, bins=1),
    ],
)
def test_a_district_has_as_many_of_each_kind_as_it_is_told(sizes: Sizes, tmp_path: Path) -> None:
    made = make(sizes, folder=tmp_path, now=NOW, wires=False)
    kinds = Counter(asset.kind for asset in made.assets)
    assert (kinds["lamp"], kinds["signal"], kinds["bin"]) == (
        sizes.lamps,
        sizes.cabinets,
        sizes.bins,
    )
    assert kinds["feeder"] == (sizes.feeders + bool(sizes.tunnel) if sizes.lamps else 0)
    assert sum(kinds.values()) == sizes.devices
    assert {endpoint.name for endpoint in made.endpoints} == {asset.bus for asset in made.assets}
    settings = {code: rule.settings for code, rule in load_rules().items()}
    assert len(load_site(made.site_file, settings).devices) == sizes.devices


@pytest.mark.parametrize(
    "wrong",
    [
        {"lamps": -1},
        {"lamps": 81},
        {"lamps": 10, "feeders": 11},
        {"lamps": 3, "tunnel": 4},
        {"lamps": 100, "tunnel": 81},
    ],
)
def test_sizes_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"cannot|at most"):
        Sizes(**wrong)


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
    make(EVERYTHING, folder=tmp_path, now=NOW, wires=False)
    shipped = load_profile(PROFILES[name], tmp_path)
    quick = load_profile(f"profiles/{name}.toml", tmp_path)
    assert [point.name for point in quick.points] == [point.name for point in shipped.points]
    assert {point.every for point in quick.points} == {1.0}


def test_outside_a_demonstration_profiles_and_rules_are_as_shipped(tmp_path: Path) -> None:
    style = Style(quick=False, every={"lamp": "5m", "feeder": "5m"})
    made = make(EVERYTHING, folder=tmp_path, now=NOW, wires=False, style=style)
    assert "rules" not in tomllib.loads(made.site_file.read_text())
    for name, shipped in PROFILES.items():
        periods = {point.every for point in load_profile(f"profiles/{name}.toml", tmp_path).points}
        if name in {"lamp", "feeder"}:
            assert periods == {300.0}
        else:
            assert periods == {point.every for point in load_profile(shipped, tmp_path).points}


def test_without_wires_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    def written(folder: str, seed: int) -> dict[str, str]:
        made = make(EVERYTHING, folder=tmp_path / folder, now=NOW, seed=seed, wires=False)
        texts = {f.name: f.read_text() for f in made.folder.rglob("*") if f.is_file()}
        return {name: text.replace(str(made.folder), "") for name, text in texts.items()}

    one = written("one", 1)
    assert one == written("again", 1)
    assert one["map.geojson"] != written("other", 2)["map.geojson"]


def test_a_town_has_what_towns_have(tmp_path: Path) -> None:
    made = make(EVERYTHING, folder=tmp_path, now=NOW, wires=False)
    facts = {kind: [a.facts for a in made.assets if a.kind == kind] for kind in KINDS}
    assert {lamp.technology for lamp in facts["lamp"]} == {"led", "hps", "mh"}
    assert {lamp.phase for lamp in facts["lamp"]} == {"L1", "L2", "L3"}
    assert {(lamp.supply, lamp.control) for lamp in facts["lamp"]} == {
        ("permanent", "command"), ("permanent", "photocell"), ("permanent", "calendar"),
        ("switched", "photocell"), ("switched", "calendar"),
    }  # fmt: skip
    pillars = {pillar.feeder: pillar.supply for pillar in facts["feeder"]}
    assert all(pillars[lamp.feeder] == lamp.supply for lamp in facts["lamp"])
    assert {cabinet.planned_flash is None for cabinet in facts["signal"]} == {True, False}
    assert all(cabinet.conflicts and cabinet.battery_cells for cabinet in facts["signal"])
    stands: dict[str, set[str | None]] = {}
    streams = Counter((one.stand, one.stream) for one in facts["bin"])
    for one in facts["bin"]:
        stands.setdefault(one.stand, set()).add(one.collection)
    assert all(len(calendars) == 1 for calendars in stands.values())
    assert max(streams.values()) >= 2
    assert len({calendar for one in stands.values() for calendar in one}) >= 4
    assert len({a.profile for a in made.assets if a.kind == "bin"}) == 5


def test_the_map_shows_every_street_and_device(tmp_path: Path) -> None:
    made = make(EVERYTHING, folder=tmp_path, now=NOW, wires=False)
    drawn = json.loads(made.map_file.read_text())
    assert drawn["type"] == "FeatureCollection"
    lines = [one for one in drawn["features"] if one["geometry"]["type"] == "LineString"]
    points = [one for one in drawn["features"] if one["geometry"]["type"] == "Point"]
    names = [one["properties"]["name"] for one in lines]
    assert len(set(names)) == len(names)
    assert {one["properties"]["kind"] for one in lines} == {"street", "avenue", "tunnel"}
    places = {one["properties"]["id"]: one["geometry"]["coordinates"] for one in points}
    assert places == {asset.id: [asset.longitude, asset.latitude] for asset in made.assets}
    assert len({tuple(place) for place in places.values()}) == len(places), "none on another"
    kinds = {one["properties"]["id"]: one["properties"] for one in points}
    assert kinds["lamp-0001"]["feeder"] == "F1"
    assert kinds["bin-1"]["stand"] == "square-1"
    for id_, place in places.items():
        assert min(beside(place, one["geometry"]["coordinates"]) for one in lines) < 20, id_


def beside(place: list[float], line: list[list[float]]) -> float:
    """Metres from a place to a line of streets."""

    def metres(point: list[float]) -> complex:
        east = (point[0] - place[0]) * cos(radians(place[1]))
        return complex(east, point[1] - place[1]) * 111_320

    def to(begin: complex, end: complex) -> float:
        along = end - begin
        share = max(0.0, min(1.0, (-begin * along.conjugate()).real / abs(along) ** 2))
        return abs(begin + share * along)

    return min(to(metres(a), metres(b)) for a, b in pairwise(line))
