"""An alarm's life is the table of ISA-18.2, plus the reset of latched codes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faults.lifecycle import Step, advance, after, present
from gateway.faults.people import STEPS, offered
from gateway.model import Alarm, Severity, State

NORMAL, UNACK, ACK, RETURNED = (
    State.NORMAL,
    State.UNACKNOWLEDGED,
    State.ACKNOWLEDGED,
    State.RETURNED,
)
BLANK = Alarm("lamp-1", "lamp_failure", 0, NORMAL, Severity.MINOR, "dark", 0)


def life(*steps: Step, latched: bool = False) -> Alarm:
    """The alarm after these steps, one a second; a step without effect fails the test."""
    alarm = BLANK
    for number, step in enumerate(steps, 1):
        following = advance(alarm, step, number * 1000, latched=latched, by="ana")
        assert following is not None, f"{step} has no effect in {alarm.state}"
        alarm = following
    return alarm


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((Step.RAISE,), UNACK),
        ((Step.RAISE, Step.ACKNOWLEDGE), ACK),
        ((Step.RAISE, Step.ACKNOWLEDGE, Step.CLEAR), NORMAL),
        ((Step.RAISE, Step.CLEAR), RETURNED),
        ((Step.RAISE, Step.CLEAR, Step.ACKNOWLEDGE), NORMAL),
        ((Step.RAISE, Step.CLEAR, Step.RAISE), UNACK),
        ((Step.RAISE, Step.REPLACE), NORMAL),
        ((Step.RAISE, Step.SHELVE), State.SHELVED),
        ((Step.RAISE, Step.SHELVE, Step.UNSHELVE), UNACK),
        ((Step.RAISE, Step.SHELVE, Step.CLEAR, Step.UNSHELVE), NORMAL),
        ((Step.RAISE, Step.SUPPRESS, Step.CLEAR), State.SUPPRESSED),
        ((Step.RAISE, Step.SUPPRESS, Step.UNSUPPRESS), UNACK),
        ((Step.RAISE, Step.CLEAR, Step.REMOVE, Step.RAISE), State.OUT_OF_SERVICE),
        ((Step.RAISE, Step.CLEAR, Step.REMOVE, Step.RAISE, Step.RETURN), UNACK),
    ],
)
def test_an_alarm_follows_the_table(steps: tuple[Step, ...], state: State) -> None:
    assert life(*steps).state is state


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((Step.RAISE, Step.ACKNOWLEDGE, Step.CLEAR), ACK),
        ((Step.RAISE, Step.CLEAR, Step.ACKNOWLEDGE), ACK),
        ((Step.RAISE, Step.CLEAR, Step.ACKNOWLEDGE, Step.RAISE), UNACK),
        ((Step.RAISE, Step.CLEAR, Step.ACKNOWLEDGE, Step.RESET), NORMAL),
        ((Step.RAISE, Step.CLEAR, Step.RESET), NORMAL),
    ],
)
def test_a_latched_alarm_waits_for_its_reset(steps: tuple[Step, ...], state: State) -> None:
    assert life(*steps, latched=True).state is state


def test_a_reset_is_refused_while_the_condition_is_present() -> None:
    for steps in ((Step.RAISE,), (Step.RAISE, Step.ACKNOWLEDGE)):
        assert advance(life(*steps, latched=True), Step.RESET, 9000, latched=True) is None


def test_only_latched_alarms_can_be_reset() -> None:
    assert advance(life(Step.RAISE, Step.CLEAR), Step.RESET, 9000) is None


def test_who_and_when_are_kept() -> None:
    alarm = life(Step.RAISE, Step.ACKNOWLEDGE)
    assert alarm.acknowledged is not None
    assert (alarm.acknowledged.by, alarm.acknowledged.at) == ("ana", 2000)
    assert (alarm.t, alarm.raised, alarm.cleared) == (2000, 1000, None)
    reset = life(Step.RAISE, Step.CLEAR, Step.RESET, latched=True)
    assert reset.acknowledged is not None, "a reset is a person's, so it acknowledges too"
    assert reset.cleared == 2000


def test_raised_again_it_is_a_new_alarm_to_take_notice_of() -> None:
    alarm = life(Step.RAISE, Step.ACKNOWLEDGE, Step.CLEAR, Step.RAISE, latched=True)
    assert (alarm.state, alarm.raised, alarm.cleared) == (UNACK, 4000, None)
    assert alarm.acknowledged is None


def test_acknowledging_twice_has_no_effect() -> None:
    assert advance(life(Step.RAISE, Step.ACKNOWLEDGE), Step.ACKNOWLEDGE, 9000) is None


@given(st.lists(st.sampled_from(Step)), st.booleans())
def test_whatever_happens_the_state_agrees_with_the_condition(
    steps: list[Step], latched: bool
) -> None:
    alarm = replace(BLANK, cleared=0)
    for t, step in enumerate(steps, 1):
        alarm = advance(alarm, step, t, latched=latched, by="ana") or alarm
        if alarm.state is UNACK:
            assert present(alarm)
        if alarm.state in {NORMAL, RETURNED}:
            assert not present(alarm)
        if alarm.state is ACK and not latched:
            assert present(alarm)


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_put_aside_and_left_again(state: State) -> None:
    for aside, back in (
        (Step.SHELVE, Step.UNSHELVE),
        (Step.SUPPRESS, Step.UNSUPPRESS),
        (Step.REMOVE, Step.RETURN),
    ):
        put = after(state, aside, latched=False, there=True)
        assert put is not None
        assert after(put, back, latched=False, there=True) is UNACK
        assert after(put, back, latched=False, there=False) is NORMAL


@given(st.sampled_from(State), st.booleans(), st.booleans())
def test_a_person_is_offered_what_leads_somewhere(
    state: State, latched: bool, cleared: bool
) -> None:
    alarm = replace(BLANK, state=state, cleared=5 if cleared else None)
    steps = {name: advance(alarm, step, 9, latched=latched) for name, step in STEPS.items()}
    leads = {name for name, to in steps.items() if to is not None and to.state is not state}
    assert set(offered(alarm, latched=latched)) == leads | {"work-order", "comment"}


def test_a_latched_alarm_offers_its_reset_only_once_it_is_over() -> None:
    standing = life(Step.RAISE, latched=True)
    over = life(Step.RAISE, Step.CLEAR, latched=True)
    assert "reset" not in offered(standing, latched=True)
    assert offered(over, latched=True)[:2] == ("acknowledge", "reset")
    assert "reset" not in offered(life(Step.RAISE, Step.CLEAR), latched=False)
