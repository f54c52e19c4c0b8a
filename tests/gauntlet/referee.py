"""What was answered, what was committed, what is stored: do they agree?

Pure: from the witnesses' records, the database's rows and the field's memory to ``Findings``. A
reading is known by gateway, device and time, and those of the numbered devices by their number as
well. A reading without values (a silent device) has no row and needs none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from gateway.model import Millis, Value
from tests.gauntlet.lives import Life, Moment
from tests.gauntlet.numbered import Field, number_of
from tests.gauntlet.witness import Committed, Witness

Key: TypeAlias = tuple[str, str, Millis]
Row: TypeAlias = Mapping[str, Any]

TAGS = {"time", "site", "gateway", "device", "code", "event"}


class Known(NamedTuple):
    """A committed reading and the record it lies in."""

    values: Mapping[str, Value]
    stream: str
    seq: int


@dataclass
class Findings:
    """Counts, and in words what should not be; ``windows`` are the loss windows by gateway, ms."""

    committed: int = 0
    valueless: int = 0
    stored: int = 0
    alarms: int = 0
    events: int = 0
    lost: list[str] = field(default_factory=list)
    on_record: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    from_nowhere: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    uncommitted: int = 0
    windows: dict[str, list[Millis]] = field(default_factory=dict)

    def wrong(self) -> list[str]:
        """Every promise that was not kept."""
        named = {
            "committed and not stored": self.lost,
            "stored twice": self.twice,
            "stored otherwise than committed": self.differing,
            "stored and never committed": self.from_nowhere,
            "answered, not committed, and not at the end of a life": self.holes,
        }
        return [f"{len(found)} {what}: {found[:3]}" for what, found in named.items() if found]


def compare(
    witnesses: Mapping[str, Witness],
    stored: Iterable[Row],
    alarms: Iterable[Row],
    events: Iterable[Row],
) -> Findings:
    """Committed against stored; witnesses by gateway."""
    found = Findings()
    given_up = {name: drops(witness) for name, witness in witnesses.items()}
    known: dict[Key, Known] = {}
    for name, witness in witnesses.items():
        found.differing += witness.differing
        for record in witness.records.values():
            if record.lane == "telemetry":
                _take(found, known, name, record)
    there = _rows(found, stored, known)
    for key, reading in known.items():
        if reading.values and key not in there:
            reason = given_up[key[0]].get((reading.stream, reading.seq))
            if reason is None:
                found.lost.append(f"{key} of {reading.stream} {reading.seq}")
            else:
                found.on_record[reason] += 1
    _outcomes(found, witnesses, alarms, events)
    return found


def _take(found: Findings, known: dict[Key, Known], gateway: str, record: Committed) -> None:
    for reading in json.loads(b"[%s]" % record.body):
        found.committed += 1
        found.valueless += not reading["v"]
        key = gateway, reading["d"], reading["t"]
        if known.setdefault(key, Known(reading["v"], record.stream, record.seq)).seq != record.seq:
            found.twice.append(f"{key} was committed twice")


def _rows(found: Findings, stored: Iterable[Row], known: Mapping[Key, Known]) -> set[Key]:
    """The keys of the stored rows, each compared with what was committed."""
    there: set[Key] = set()
    numbers: set[tuple[str, int]] = set()
    for row in stored:
        key = row["gateway"], row["device"], row["time"]
        values = fields(row)
        found.stored += 1
        if key in there:
            found.twice.append(f"{key}")
        there.add(key)
        number = number_of(values)
        if number is not None:
            if (row["device"], number) in numbers:
                found.twice.append(f"answer {number} of {row['device']}, again at {row['time']}")
            numbers.add((row["device"], number))
        if key not in known:
            found.from_nowhere.append(f"{key}")
        elif not same(known[key].values, values):
            found.differing.append(f"{key}: {known[key].values} became {values}")
    return there


def fields(row: Row) -> dict[str, Value]:
    """The values of a row as the gateway sent them: no tags, no marks of quality, no codes."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and name not in TAGS and not name.endswith(("_q", "_code"))
    }


