"""What a rule's file may ask of the engine besides an alarm: events, values, memories, points."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from gateway.assets import FeederFacts, LampFacts
from gateway.faults.coverage import blind_spots
from gateway.faults.engine import FaultEngine
from gateway.faults.rule import (
    MOST_LEARNT,
    NORMAL,
    Catalogue,
    Estimate,
    Group,
    Notice,
    Seen,
    Settings,
    Switch,
    Told,
    Verdict,
)
from gateway.model import Alarm, Event, Point, Reading, Value
from tests.unit.faults.test_engine import OVER, SECOND, T, lamp


class Total:
    """Remembers what it saw, for good."""

    kept_as: ClassVar[str] = "total/1"

    def __init__(self, _seen: Seen) -> None:
        self.sum = 0.0
        self.last: float | None = None
        self.begun = 0

    def see(self, seen: Seen) -> None:
        level = seen.fresh.get("level")
        if isinstance(level, float):
            self.sum += level
            self.last = level

    def begin(self) -> None:
        self.last = None
        self.begun += 1

    def dump(self) -> Any:
        return {"sum": self.sum} if self.sum else None

    def load(self, value: Any) -> None:
        self.sum = float(value["sum"])


def happened(_seen: Seen, _settings: Switch, total: Total) -> Told | None:
    return (f"{total.last:g} came", {"sum": total.sum}) if total.last == 7.0 else None


SEVEN = Notice(
    event="seven",
    kinds=frozenset({"lamp"}),
    notice=happened,
    points=("level",),
    memory=Total,
)
SUM = Estimate(
    name="sum",
    kinds=frozenset({"lamp"}),
    values={"sum": "W"},
    estimate=lambda _seen, _settings, total: {"sum": total.sum},
    memory=Total,
)
ALL: Catalogue = {"over": OVER, "seven": SEVEN, "sum": SUM}


def engine(rules: Catalogue = ALL, **site: Any) -> FaultEngine:
    return FaultEngine((lamp(), lamp("lamp-2")), rules, 14.5, 121.0, site)


def at(second: float, **values: Value) -> Reading:
    return Reading("lamp-1", "lamp", T + round(second * SECOND), values)


def feed(judge: FaultEngine, *levels: float, start: int = 0) -> list[Alarm | Event]:
    out: list[Alarm | Event] = []
    for number, level in enumerate(levels):
        out += judge.feed(at(start + number, level=level))
    return out


# Events


def test_a_notice_becomes_an_event_with_its_sentence_and_figures() -> None:
    [event] = feed(engine(), 1.0, 7.0, 2.0)
    assert event == Event("lamp-1", "seven", T + SECOND, {"message": "7 came", "sum": 8.0})


def test_a_notice_is_asked_only_when_one_of_its_points_was_read() -> None:
    judge = engine()
    assert len(feed(judge, 7.0)) == 1
    assert judge.feed(at(1, slow=1.0)) == []


def test_a_notice_can_be_switched_off() -> None:
    assert feed(engine(seven={"enabled": False}), 7.0) == []


# Values


def test_an_estimate_is_published_with_the_reading_after_those_it_knows() -> None:
    judge = engine()
    assert judge.estimated("lamp-1") == {"sum": "W"}
    feed(judge, 1.0, 2.0)
    assert judge.estimates("lamp-1") == ({"sum": 3.0}, T + SECOND, T + 4 * SECOND)


# Memories that rest on others, and the head of a group


class Share:
    """What part the latest level is of all there were; rests on their sum."""

    rests_on: ClassVar = (Total,)

    def __init__(self, _seen: Seen, total: Total) -> None:
        self.total = total
        self.share = 0.0

    def see(self, _seen: Seen) -> None:
        self.share = (self.total.last or 0.0) / (self.total.sum or 1.0)


SHARE = replace(
    SUM,
    name="share",
    values={"share": ""},
    estimate=lambda _seen, _settings, share: {"share": share.share},
    memory=Share,
)


@pytest.mark.parametrize("order", [("share", "sum"), ("sum", "share"), ("share",)])
def test_a_memory_is_fed_after_those_it_rests_on_and_shares_them(order: tuple[str, ...]) -> None:
    every: Catalogue = {"sum": SUM, "share": SHARE}
    judge = engine({name: every[name] for name in order})
    feed(judge, 1.0, 3.0)
    known = judge.estimates("lamp-1")
    assert known is not None
    assert known.values == {name: {"share": 0.75, "sum": 4.0}[name] for name in order}


def test_a_memory_begins_anew_on_those_that_are_kept() -> None:
    judge = engine({"share": SHARE})
    feed(judge, 1.0, 3.0)
    judge.begin()
    feed(judge, 4.0, start=100)
    assert judge.estimates("lamp-1") == ({"share": 0.5}, T + 100 * SECOND, T + 103 * SECOND)


def test_a_rule_by_head_is_judged_at_readings_of_the_feeders_pillar_alone() -> None:
    asked: list[str] = []

    def judge_(group: Group, _settings: Settings, _memory: None) -> Verdict:
        asked.append(group.latest.device.id)
        return NORMAL

    rule = replace(OVER, kinds=frozenset({"lamp", "feeder"}), judge=judge_, scope="feeder")
    street = (
        replace(lamp(), facts=LampFacts(feeder="F1")),
        replace(lamp("pillar-1"), kind="feeder", facts=FeederFacts(feeder="F1")),
    )
    for by_head, expected in ((False, ["lamp-1", "pillar-1"]), (True, ["pillar-1"])):
        asked.clear()
        rules = {"over": replace(rule, by_head=by_head)}
        judge = FaultEngine(street, rules, 14.5, 121.0)
        judge.feed(at(0, level=1.0))
        judge.feed(replace(at(2, level=1.0), device="pillar-1", kind="feeder"))
        assert asked == expected


# What is learnt


def kept(judge: FaultEngine) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(
        json.dumps({one: judge.learning.dump(one) for one in judge.learning.subjects()})
    )
    return found


def test_what_is_learnt_outlives_a_restart() -> None:
    judge = engine()
    feed(judge, 1.0, 2.0)
    assert kept(judge) == {"lamp-1": {"total/1": {"sum": 3.0}}, "lamp-2": {}}
    after = engine()
    after.learning.load("lamp-1", kept(judge)["lamp-1"])
    feed(after, 4.0, start=10)
    assert kept(after)["lamp-1"] == {"total/1": {"sum": 7.0}}


def test_what_is_learnt_outlives_a_step_of_the_clock_but_not_what_was_under_way() -> None:
    judge = engine()
    feed(judge, 1.0, 2.0)
    judge.begin()
    assert kept(judge)["lamp-1"] == {"total/1": {"sum": 3.0}}
    [event] = feed(judge, 7.0, start=100)
    assert event.values["sum"] == 10.0


@pytest.mark.parametrize("saved", [{"total/0": {"sum": 1.0}}, {"total/1": {}}, {"total/1": None}])
def test_what_cannot_be_loaded_is_learnt_again(saved: dict[str, Any]) -> None:
    judge = engine()
    judge.learning.load("lamp-1", saved)
    judge.learning.load("gone", saved)
    assert kept(judge)["lamp-1"] == {}


def test_a_memory_that_grew_too_large_is_not_kept() -> None:
    class Greedy(Total):
        def dump(self) -> Any:
            return "x" * MOST_LEARNT

    judge = engine({"seven": replace(SEVEN, memory=Greedy)})
    assert kept(judge) == {"lamp-1": {}, "lamp-2": {}}


# What a rule needs


def test_a_rule_without_the_points_it_needs_does_not_judge() -> None:
    both = replace(OVER, needs=(("level", "pressure"), ("lev*", "heat")))
    assert feed(engine({"over": both}), 12.0, 12.0) == []
    assert len(feed(engine({"over": replace(both, needs=(("level", "slow"),))}), 12.0, 12.0)) == 1


def test_a_rule_that_needs_a_poll_rate_is_undecided_below_it() -> None:
    quick = {"over": replace(OVER, at_least_every=2.0)}
    judge = engine(quick)
    assert [one for n in range(6) for one in judge.feed(at(10 * n, level=12.0))][1:] == []
    assert len(feed(judge, 12.0, 12.0, 12.0, start=100)) == 1
    cleared = [one for n in range(6) for one in judge.feed(at(200 + 10 * n, level=1.0))]
    assert cleared == [], "nor does it clear"


def blind(**changes: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    devices = (lamp(), lamp("lamp-2"))
    for one in blind_spots(devices, {"over": replace(OVER, **changes), "seven": SEVEN}):
        yield one.code, one.why, one.devices


def test_which_rules_are_blind_is_told_by_make() -> None:
    both = ("lamp-1", "lamp-2")
    assert list(blind()) == []
    assert list(blind(points=("a", "b"))) == [("over", "no point a or b", both)]
    needs = (("level", "a", "b"), ("c", "d", "e"))
    assert list(blind(needs=needs)) == [("over", "no point a and b", both)]
    slow = "polled every 1 s; it needs 0.25 s or less"
    assert list(blind(at_least_every=0.25)) == [("over", slow, both)]
    assert list(blind(kinds=frozenset({"bin"}), points=("a",))) == []


def test_a_point_s_own_period_counts() -> None:
    rule = replace(OVER, points=("slow",), at_least_every=10.0)
    device = replace(lamp(), points=(Point("slow", None, 60.0), Point("level", None, 1.0)))
    [one] = blind_spots([device], {"over": rule})
    assert one.why == "polled every 60 s; it needs 10 s or less"
