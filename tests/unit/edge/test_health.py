"""The gateway's own figures: what the machine says, and what a reading makes of a snapshot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gateway.driver import Symptom
from gateway.edge import machine
from gateway.edge.figures import Figures
from gateway.edge.health import (
    FIGURES,
    BusHealth,
    LaneHealth,
    Snapshot,
    gateway_device,
    reading_of,
    use_points,
)
from gateway.edge.outbox.contract import Lane
from gateway.model import Value
from tests.parts.bench_site import load, tcp, write_site


def raspberry(root: Path, *, throttled: str = "0", heat: str = "48312") -> Path:
    """The files of a Raspberry Pi that are looked at."""
    for name, text in {
        "proc/self/statm": "30000 10000 2000 1 0 9000 0\n",
        "proc/meminfo": "MemTotal: 948304 kB\nMemFree: 1 kB\nMemAvailable: 500000 kB\n",
        "sys/class/thermal/thermal_zone0/temp": heat + "\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": throttled + "\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


class TestMachine:
    def test_this_one_says_what_it_knows(self, tmp_path: Path) -> None:
        figures = machine.look(tmp_path)
        assert {"rss", "memory_free", "load", "disk_free"} <= figures.keys()
        assert 5 < float(figures["rss"]) < 1000

    def test_what_cannot_be_had_is_left_out(self, tmp_path: Path) -> None:
        assert machine.look(tmp_path / "gone", tmp_path).keys() == {"load"}

    def test_a_raspberry_pi_says_all(self, tmp_path: Path) -> None:
        figures = machine.look(tmp_path, raspberry(tmp_path))
        assert figures["rss"] == round(10000 * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
        assert figures["memory_free"] == 512.0
        assert figures["cpu_temperature"] == 48.312
        assert (figures["undervoltage"], figures["throttled"]) == (False, False)

    @pytest.mark.parametrize(
        ("said", "undervoltage", "throttled"),
        [
            ("50000", False, False),  # it happened since the boot, and is over
            ("50005", True, True),
            ("1", True, False),
            ("8", False, True),
            ("2", False, True),
        ],
    )
    def test_the_firmwares_bits(
        self, tmp_path: Path, said: str, undervoltage: bool, throttled: bool
    ) -> None:
        figures = machine.look(tmp_path, raspberry(tmp_path, throttled=said))
        assert (figures["undervoltage"], figures["throttled"]) == (undervoltage, throttled)

    @pytest.mark.parametrize("nonsense", ["", "hot", "\xff"])
    def test_files_with_nonsense_are_left_out(self, tmp_path: Path, nonsense: str) -> None:
        figures = machine.look(tmp_path, raspberry(tmp_path, throttled=nonsense, heat=nonsense))
        assert not {"undervoltage", "throttled", "cpu_temperature"} & figures.keys()


class TestFigures:
    def test_a_bus_is_busy_while_anything_is_under_way(self) -> None:
        figures = Figures()
        figures.begin(10.0)
        figures.begin(10.5)
        figures.end(11.0)
        assert figures.busy(11.5) == 1.5, "one is still under way"
        figures.end(12.0)
        assert figures.busy(99.0) == 2.0

    def test_a_bad_poll_is_one_that_failed_and_was_not_silent(self) -> None:
        figures = Figures(polls=10, silent=2)
        figures.failures.update({Symptom.SILENT: 2, Symptom.GARBLED: 3, Symptom.REFUSED: 1})
        assert figures.bad == 4


def bus(name: str, busy: float, **more: Any) -> BusHealth:
    failures = {Symptom.GARBLED: 2, Symptom.SILENT: 1}
    return BusHealth(name=name, failures=failures, busy=busy, **more)


def snapshot(at: float, *buses: BusHealth, lanes: tuple[LaneHealth, ...] = ()) -> Snapshot:
    figures: dict[str, Value] = {"uptime": 7, "connected": True, "gateway": "gw-1", "cpu": 1.5}
    restarts = {"judge": 2, "bus a": 1}
    return Snapshot(
        at=at, figures=figures, buses=buses, lanes=lanes, restarts=restarts, max_bytes=1000
    )


class TestReading:
    def test_of_several_buses_it_says_the_sum(self) -> None:
        now = snapshot(10.0, bus("a", 0.0, polls=5, slip=1), bus("b", 0.0, polls=7, suspects=2))
        values = reading_of(now, None)
        assert (values["polls"], values["slip"], values["suspects"]) == (12, 1, 2)
        assert (values["garbled"], values["restarts"], values["uptime"]) == (4, 3, 7)

    def test_the_use_is_that_since_the_reading_before(self) -> None:
        before = snapshot(10.0, bus("a", 100.0), bus("b", 50.0))
        values = reading_of(snapshot(20.0, bus("a", 104.0), bus("b", 50.5)), before)
        assert (values["bus_use"], values["bus_use_a"], values["bus_use_b"]) == (40.0, 40.0, 5.0)
        assert "bus_use" not in reading_of(before, None)

    def test_of_the_lanes_it_says_the_sum_and_the_oldest(self) -> None:
        lanes = (
            LaneHealth(lane=Lane.EVENTS, records=3, bytes=100, unsent=1, age=None, unsent_age=4.0),
            LaneHealth(lane=Lane.TELEMETRY, records=9, bytes=400, age=90.0, unsent_age=0.0, lost=2),
        )
        values = reading_of(snapshot(1.0, lanes=lanes), None)
        assert (values["queue_records"], values["queue_events"], values["queue_bytes"]) == (
            *(12, 3, 500),
        )
        assert (values["queue_full"], values["queue_age"]) == (50.0, 90.0)
        assert (values["unsent"], values["unsent_age"], values["lost"]) == (1, 4.0, 2)

    def test_of_a_disk_that_cannot_be_read_it_says_nothing(self) -> None:
        assert not {"queue_records", "queue_age", "lost"} & reading_of(snapshot(1.0), None).keys()


class TestCard:
    def test_every_value_of_a_reading_is_a_point_of_the_card(self, tmp_path: Path) -> None:
        site = load(write_site(tmp_path, {"net-1": (tcp(1), [1]), "x": (tcp(2), [])}))
        points = {point.name: point for point in gateway_device(site).points}
        assert list(points) == [*FIGURES, "bus_use_net_1"]
        lane = LaneHealth(lane=Lane.EVENTS, age=1.0, unsent_age=1.0)
        now = snapshot(2.0, bus("net-1", 1.0), lanes=(lane,))
        assert reading_of(now, snapshot(1.0, bus("net-1", 0.5))).keys() <= points.keys()
        assert points["undervoltage"].type == "bool"
        assert points["bus_use_net_1"].unit == "%"

    def test_buses_that_sound_alike_are_told_apart(self) -> None:
        assert use_points(["Feeder-1", "feeder.1", "feeder_1"]) == {
            "Feeder-1": "bus_use_feeder_1",
            "feeder.1": "bus_use_feeder_1_2",
            "feeder_1": "bus_use_feeder_1_3",
        }
        long = use_points(["b" * 64, "b" * 63 + "c"])
        assert len(set(long.values())) == 2
        assert all(len(name) <= 64 for name in long.values())