def same(committed: Mapping[str, Value], stored: Mapping[str, Value]) -> bool:
    """Numbers are floats in the database; everything else is as it was."""
    return committed.keys() == stored.keys() and all(
        stored[name] == value
        and isinstance(value, bool | str) == isinstance(stored[name], bool | str)
        for name, value in committed.items()
    )


def drops(witness: Witness) -> dict[tuple[str, int], str]:
    """What the gateway says it gave up, by stream and seq, and why."""
    told = [(d[1], d[2], d[3], d[4]) for d in witness.losses]
    for record in witness.records.values():
        if record.head.startswith("event/"):
            event = json.loads(record.body)
            if event.get("event") == "dropped":
                told += _dropped(event["values"])
    return {(stream, seq): why for stream, a, b, why in told for seq in range(a, b + 1)}


def _dropped(values: Mapping[str, Any]) -> Iterator[tuple[str, int, int, str]]:
    for first, last in values["ranges"]:
        yield values["stream"], first, last, values["reason"]


def _outcomes(
    found: Findings, witnesses: Mapping[str, Witness], alarms: Iterable[Row], events: Iterable[Row]
) -> None:
    """Alarms by device, code and time; events by device, name and time."""
    alarm_rows = {(r["gateway"], r["device"], r["code"], r["time"]): r["state"] for r in alarms}
    event_rows = {(r["gateway"], r["device"], r["event"], r["time"]) for r in events}
    for name, witness in witnesses.items():
        for record in witness.records.values():
            kind, _, rest = record.head.partition("/")
            if kind == "alarm" and record.body:
                device, _, code = rest.partition("/")
                alarm = json.loads(record.body)
                found.alarms += 1
                if (name, device, code, alarm["t"]) not in alarm_rows:
                    found.lost.append(f"alarm {rest} of {alarm['t']}, {alarm['state']}")
            elif kind == "event" and record.body:
                event = json.loads(record.body)
                found.events += 1
                if (name, rest, event["event"], event["t"]) not in event_rows:
                    found.lost.append(f"event {event['event']} of {rest} at {event['t']}")


# --- what was answered and never committed


def windows(
    found: Findings, gateway: str, witness: Witness, lives: Sequence[Life], field: Field
) -> None:
    """Look through every life of a gateway: what it polled and lost must be the end of the life.

    The loss window of a life that was killed is the age of the oldest answer that was lost.
    """
    numbers, silent = _numbers(witness)
    mine = [name for name in numbers if name in field.answered]
    found.windows[gateway] = []
    for life in lives:
        oldest = life.struck
        for device in mine:
            given = field.numbers(device, life.began, life.ended)
            kept = [number for number in given if number in numbers[device]]
            last = kept[-1] if kept else given.start - 1
            found.uncommitted += given.stop - 1 - last
            gone = len(range(given.start, last + 1)) - len(kept)
            if gone > sum(life.began <= t <= life.ended for t in silent.get(device, ())):
                found.holes.append(f"{gone} answers of {device} before {given.stop - 1}")
            if last + 1 < given.stop:
                oldest = min(oldest, field.answered[device][last])
        if life.killed and life.ran and life.moment is not Moment.STOPPING:
            found.windows[gateway].append(life.struck - oldest)


def _numbers(witness: Witness) -> tuple[dict[str, set[int]], dict[str, list[Millis]]]:
    """By device: the numbers that were committed, and the times of readings without values."""
    numbers: dict[str, set[int]] = {}
    silent: dict[str, list[Millis]] = {}
    for record in witness.records.values():
        if record.lane == "telemetry":
            for reading in json.loads(b"[%s]" % record.body):
                number = number_of(reading["v"])
                if number is not None:
                    numbers.setdefault(reading["d"], set()).add(number)
                elif not reading["v"]:
                    silent.setdefault(reading["d"], []).append(reading["t"])
    return numbers, silent
