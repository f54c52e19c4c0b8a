"""What readings, alarms and events become in a history, whichever database it is (contracts §7).

One reading is one row: a time, and a field for each value that is not bad. A number is always a
float, so that a vendor who counts in whole watts does not fix the field's type for the others;
these functions leave whole numbers as Python has them, and every writer puts them down as floats.
An uncertain value gets ``{point}_q = 1`` beside it, a label with a known code ``{point}_code``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import orjson

from gateway.model import Alarm, Event, Reading, Severity, State, Value

Codes: TypeAlias = Mapping[str, Mapping[str, int]]
"""A device's enum points: point name → label → code."""

STATE_CODES: Mapping[State, int] = MappingProxyType(
    {state: code for code, state in enumerate(State)}
)
"""0 normal … 6 out-of-service: the states in the order of the contract, A to G of ISA-18.2."""

SEVERITY_CODES: Mapping[Severity, int] = MappingProxyType(
    {severity: code for code, severity in enumerate(reversed(Severity), start=1)}
)
"""1 warning … 4 critical: the graver, the higher, so that a maximum is the worst."""

NO_CODES: Codes = MappingProxyType({})


def reading_fields(reading: Reading, codes: Codes = NO_CODES) -> Mapping[str, Value]:
    """The fields of a reading's row; empty if it was silent or all of it bad."""
    values = reading.values
    if not reading.uncertain and codes.keys().isdisjoint(values):
        return values
    beside: dict[str, Value] = {
        f"{name}_q": 1 for name in sorted(reading.uncertain) if name in values
    }
    for name in codes.keys() & values.keys():
        label = values[name]
        if isinstance(label, str) and label in codes[name]:
            beside[f"{name}_code"] = codes[name][label]
    return {**beside, **values}


def alarm_fields(alarm: Alarm) -> Mapping[str, Value]:
    """The fields of an alarm's row: its state and severity as words and as codes, its message."""
    return {
        "state": str(alarm.state),
        "severity": str(alarm.severity),
        "message": alarm.message,
        "state_code": STATE_CODES[alarm.state],
        "severity_code": SEVERITY_CODES[alarm.severity],
    }


def event_fields(event: Event) -> Mapping[str, Value]:
    """The one field of an event's row: its values as a JSON object."""
    return {"values": orjson.dumps(event.values, default=dict).decode()}
