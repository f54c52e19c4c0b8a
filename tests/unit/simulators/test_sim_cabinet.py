"""A simulated cabinet: its traffic, its lamps, its power, and the regimes it goes through."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.devices.cabinet.lamps import Lamps
from simulators.devices.cabinet.plan import Actuated, Fixed
from simulators.devices.cabinet.power import FLAT, FLOAT, Power, cell_voltage, charge_at
from simulators.devices.contract import CommandRefused
from tests.parts.junctions import CROSSING, FOUR_ARMS, WALKS, always, green, junction, watched

HOUR = 3_600_000
MIDNIGHT = 1_759_852_800_000 + 4 * 24 * HOUR
"""2025-10-12T00:00, a Sunday, in Makati (UTC+8): 2025-10-11T16:00Z."""


class TestTraffic:
    def test_every_group_is_served_in_every_cycle(self) -> None:
        cabinet, clock = junction()
        served: set[int] = set()
        for _ in watched(cabinet, clock, 60):
            served |= green(cabinet.aspects)
        assert served == {1, 2, 3, 4}

    def test_it_calls_moves_detectors_and_is_let_go(self) -> None:
        cabinet, clock = junction()
        called, pressed, stuck = set(), set(), 0
        for shown in watched(cabinet, clock, 1200):
            for group in (1, 2, 3, 4):
                if shown[f"vehicle_call_{group}"]:
                    called.add(group)
                    assert shown[f"group_{group}"] != "green"
            pressed |= {n for n in (1, 2) if shown[f"ped_call_{n}"]}
            stuck = stuck + 1 if all(shown[f"detector_{n}"] for n in (1, 2, 3, 4)) else 0
            assert stuck < 60
            assert max(cabinet.approaches.queue) < 20, "there is room for everybody"
        assert called == {1, 2, 3, 4}
        assert pressed == {1, 2}

    def test_a_detector_goes_by_the_hour_and_the_weekday(self) -> None:
        """Arrivals of a week against the world's demand: nearly all hours within three sigma."""
        cabinet, clock = junction(start=MIDNIGHT)
        rates = cabinet.approaches._peaks[:4]
        counts: list[int] = []
        for _ in range(7 * 24):
            count = 0
            for _ in range(60):
                before = sum(cabinet.approaches.came)
                cabinet.advance(clock.step(60))
                count += sum(cabinet.approaches.came) - before
            counts.append(count)
        expected = [
            sum(rates) * 900 * sum(cabinet.world.traffic(hour + n * 900_000) for n in range(4))
            for hour in range(MIDNIGHT, MIDNIGHT + 7 * 24 * HOUR, HOUR)
        ]
        near = [abs(n - e) <= 3 * e**0.5 + 2 for n, e in zip(counts, expected, strict=True)]
        assert sum(near) >= 0.97 * len(near)
        assert counts[24 + 8] > 10 * counts[24 + 3], "Monday's peak and Monday's dead hour"
        assert counts[24 + 8] > 1.5 * counts[8], "a Sunday morning is quiet"

    def test_it_does_not_depend_on_when_anybody_looks(self) -> None:
        often, clock = junction()
        seldom, other = junction()
        for _ in range(30):
            for _ in watched(often, clock, 60, 0.25):
                pass
            seldom.advance(other.step(60))
            assert often.approaches.queue == seldom.approaches.queue
            assert often.aspects == seldom.aspects

    def test_pedestrians_cross_when_they_press(self) -> None:
        cabinet, clock = junction(
            WALKS, layout=CROSSING, timetable=always(Actuated(1, most=20_000))
        )
        calls = walks = 0
        for shown in watched(cabinet, clock, 3_600):
            calls += bool(shown["ped_call_1"])
            walks += shown["group_5"] == "green"
        assert calls > 20
        assert walks > 20
        assert walks % 6 in {0, 1, 5}, "each walk lasts six seconds"


def test_cycles_are_counted_and_timed() -> None:
    cabinet, clock = junction(timetable=always(Fixed(1, (12_000, 15_000))))
    before = cabinet.values()["cycle_counter"]
    cabinet.advance(clock.step(10 * 37))
    after = cabinet.values()
    assert isinstance(before, int)
    assert after["cycle_counter"] == before + 10
    assert after["cycle_time"] == 37.0
    assert (after["plan"], after["coordinated"], after["local_free"]) == (1, True, False)


def test_an_actuated_plan_is_free_and_has_no_cycle_time() -> None:
    cabinet, _ = junction(timetable=always(Actuated(4)))
    shown = cabinet.values()
    assert (shown["plan"], shown["coordinated"], shown["local_free"]) == (4, False, True)
    assert shown["cycle_time"] == 0.0


def test_a_start_up_is_flash_then_all_red_and_over_within_thirty_seconds() -> None:
    cabinet, clock = junction()
    cabinet.start_up()
    shown = [
        (values["mode"], values["flash_cause"], values["group_1"])
        for values in watched(cabinet, clock, 40)
    ]
    changes = [shown[0], *[b for a, b in pairwise(shown) if a != b]]
    assert changes[:4] == [
        ("startup", "startup", "yellow_flash"),
        ("startup", "startup", "red"),
        ("control", "none", "red"),
        ("control", "none", "green"),
    ]
    assert shown.index(("control", "none", "red")) < 30


