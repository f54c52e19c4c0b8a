"""An alarm's life, as a table (ISA-18.2 / IEC 62682, domain §5).

A state and a step give the next state; a pair that is not in the table has no effect. Whether the
condition is present is told by the alarm itself: ``cleared`` is None while it is.

    A normal          --raise-->  B unacknowledged
    B unacknowledged  --acknowledge-->  C acknowledged       --clear-->  D returned
    C acknowledged    --clear-->  A normal
    D returned        --acknowledge-->  A normal             --raise-->  B again
    B, C, D           --replace-->  A (a more specific code now stands for it)
    any               --shelve-->  E   --suppress-->  F   --remove-->  G (out of service)
    E, F, G           --their own way back-->  B if the condition is present, else A

A *latched* alarm does not go to normal by itself: once its condition is gone and somebody has
acknowledged it, it waits in C for a reset. A reset is given by a person, so it acknowledges too;
while the condition is present it has no effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto
from types import MappingProxyType

from gateway.model import Acknowledgement, Alarm, Millis, State


class Step(Enum):
    """What can happen to an alarm: the field raises and clears, people and logic do the rest."""

    RAISE = auto()
    CLEAR = auto()
    REPLACE = auto()
    ACKNOWLEDGE = auto()
    RESET = auto()
    SHELVE = auto()
    UNSHELVE = auto()
    SUPPRESS = auto()
    UNSUPPRESS = auto()
    REMOVE = auto()
    RETURN = auto()


_A, _B, _C, _D = State.NORMAL, State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED
_E, _F, _G = State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE

TABLE: Mapping[tuple[State, Step], State] = MappingProxyType(
    {
        (_A, Step.RAISE): _B,
        (_B, Step.ACKNOWLEDGE): _C,
        (_B, Step.CLEAR): _D,
        (_C, Step.CLEAR): _A,
        (_D, Step.ACKNOWLEDGE): _A,
        (_D, Step.RAISE): _B,
        **{(state, Step.REPLACE): _A for state in (_B, _C, _D)},
        # Aside, an alarm follows its condition without changing state.
        **{
            (aside, step): aside
            for aside in (_E, _F, _G)
            for step in (Step.RAISE, Step.CLEAR, Step.REPLACE)
        },
        **{(state, Step.SHELVE): _E for state in State},
        **{(state, Step.SUPPRESS): _F for state in State},
        **{(state, Step.REMOVE): _G for state in State},
    }
)

LATCHED: Mapping[tuple[State, Step], State] = MappingProxyType(
    {
        **TABLE,
        (_C, Step.CLEAR): _C,
        (_C, Step.RAISE): _B,
        (_D, Step.ACKNOWLEDGE): _C,
        (_C, Step.RESET): _A,
        (_D, Step.RESET): _A,
    }
)

WAYS_BACK: Mapping[tuple[State, Step], None] = MappingProxyType(
    {(_E, Step.UNSHELVE): None, (_F, Step.UNSUPPRESS): None, (_G, Step.RETURN): None}
)


def present(alarm: Alarm) -> bool:
    """Whether the alarm's condition is there, as far as anybody has seen."""
    return alarm.cleared is None


def after(state: State, step: Step, *, latched: bool, there: bool) -> State | None:
    """The state a step leads to; None if it has no effect. ``there``: the condition is present."""
    if (state, step) in WAYS_BACK:
        return _B if there else _A
    if step is Step.RESET and there:
        return None
    return (LATCHED if latched else TABLE).get((state, step))


def advance(
    alarm: Alarm, step: Step, t: Millis, *, latched: bool = False, by: str = ""
) -> Alarm | None:
    """The alarm after a step at ``t``; None if the step has no effect. ``by`` names the person."""
    state = after(alarm.state, step, latched=latched, there=present(alarm))
    if state is None:
        return None
    raised, cleared, acknowledged = alarm.raised, alarm.cleared, alarm.acknowledged
    if step is Step.RAISE:
        raised, cleared, acknowledged = t, None, None
    elif step is Step.CLEAR or (step is Step.REPLACE and cleared is None):
        cleared = t
    elif step is Step.ACKNOWLEDGE or (step is Step.RESET and acknowledged is None):
        acknowledged = Acknowledgement(by, t)
    return replace(
        alarm,
        t=t,
        state=state,
        raised=raised,
        cleared=cleared,
        acknowledged=acknowledged,
        until=alarm.until if state is _E else None,
    )
