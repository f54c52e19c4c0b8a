"""Faults leave labels, and are refused where they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.devices.contract import Fault
from simulators.faults import FAULTS, OF_THE_WIRE, kinds_of
from simulators.faults.catalogue import by_name
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.places import Place
from simulators.town.sizes import Sizes
from simulators.world import SteppedClock, World

MORNING = 1_759_971_600_000
MAKATI = Place("makati", "Makati", 14.5547, 121.0244, "Asia/Manila")


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(MORNING)


@pytest.fixture
def city(tmp_path: Path, clock: SteppedClock) -> City:
    district = make(20, folder=tmp_path, now=MORNING, place=MAKATI)
    return City(district, World(14.5547, 121.0244, clock=clock))


def test_a_label_says_what_when_and_which_alarm(city: City, clock: SteppedClock) -> None:
    clock.step(3)
    opened = city.inject("bin-1", "bin_full", over=2)
    assert opened.as_dict() == {
        "device": "bin-1",
        "fault": "bin_full",
        "code": "bin_full",
        "subject": "bin-1",
        "at": MORNING + 3000,
        "shows": None,
        "until": None,
        "must_not": opened.must_not,
        "may": ("collection_missed", "time_to_full"),
        "event": None,
        "stretches": (),
    }
    clock.step(1)
    city.injector.look()
    assert city.labels[0].shows is None, "it grows for two seconds"
    clock.step(4)
    city.injector.look()
    clock.step(15)
    assert city.repair("bin-1", "bin_full").until == MORNING + 23_000
    (label,) = city.labels
    assert (label.shows, label.until) == (MORNING + 5_000, MORNING + 23_000), "as it was due"


def test_a_dead_lamp_shows_from_dusk(city: City, clock: SteppedClock) -> None:
    """Injected by day, it is to be seen only when it ought to burn."""
    city.inject("lamp-0010", "lamp_failure")
    for _ in range(12 * 60):
        clock.step(60)
        city.injector.look()
    (label,) = city.labels
    assert label.shows is not None
    assert -3 < city.world.sun(label.shows) < 0
    assert label.stretches == ((label.shows, clock.now()),)


def test_its_stretches_are_the_nights(city: City, clock: SteppedClock) -> None:
    """By day nobody can tell a dead lamp from a sound one."""
    city.inject("lamp-0010", "lamp_failure")
    for _ in range(48 * 60):
        clock.step(60)
        city.injector.look()
    first, second = city.repair("lamp-0010", "lamp_failure").stretches
    for since, until in (first, second):
        assert 10 * 3_600_000 < until - since < 13 * 3_600_000
        assert max(city.world.sun(since), city.world.sun(until)) < 2


def test_a_wire_shows_nothing_while_its_device_has_no_power(
    tmp_path: Path, clock: SteppedClock
) -> None:
    """A lamp on a switched feeder is silent by day anyhow."""
    sizes = Sizes(lamps=8, feeders=4)
    district = make(sizes, folder=tmp_path, now=MORNING, place=MAKATI)
    city = City(district, World(14.5547, 121.0244, clock=clock))
    assert district.assets[7].facts.supply == "switched"
    city.inject("lamp-0008", "silent")
    city.inject("lamp-0001", "silent")
    for _ in range(12 * 60):
        clock.step(60)
        city.injector.look()
    asleep, awake = city.labels
    assert awake.shows == awake.at
    assert asleep.shows is not None
    assert -6 < city.world.sun(asleep.shows) < 1


def test_a_label_names_whose_alarm_it_is(city: City) -> None:
    subject = city.district.subject
    assert subject("lamp-0010", "device") == "lamp-0010"
    assert subject("lamp-0010", "feeder") == subject("pillar-f2", "feeder") == "pillar-f2"
    assert subject("lamp-0001", "bus") == "bus:lamps-a"
    assert subject("bin-3", "stand") == "stand:square-2"
    assert subject("cabinet-1", "utility") == "utility"


def test_a_kind_has_at_most_one_fault_of_a_name() -> None:
    door = Fault("door_open", frozenset({"lamp"}), "door_open")
    cabinet = Fault("door_open", frozenset({"signal"}), "door_open")
    assert by_name([door, cabinet])["door_open"] == (door, cabinet)
    with pytest.raises(ValueError, match="two faults of lamp are called door_open"):
        by_name([door, door])


def test_a_mute_device_lives_on_and_says_nothing(city: City, clock: SteppedClock) -> None:
    label = city.inject("lamp-0001", "silent")
    assert label.code == "comm_loss"
    assert city.stations["lamp-0001"].mute
    clock.step(60)
    assert city.value("lamp-0001", "power")
    city.repair("lamp-0001", "silent")
    assert not city.stations["lamp-0001"].mute


def test_a_failed_feeder_takes_exactly_its_own_lamps_down(city: City, clock: SteppedClock) -> None:
    city.inject("pillar-f1", "feeder_outage")
    clock.step(1)
    for asset in city.district.assets:
        if asset.kind == "lamp":
            dark = city.value(asset.id, "voltage") == 0
            assert dark is (asset.facts.feeder == "F1")


@pytest.mark.parametrize(
    ("device", "fault", "why"),
    [
        ("bin-1", "lamp_failure", "is a bin"),
        ("bin-11", "bin_full", 'did you mean "bin-1"'),
        ("bin-1", "bin_ful", 'did you mean "bin_full"'),
    ],
)
def test_nonsense_is_refused(city: City, device: str, fault: str, why: str) -> None:
    with pytest.raises((LookupError, ValueError), match=why):
        city.inject(device, fault)


def test_a_fault_cannot_begin_twice_or_end_before_it_began(city: City) -> None:
    with pytest.raises(ValueError, match="does not have"):
        city.repair("bin-1", "bin_full")
    city.inject("bin-1", "bin_full")
    with pytest.raises(ValueError, match="already"):
        city.inject("bin-1", "bin_full")


def place_for(fault: str, city: City, clock: SteppedClock) -> str:
    """The first device in which it would show within a day; else the first that can have it."""
    for _ in range(145):
        if found := city.injector.candidates(fault):
            return found[0]
        clock.step(600)
    kinds = kinds_of(fault)
    return next(name for name, one in city.stations.items() if one.device.kind in kinds)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_injected_and_repaired(
    city: City, clock: SteppedClock, fault: str
) -> None:
    device = place_for(fault, city, clock)
    city.inject(device, fault)
    assert device not in city.injector.candidates(fault)
    clock.step(1)
    city.repair(device, fault)
    station = city.stations[device]
    broken = station if fault in OF_THE_WIRE else station.device
    assert not broken.shows(fault)


def test_what_was_served_is_what_a_register_can_hold(city: City, clock: SteppedClock) -> None:
    station = city.stations["lamp-0001"]
    for _ in range(9):
        station.sample(clock.step(1))
    looks = city.served("lamp-0001")
    assert [t for t, _ in looks] == [MORNING + second * 1000 for second in (6, 7, 8, 9)]
    power = looks[-1][1]["power"]
    assert isinstance(power, float)
    assert power * 10 == pytest.approx(round(power * 10))
