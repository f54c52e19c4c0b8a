"""The demo's judgement: what is found, what is missed, and what nobody injected."""

from __future__ import annotations

from simulators.demo.verdict import DUE, Raise, judge
from simulators.faults import Label

DARK = Label("lamp-1", "lamp_failure", "lamp_failure", "lamp-1", at=10_000, until=30_000)
DIP = Label("lamp-1", "dip", None, "lamp-1", at=10_000, until=30_000, may=("voltage_low",))


def test_a_fault_is_found_when_its_alarm_comes_up() -> None:
    verdict = judge([DARK], [Raise("lamp-1", "lamp_failure", 15_000)])
    (found,) = verdict.injected
    assert (found.detected_after_ms, verdict.missed, verdict.false_alarms) == (5_000, 0, 0)
    assert verdict.alarms == {"lamp_failure": 1}


def test_a_fault_without_its_alarm_is_missed() -> None:
    assert judge([DARK], []).missed == 1


def test_another_code_or_another_device_is_a_false_alarm_and_finds_nothing() -> None:
    for wrong in (Raise("lamp-1", "comm_loss", 15_000), Raise("lamp-2", "lamp_failure", 15_000)):
        verdict = judge([DARK], [wrong])
        assert (verdict.missed, verdict.false_alarms) == (1, 1)


def test_an_alarm_before_its_fault_or_long_after_is_false() -> None:
    for at in (9_999, 45_001):
        verdict = judge([DARK], [Raise("lamp-1", "lamp_failure", at)])
        assert (verdict.missed, verdict.false_alarms) == (1, 1)


def test_a_fault_that_was_not_due_when_the_watching_ended_is_not_missed() -> None:
    assert judge([DARK], [], ended=10_000 + DUE - 1).missed == 0
    assert judge([DARK], [], ended=10_000 + DUE).missed == 1


def test_a_nuisance_is_nothing_to_find_and_excuses_only_what_may_come_along() -> None:
    verdict = judge([DIP], [Raise("lamp-1", "voltage_low", 15_000)])
    assert (verdict.injected, verdict.missed, verdict.false_alarms) == ((), 0, 0)
    assert judge([DIP], [Raise("lamp-1", "lamp_failure", 15_000)]).false_alarms == 1


def test_one_alarm_heard_twice_counts_once() -> None:
    alarm = Raise("lamp-1", "lamp_failure", 15_000)
    assert judge([DARK], [alarm, alarm]).alarms == {"lamp_failure": 1}
