"""What stories are too short for: detectors that chatter, and alarms that grow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.assets import SignalFacts
from gateway.faults.engine import FaultEngine
from gateway.faults.rules import load_rules
from gateway.model import Alarm, Device, Point, Reading, Value

NOON = 1_773_979_200_000
RULES = load_rules()


def cabinet(*names: str, every: float = 1.0, facts: SignalFacts | None = None) -> Device:
    points = tuple(Point(name, None, every) for name in names)
    return Device("c", "signal", "b", "", None, None, points, facts=facts or SignalFacts())


def engine(device: Device, *codes: str) -> FaultEngine:
    return FaultEngine((device,), {code: RULES[code] for code in codes}, 14.5, 121.0)


def fed(judge: FaultEngine, readings: Iterator[tuple[int, dict[str, Value]]]) -> list[Alarm]:
    heard: list[Alarm] = []
    for t, values in readings:
        said = judge.feed(Reading("c", "signal", NOON + t, values))
        heard += [one for one in said if isinstance(one, Alarm)]
    return heard


class TestAnErraticDetector:
    @staticmethod
    def chatter(begin: int, end: int, half: int) -> Iterator[tuple[int, dict[str, Value]]]:
        """Polled every 200 ms; on and off for ``half`` ms each."""
        for t in range(begin, end, 200):
            yield t, {"detector_1": t // half % 2 == 0, "detector_2": t // 3_000 % 2 == 0}

    @pytest.mark.parametrize(("half", "raised"), [(400, True), (600, False)])
    def test_chatters_more_than_sixty_times_a_minute(self, half: int, raised: bool) -> None:
        judge = engine(cabinet("detector_1", "detector_2", every=0.2), "detector_erratic")
        heard = fed(judge, self.chatter(0, 300_000, half))
        assert bool(heard) is raised
        if raised:
            [alarm] = heard
            assert alarm.raised - NOON == pytest.approx(180_000, abs=1_000)
            assert alarm.message == (
                "detector 1 erratic: 75 actuations a minute where at most 60 are expected, "
                "for 3 min"
            )

    def test_is_well_after_a_quiet_minute(self) -> None:
        judge = engine(cabinet("detector_1", "detector_2", every=0.2), "detector_erratic")
        fed(judge, self.chatter(0, 240_000, 400))
        [over] = fed(judge, self.chatter(240_000, 360_000, 3_000))
        assert over.cleared is not None
        assert over.cleared - NOON == pytest.approx(300_000, abs=400)

    def test_two_bad_minutes_are_none(self) -> None:
        judge = engine(cabinet("detector_1", "detector_2", every=0.2), "detector_erratic")
        assert not fed(judge, self.chatter(0, 120_000, 400))
        assert not fed(judge, self.chatter(120_000, 400_000, 3_000))


class TestAnAlarmOfSeveralGroups:
    def test_is_told_again_when_another_joins_and_keeps_its_identity(self) -> None:
        def lamps() -> Iterator[tuple[int, dict[str, Value]]]:
            for t in range(0, 60_000, 1_000):
                yield t, {"lamp_fault_1": t >= 5_000, "lamp_fault_2": 30_000 <= t < 50_000}

        judge = engine(cabinet("lamp_fault_1", "lamp_fault_2"), "lamp_fault")
        first, second = fed(judge, lamps())
        assert first.message == "lamp fault reported of group 1 for 10 s"
        assert second.message == "lamp fault reported of groups 1, 2 for up to 35 s"
        assert second.values["groups"] == "1, 2"
        assert second.raised == first.raised
        assert second.t - NOON == 40_000

    def test_stays_as_grave_as_it_was(self) -> None:
        def lamps() -> Iterator[tuple[int, dict[str, Value]]]:
            for t in range(0, 60_000, 1_000):
                serious = t < 20_000
                yield (
                    t,
                    {
                        "lamp_fault_1": True,
                        "lamp_fault_2": t >= 30_000,
                        "alarm_lamp_serious": serious,
                    },
                )

        judge = engine(cabinet("lamp_fault_1", "lamp_fault_2", "alarm_lamp_serious"), "lamp_fault")
        first, second = fed(judge, lamps())
        assert first.severity == second.severity == "major"


def test_points_of_the_same_beginning_are_no_detectors() -> None:
    judge = engine(cabinet("detector_1", "detector_fault_1"), "detector_stuck_on")
    assert not fed(judge, iter([(t, {"detector_fault_1": True}) for t in range(0, 9_000, 1_000)]))