def test_a_pre_emption_gets_its_stage_and_the_plan_comes_back_into_step() -> None:
    cabinet, clock = junction()
    while green(cabinet.aspects) != {3, 4}:
        cabinet.advance(clock.step(1))
    cabinet.break_down("preemption", 0)
    assert cabinet.values()["preempt"] is True
    served = [green(cabinet.aspects) for _ in watched(cabinet, clock, 44)]
    assert served.index({1, 2}) <= 12, "least green, yellow, all-red"
    assert served[-1] == {1, 2}
    after = list(watched(cabinet, clock, 300))
    assert after[0]["preempt"] is False
    assert after[-1]["coordinated"] is True


def test_a_conflict_is_in_flash_within_450_ms() -> None:
    cabinet, clock = junction()
    for _ in watched(cabinet, clock, 60):
        pass
    while green(cabinet.aspects):
        cabinet.advance(clock.step(0.05))
    cabinet.break_down("caught_conflict", 0)
    while not green(cabinet.aspects):
        cabinet.advance(clock.step(0.05))
    conflict = clock.now()
    assert cabinet.outputs.conflict_in(cabinet.aspects)
    while cabinet.values()["mode"] == "control":
        cabinet.advance(clock.step(0.01))
    assert clock.now() - conflict <= 450
    assert cabinet.values()["flash_cause"] == "mmu"
    cabinet.repair("caught_conflict")
    shown = list(watched(cabinet, clock, 60))
    assert shown[0]["mode"] == "control"
    assert shown[0]["group_1"] == shown[0]["group_3"] == "red", "out of a flash by all-red"


def test_a_broken_monitor_lets_a_conflict_stand() -> None:
    cabinet, clock = junction()
    cabinet.break_down("conflict_monitor_fault", 0)
    cabinet.break_down("caught_conflict", 0)
    modes = {values["mode"] for values in watched(cabinet, clock, 60)}
    assert modes == {"control"}


def test_a_cabinet_takes_no_commands() -> None:
    cabinet, _ = junction()
    with pytest.raises(CommandRefused, match="plan = 3"):
        cabinet.command("plan", 3)


class TestLamps:
    def test_the_current_follows_what_is_lit(self) -> None:
        lamps = Lamps((2, 3))
        assert lamps.current(1, "red", 230.0) == pytest.approx(2 * 9 / 230)
        assert lamps.current(2, "red_yellow", 230.0) == pytest.approx(3 * 20 / 230)
        assert lamps.current(2, "dark", 230.0) == 0
        assert lamps.power(("green", "yellow_flash")) == pytest.approx(18 + 33)

    def test_a_dead_head_is_flagged_when_its_colour_should_burn(self) -> None:
        lamps = Lamps((2, 3))
        lamps.dead[2, "green"] = 1
        assert not lamps.watch(("green", "red"), ("green", "red"))
        assert lamps.watch(("red", "green"), ("red", "green"))
        assert lamps.flagged == {2: "green"}


class TestPower:
    def test_the_cells_follow_their_curve_down(self) -> None:
        volts = [cell_voltage(n / 100) for n in range(100, -1, -1)]
        assert all(a > b for a, b in pairwise(volts))
        assert (volts[0], volts[-1]) == (2.10, 1.70)
        assert cell_voltage(charge_at(1.95)) == pytest.approx(1.95)

    def test_a_full_battery_carries_a_cabinet_for_some_hours_and_then_gives_up(self) -> None:
        power = Power(12, 25.0)
        power.mains = False
        hours = 0.0
        while not power.flat:
            power.run(60, 130.0, 25.0, 0.0)
            hours += 1 / 60
        assert 3 < hours < 8
        assert power.cell <= FLAT
        power.mains = True
        for _ in range(24 * 60):
            power.run(60, 130.0, 25.0, 0.0)
        assert power.cell == pytest.approx(FLOAT, abs=0.01), "charged again in a day"

    def test_a_flat_battery_is_dark_and_starts_up_with_the_mains(self) -> None:
        cabinet, clock = junction()
        cabinet.break_down("on_battery", 0)
        cabinet.power.charge = 0.06
        for _ in range(60):
            cabinet.advance(clock.step(60))
        shown = cabinet.values()
        assert (shown["mode"], shown["group_1"]) == ("failure", "dark")
        assert shown["supply_voltage"] == 0.0
        cabinet.repair("on_battery")
        modes = [values["mode"] for values in watched(cabinet, clock, 30)]
        assert modes[0] == "startup"
        assert modes[-1] == "control"

    def test_a_cabinet_is_warmer_than_the_air_and_warmest_in_the_sun(self) -> None:
        cabinet, clock = junction(start=MIDNIGHT)
        inside, outside = [], []
        for _ in range(24):
            for _ in range(6):
                cabinet.advance(clock.step(600))
            inside.append(float(str(cabinet.values()["cabinet_temperature"])))
            outside.append(cabinet.world.temperature(clock.now()))
        excess = [a - b for a, b in zip(inside, outside, strict=True)]
        assert all(2 < kelvin < 22 for kelvin in excess)
        assert max(excess[10:14]) > max(excess[0:5]) + 5
        assert max(inside) < 65


def test_one_seed_one_junction() -> None:
    one, clock = junction(FOUR_ARMS)
    two, other = junction(FOUR_ARMS)
    another, third = junction(FOUR_ARMS, seed=2)
    first = list(watched(one, clock, 300))
    assert first == list(watched(two, other, 300))
    assert first != list(watched(another, third, 300))
