"""A condition "for D": two good readings that span it, and no hole between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.faults.rule import BETWEEN, CERTAIN, MET, NORMAL, Verdict
from gateway.faults.timing import Delays, Run

SECOND = 1000
FIVE = Delays(on=5 * SECOND, off=0, readings=2)
SLOW_OFF = Delays(on=0, off=10 * SECOND, readings=2)


def run(verdicts: list[tuple[int, Verdict]], delays: Delays, period: int = 1) -> list[Verdict]:
    """What each verdict, at its second, establishes."""
    one = Run()
    return [one.step(v, t * SECOND, delays, period * SECOND) for t, v in verdicts]


def test_it_is_met_when_the_readings_span_the_delay() -> None:
    assert run([(t, MET) for t in range(7)], FIVE) == [BETWEEN] * 5 + [MET, MET]


def test_one_reading_is_never_enough() -> None:
    no_delay = Delays(on=0, off=0, readings=2)
    assert run([(0, MET)], no_delay) == [BETWEEN]
    assert run([(0, MET), (1, MET)], no_delay) == [BETWEEN, MET]


def test_the_same_moment_twice_is_one_reading() -> None:
    no_delay = Delays(on=0, off=0, readings=2)
    assert run([(0, MET), (0, MET), (1, MET)], no_delay) == [BETWEEN, BETWEEN, MET]


def test_a_normal_or_a_dead_band_reading_breaks_the_run() -> None:
    for breaker in (NORMAL, BETWEEN):
        said = run([(0, MET), (3, MET), (4, breaker), (5, MET), (9, MET), (10, MET)], FIVE)
        assert said == [BETWEEN, BETWEEN, breaker, BETWEEN, BETWEEN, MET]


def test_a_hole_longer_than_the_delay_and_three_periods_breaks_the_run() -> None:
    assert run([(0, MET), (5, MET)], FIVE)[-1] is MET
    assert run([(0, MET), (6, MET), (11, MET)], FIVE) == [BETWEEN, BETWEEN, MET]


def test_slow_polls_are_no_hole() -> None:
    assert run([(0, MET), (60, MET)], FIVE, period=60)[-1] is MET
    assert run([(0, MET), (180, MET)], FIVE, period=60)[-1] is MET
    assert run([(0, MET), (181, MET)], FIVE, period=60)[-1] is BETWEEN


def test_what_is_certain_needs_no_delay_but_two_readings() -> None:
    assert run([(0, CERTAIN), (1, CERTAIN)], FIVE) == [BETWEEN, MET]
    assert run([(0, CERTAIN), (1, MET), (2, CERTAIN)], FIVE)[-1] is BETWEEN


def test_a_normal_is_timed_by_the_off_delay() -> None:
    assert run([(t, NORMAL) for t in (0, 5, 10)], SLOW_OFF) == [BETWEEN, BETWEEN, NORMAL]
    broken = run([(0, NORMAL), (5, BETWEEN), (10, NORMAL), (20, NORMAL)], SLOW_OFF)
    assert broken == [BETWEEN, BETWEEN, BETWEEN, NORMAL]
    hole = run([(0, NORMAL), (11, NORMAL), (21, NORMAL)], SLOW_OFF)
    assert hole == [BETWEEN, BETWEEN, NORMAL]


def test_forgetting_begins_anew() -> None:
    one = Run()
    one.step(MET, 0, FIVE, SECOND)
    one.forget()
    assert one.step(MET, 5 * SECOND, FIVE, SECOND) is BETWEEN


readings = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([MET, CERTAIN, NORMAL, BETWEEN])), max_size=30
)


@given(readings, st.integers(0, 20), st.integers(1, 3), st.integers(1, 10))
def test_met_means_enough_readings_over_the_delay_without_a_hole(
    steps: list[tuple[int, Verdict]], delay: int, needed: int, period: int
) -> None:
    """Checked against the plain words of domain §0, reading backwards from each ``MET``."""
    t, verdicts = 0, []
    for gap, verdict in steps:
        t += gap
        verdicts.append((t, verdict))
    delays = Delays(on=delay * SECOND, off=0, readings=needed)
    for i, said in enumerate(run(verdicts, delays, period)):
        streak = [verdicts[i]] if verdicts[i][1] in {MET, CERTAIN} else []
        for earlier in reversed(verdicts[:i]):
            if not streak or earlier[1] not in {MET, CERTAIN}:
                break
            if streak[-1][0] - earlier[0] > max(3 * period, delay):
                break
            streak.append(earlier)
        moments = sorted({at for at, _ in streak})
        held = len(moments) >= needed and moments[-1] - moments[0] >= delay
        sure = moments[-needed:] if len(moments) >= needed else []
        certain = bool(sure) and all(v is CERTAIN for at, v in streak if at in sure)
        if said is MET:
            assert held or any(v is CERTAIN for _, v in streak)
        if held or certain:
            assert said is MET
