"""A simulated lamp behaves like a lamp: switched by the sky, metered, and worn."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from gateway.assets import LampFacts
from simulators.devices.contract import CommandRefused
from simulators.devices.lamp import Lamp
from simulators.devices.lamp.technology import TECHNOLOGIES
from simulators.wires.maps import read_map
from simulators.wires.registers import Image
from simulators.world import SteppedClock, World

MAKATI = (14.5547, 121.0244)
MORNING = 1_759_971_600_000  # 2025-10-09T01:00Z, nine in the morning there
MIDNIGHT = 1_759_939_200_000  # 2025-10-08T16:00Z
HOUR = 3_600_000
PROFILES = Path(__file__).parents[3] / "drivers/profiles"


def lamp_at(t: int, **facts: object) -> tuple[Lamp, SteppedClock, World]:
    clock = SteppedClock(t)
    world = World(*MAKATI, clock=clock, seed=7)
    asset = LampFacts(**({"rated_power": 70.0, "feeder": "F1", "phase": "L2"} | facts))  # type: ignore[arg-type]
    return Lamp("lamp-1", asset, world), clock, world


def switched_on(technology: str) -> tuple[Lamp, SteppedClock]:
    """A cold lamp the moment it is ordered on, by day."""
    lamp, clock, _ = lamp_at(MORNING, technology=technology, rated_power=150.0)
    lamp.command("switch", 1)
    return lamp, clock


def after(lamp: Lamp, clock: SteppedClock, seconds: float) -> float:
    """The share of rated power it draws that much later."""
    lamp.advance(clock.step(seconds))
    return lamp.power / lamp.rated


class TestSwitching:
    def test_a_photocell_lamp_is_dark_by_day_and_lit_by_night(self) -> None:
        by_day, _, _ = lamp_at(MORNING, control="photocell")
        by_night, _, _ = lamp_at(MIDNIGHT, control="photocell")
        assert not by_day.commanded
        assert by_day.power == by_day.facts.standby_power
        assert by_night.commanded
        assert by_night.power == pytest.approx(70, rel=0.05)

    @pytest.mark.parametrize("control", ["photocell", "calendar", "command"])
    @pytest.mark.parametrize("step", [60, 300, 86_400])
    def test_it_switches_once_at_dusk_and_once_at_dawn(self, control: str, step: int) -> None:
        lamp, clock, world = lamp_at(MORNING, control=control)
        before = lamp.switch_count
        states = [(lamp.commanded, clock.now())]
        for _ in range(86_400 // step):
            lamp.advance(clock.step(step))
            states.append((lamp.commanded, clock.now()))
        assert lamp.switch_count == before + 1
        for (was, _), (now, t) in pairwise(states):
            if was != now:
                assert -4 < world.sun(t) < 0

    def test_a_photocell_needs_more_light_to_switch_off_than_to_switch_on(self) -> None:
        lamp, clock, world = lamp_at(MORNING, control="photocell")
        seen = {}
        for _ in range(24 * 3600 // 5):
            was = lamp.commanded
            lamp.advance(clock.step(5))
            if lamp.commanded != was:
                seen[lamp.commanded] = world.illuminance(clock.now())
        assert seen[True] == pytest.approx(50, rel=0.2)
        assert seen[False] == pytest.approx(75, rel=0.2)

    def test_a_tunnel_lamp_always_burns(self) -> None:
        lamp, _, _ = lamp_at(MORNING, tunnel=True)
        assert lamp.commanded
        assert lamp.power > 65

    def test_a_calendar_lamp_is_dimmed_in_the_dead_of_night(self) -> None:
        lamp, clock, _ = lamp_at(MIDNIGHT, control="calendar")
        assert lamp.values()["dim_level"] == 60
        assert lamp.power == pytest.approx(0.6 * 70, rel=0.06)
        lamp.advance(clock.step(5.2 * 3600))
        assert lamp.values()["dim_level"] == 100
        assert lamp.power == pytest.approx(70, rel=0.05)

    def test_an_order_overrides_the_photocell(self) -> None:
        lamp, clock, _ = lamp_at(MIDNIGHT, control="photocell")
        lamp.command("switch", 0)
        assert not lamp.lit
        lamp.advance(clock.step(600))
        assert lamp.values()["switch_command"] is False

    def test_a_switched_feeder_leaves_a_lamp_without_supply_and_voice_by_day(self) -> None:
        lamp, clock, _ = lamp_at(MORNING, supply="switched")
        assert (lamp.voltage, lamp.power, lamp.powered) == (0, 0, False)
        hours, used = lamp.burn_hours, lamp.used
        lamp.advance(clock.step(6 * 3600))
        assert (lamp.burn_hours, lamp.used) == (hours, used)
        lamp.advance(clock.step(6 * 3600))
        assert lamp.powered
        assert lamp.power == pytest.approx(70, rel=0.05)

    def test_without_mains_a_permanently_supplied_controller_still_answers(self) -> None:
        lamp, clock, world = lamp_at(MIDNIGHT)
        world.supply("F1").failed = True
        lamp.advance(clock.step(1))
        shown = lamp.values()
        points = ("voltage", "current", "power", "frequency", "power_factor")
        assert [shown[point] for point in points] == [0, 0, 0, 0, 0]
        assert lamp.powered

    def test_without_mains_a_tunnel_s_controller_is_silent(self) -> None:
        lamp, clock, world = lamp_at(MIDNIGHT, tunnel=True)
        answers = [lamp.powered]
        for failed in (True, False):
            world.supply("F1").failed = failed
            lamp.advance(clock.step(1))
            answers.append(lamp.powered)
        assert answers == [True, False, True]


class TestStarting:
    def test_a_led_starts_softly_and_settles_as_it_warms(self) -> None:
        lamp, clock = switched_on("led")
        assert after(lamp, clock, 0.5) == pytest.approx(1 / 150)
        cold = after(lamp, clock, 1.1)
        warm = after(lamp, clock, 600)
        assert warm == pytest.approx(1, rel=0.05)
        assert warm * 1.02 < cold < warm * 1.04

    @pytest.mark.parametrize(("technology", "minutes"), [("hps", 8), ("mh", 10)])
    def test_an_arc_takes_minutes_to_full_power_and_more_current_than_ever(
        self, technology: str, minutes: int
    ) -> None:
        lamp, clock = switched_on(technology)
        lamp.advance(clock.step(10))
        first = lamp.values()
        shares = [lamp.power / lamp.rated]
        shares += [after(lamp, clock, 30) for _ in range(2 * minutes)]
        last = lamp.values()
        assert 0.25 < shares[0] < 0.5
        assert shares[-1] == pytest.approx(1, rel=0.07)
        assert 1 < max(shares) / shares[-1] < 1.06, "the hump of a start is no over-power"
        full = next(n for n, share in enumerate(shares) if share > 0.9 * shares[-1])
        assert full * 0.5 > minutes / 3
        assert float(first["current"] or 0) > 1.25 * float(last["current"] or 0)
        assert float(first["power_factor"] or 0) < 0.4

    @pytest.mark.parametrize(("technology", "seconds"), [("hps", 300), ("mh", 1_200)])
    def test_after_a_dip_an_arc_cools_first_and_is_back_in_time(
        self, technology: str, seconds: int
    ) -> None:
        """Domain §1: 5 min for HPS, 20 min for MH."""
        lamp, clock, world = lamp_at(MIDNIGHT, technology=technology, rated_power=150.0)
        lamp.advance(clock.step(60))
        full = lamp.power
        supply = world.supply("F1")
        supply.change(shares=(0.5, 0.5, 0.5))
        supply.later(clock.now() + 400, shares=(1.0, 1.0, 1.0))
        assert after(lamp, clock, 60) < 0.1, "the dip was over before anybody looked"
        assert not lamp.lit
        assert lamp.voltage > 200
        powers = []
        for _ in range(seconds - 60):
            lamp.advance(clock.step(1))
            powers.append(lamp.power)
        assert powers[-1] == pytest.approx(full, rel=0.1)
        struck = next(n for n, power in enumerate(powers) if power > 0.25 * full)
        assert struck > 0.05 * seconds

    def test_a_led_driver_rides_through_a_dip(self) -> None:
        lamp, clock, world = lamp_at(MIDNIGHT)
        supply = world.supply("F1")
        supply.change(shares=(0.5, 0.5, 0.5))
        supply.later(clock.now() + 400, shares=(1.0, 1.0, 1.0))
        lamp.advance(clock.step(1))
        assert lamp.lit
        assert lamp.power > 65

    def test_an_arc_that_has_just_begun_strikes_again_at_once(self) -> None:
        lamp, clock = switched_on("mh")
        lamp.advance(clock.step(20))
        lamp.command("switch", 0)
        lamp.command("switch", 1)
        assert after(lamp, clock, 10) > 0.3

    @pytest.mark.parametrize("technology", ["led", "hps", "mh"])
    def test_a_start_has_the_energy_of_its_power(self, technology: str) -> None:
        curve = TECHNOLOGIES[technology].power
        for end in (0.7, 1.4, 45.0, 200.0, 1000.0):
            drawn = sum(curve.at((n + 0.5) * end / 20_000) for n in range(20_000)) * end / 20_000
            assert curve.area(end) == pytest.approx(drawn, rel=1e-3, abs=1e-3)


class TestMetering:
    @pytest.mark.parametrize("technology", ["led", "hps", "mh"])
    @pytest.mark.parametrize("step", [1, 7, 300])
    def test_energy_is_the_integral_of_power_however_often_one_looks(
        self, technology: str, step: int
    ) -> None:
        afternoon, dimmed, end = MORNING + 8 * HOUR, 9_000, 14_400
        exact, clock, _ = lamp_at(afternoon, control="photocell", technology=technology)
        lamp, other, _ = lamp_at(afternoon, control="photocell", technology=technology)
        start, drawn = exact.energy, 0.0
        for second in range(end):
            if second == dimmed:
                exact.command("dim", 60)
            exact.advance(clock.step(1))
            drawn += exact.power / 3_600_000
        for length in (dimmed, end - dimmed):
            for _ in range(length // step):
                lamp.advance(other.step(step))
            lamp.advance(other.step(length % step))
            lamp.command("dim", 60)
        assert drawn > 0.08
        assert exact.energy - start == pytest.approx(drawn, rel=0.01)
        assert lamp.energy - start == pytest.approx(drawn, rel=0.01)

    def test_counters_count_what_happened(self) -> None:
        lamp, clock, _ = lamp_at(MIDNIGHT)
        hours, switched = lamp.burn_hours, lamp.switch_count
        for order in (0, 1, 0, 1):
            lamp.command("switch", order)
            lamp.advance(clock.step(1800))
        assert lamp.switch_count - switched == 2
        assert lamp.burn_hours - hours == pytest.approx(1.0, rel=0.001)

    def test_counters_begin_again_at_the_end_of_their_registers(self) -> None:
        lamp, clock, _ = lamp_at(MIDNIGHT)
        image = Image(read_map(PROFILES / "lamp/generic.toml"))
        lamp.switch_count = 2**32 - 1
        lamp.energy = (2**32 - 1) / 1000
        lamp.burn_hours = (2**32 - 1) / 10
        image.update(lamp.values())
        assert image.shown["switch_count"] == 2**32 - 1
        lamp.command("switch", 0)
        lamp.command("switch", 1)
        lamp.advance(clock.step(3600))
        image.update(lamp.values())
        assert image.shown["switch_count"] == 0
        assert image.shown["energy"] == pytest.approx(0.062, abs=0.005)
        assert image.shown["burn_hours"] == pytest.approx(0.9, abs=0.11)

    def test_current_voltage_and_power_factor_agree_with_power(self) -> None:
        lamp, clock, _ = lamp_at(MIDNIGHT)
        for dim in (100, 60, 20):
            lamp.command("dim", dim)
            lamp.advance(clock.step(300))
            shown = {point: float(value or 0) for point, value in lamp.values().items()}
            apparent = shown["voltage"] * shown["current"]
            assert apparent * shown["power_factor"] == pytest.approx(shown["power"])
            assert shown["power"] == pytest.approx(lamp.power, rel=0.01)

    def test_meters_err_within_their_class_and_not_always_alike(self) -> None:
        lamp, _, _ = lamp_at(MIDNIGHT)
        shown = [float(lamp.values()["power"] or 0) / lamp.power for _ in range(2_000)]
        assert 0.99 <= min(shown) < 0.993
        assert 1.007 < max(shown) <= 1.01
        assert sum(shown) / len(shown) == pytest.approx(1, abs=0.0005)

    def test_a_driver_dims_along_a_curve_and_its_power_factor_falls(self) -> None:
        lamp, _, _ = lamp_at(MIDNIGHT)
        full = lamp.power
        shares, factors = [], []
        for dim in (100, 75, 50, 25, 10):
            lamp.command("dim", dim)
            shares.append(lamp.power / full)
            factors.append(lamp.power_factor)
        assert shares == pytest.approx([1, 0.75, 0.5, 0.26, 0.12], abs=0.02)
        assert shares[3] != pytest.approx(0.25, abs=0.002)
        assert factors == sorted(factors, reverse=True)
        assert factors[0] > 0.95
        assert factors[-1] < 0.75

    def test_magnetic_gear_follows_its_voltage_and_a_driver_does_not(self) -> None:
        """Domain §1: times (V/Vn)^1.8."""
        for technology, share in (("hps", 0.9**1.8), ("led", 1.0)):
            lamp, clock, world = lamp_at(MIDNIGHT, technology=technology)
            full = lamp.power
            world.supply("F1").change(shares=(0.9, 0.9, 0.9))
            lamp.advance(clock.step(0.001))
            assert lamp.power == pytest.approx(full * share, rel=0.002)

    def test_it_ages_slowly_and_constant_light_makes_up_for_it(self) -> None:
        powers = {}
        for constant in (False, True):
            for hours in (1_000, 60_000):
                lamp, clock, world = lamp_at(MIDNIGHT)
                lamp = Lamp("lamp-1", lamp.facts, world, constant_light=constant)
                lamp.burn_hours = hours
                lamp.command("dim", 100)
                lamp.advance(clock.step(1))
                powers[constant, hours] = lamp.power
        assert powers[False, 60_000] == pytest.approx(0.94 * powers[False, 1_000], rel=0.01)
        assert powers[True, 60_000] == pytest.approx(powers[True, 1_000] / 0.853, rel=0.01)

    def test_the_driver_warms_and_cools_in_minutes(self) -> None:
        lamp, clock = switched_on("led")
        air = lamp.gear
        lamp.advance(clock.step(600))
        assert 0.55 < (lamp.gear - air) / 30 < 0.75
        lamp.advance(clock.step(3600))
        hot = lamp.gear
        assert hot - air == pytest.approx(30, abs=5)
        lamp.command("switch", 0)
        lamp.advance(clock.step(3600))
        assert lamp.gear < hot - 20

    def test_a_controller_without_a_light_sensor_shows_none(self) -> None:
        tunnel, _, _ = lamp_at(MORNING, tunnel=True)
        street, _, _ = lamp_at(MORNING)
        assert tunnel.values()["illuminance"] is None
        assert street.values()["illuminance"] == pytest.approx(55_000, rel=0.5)

    def test_neighbours_have_luck_of_their_own_and_a_seed_repeats_it(self) -> None:
        clock = SteppedClock(MIDNIGHT)
        worlds = [World(*MAKATI, clock=clock, seed=seed) for seed in (1, 1, 2)]
        first, again, other = (Lamp("lamp-1", LampFacts(), world).values() for world in worlds)
        assert first == again
        assert first["energy"] != other["energy"]
        assert first["energy"] != Lamp("lamp-2", LampFacts(), worlds[0]).values()["energy"]


@pytest.mark.parametrize(("name", "value"), [("dim", 101), ("dim", -1), ("switch", 2), ("open", 1)])
def test_nonsense_is_refused(name: str, value: float) -> None:
    lamp, _, _ = lamp_at(MIDNIGHT)
    with pytest.raises(CommandRefused):
        lamp.command(name, value)


def test_an_arc_cannot_be_dimmed_below_where_it_holds() -> None:
    lamp, _, _ = lamp_at(MIDNIGHT, technology="hps")
    with pytest.raises(CommandRefused):
        lamp.command("dim", 30)
    lamp.command("dim", 60)
    assert lamp.power == pytest.approx(0.6 * 70, rel=0.1)
