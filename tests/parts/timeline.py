"""A small language for stories of faults: what a device shows when, and what the engine must say.

A story is a title, a blank line, and then one statement a line:

    lamp lamp-1: rated_power 70, feeder F1          a device: kind, id, asset facts
    every 10s, voltage every 60s                    how often it is polled (10s), and single points
    rule lamp_failure: on_delay 20m                 a site-wide setting
    date 2026-03-20                                 the first day (this one), local time of Manila
    at 18:00 switch_command on, power 68 W          from then on its points have these values
    at 18:30 power 3 W
        raise lamp_failure at 18:35                 exactly this must be said, in this order
    at 19:30 end

``lamps 1..3`` in ``lamp lamp-1..3: ...`` declares several; with several devices a statement names
whom it means: ``at 18:30 lamp-2 lamp-3: power 3 W``, else it means all. A device's points are those
its story ever gives a value. Besides values (``on``, ``off``, a number with any unit, a word,
``25 °C +10/min`` for a ramp, ``pulses 2m`` for on in one reading every two minutes, ``counts 2m``
for a counter) a point may be ``bad``, ``uncertain`` or ``unread``; a device may be
``silent`` until it ``answers``, ``unheard`` until ``heard`` (a gap: no readings at all), or polled
``every 60s`` from then on. A device may be ``another`` than its profile describes until it is
``itself``. ``restart`` ends the engine and starts another from its snapshot.
``acknowledge CODE``, ``shelve CODE for 2h`` and the other actions on alarms are a person's; they
may name a subject that is no device (``at 19:00 feeder:F1: reset feeder_outage``). ``end`` is the
last statement, and the time runs on until then. Times run on past midnight;
``at 07:00+13d`` is thirteen days later than ``at 07:00`` would be.

An expectation is ``raise|clear|suppress|unsuppress CODE [SEVERITY] [of SUBJECT] at TIME``, or
``event NAME [of SUBJECT] at TIME``; the severity is left out where it is the rule's own, the
subject where it is the only (or first) device. That an alarm chatters or is stale need only be
expected in stories about that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast, get_args

from gateway.assets import FACTS
from gateway.faults.engine import FaultEngine, Outcome
from gateway.faults.rule import Catalogue, Rule
from gateway.faults.telling import Telling, Transition
from gateway.field.replay import action_of
from gateway.model import ActionName, Device, Kind, Point, Reading, Value
from gateway.recording import Note, Row
from gateway.units import parse_duration

MANILA = timezone(timedelta(hours=8))
PLACE = (14.5547, 121.0244)
SECOND = 1000
DAY = 86_400 * SECOND
ACTIONS = frozenset(get_args(ActionName))
CONDUCT = frozenset({"chattering", "stale"})
FLAGS: Mapping[str, bool] = {"on": True, "off": False, "true": True, "false": False}
NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s+[^\s+]+)?(?:\s+\+(\d+(?:\.\d+)?)/min)?")


@dataclass
class Asset:
    """A declared device: its facts, how often it is polled, and its points' own periods."""

    id: str
    kind: Kind
    facts: dict[str, Any]
    every: float = 10.0
    points: dict[str, float] = field(default_factory=dict)

    def device(self, names: set[str]) -> Device:
        own = dict(self.facts)
        bus = own.pop("bus", "bus-1")
        place = own.pop("latitude", None), own.pop("longitude", None)
        facts = FACTS[self.kind](**own)
        points = tuple(
            Point(name, None, self.points.get(name, self.every)) for name in sorted(names)
        )
        return Device(
            self.id,
            self.kind,
            bus,
            "",
            None,
            None,
            points,
            facts=facts,
            latitude=place[0],
            longitude=place[1],
        )


@dataclass
class Statement:
    """From ``t`` on, ``whom`` do or show ``what``."""

    t: int
    whom: list[str]
    what: list[str]


@dataclass
class Story:
    """A parsed story; ``expected`` lists what must be said, as ``said`` writes it."""

    title: str
    assets: dict[str, Asset] = field(default_factory=dict)
    rules: dict[str, dict[str, object]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    day: date = date(2026, 3, 20)

    def devices(self) -> tuple[Device, ...]:
        shown: dict[str, set[str]] = {
            name: set(asset.points) for name, asset in self.assets.items()
        }
        for statement in self.statements:
            for what in statement.what:
                name, _, rest = what.partition(" ")
                if rest and name not in {"every", *ACTIONS}:
                    for whom in statement.whom:
                        shown[whom].add(name)
        return tuple(asset.device(shown[name]) for name, asset in self.assets.items())


# Parsing


def parse(text: str, rules: Catalogue) -> Story:
    title, _, body = text.partition("\n\n")
    story = Story(title.strip())
    clock = 0
    for line in filter(None, map(str.strip, body.splitlines())):
        word, _, rest = line.partition(" ")
        match word:
            case "date":
                story.day = date.fromisoformat(rest)
            case "rule":
                code, settings = rest.split(": ")
                story.rules[code] = dict(map(_setting, settings.split(", ")))
            case "every":
                _periods(story, line)
            case "at":
                clock = _at(story, rest, clock)
            case "raise" | "clear" | "suppress" | "unsuppress" | "event":
                story.expected.append(_expectation(story, line, rules, clock))
            case _:
                _declare(story, word, rest)
    return story


def _declare(story: Story, kind: str, rest: str) -> None:
    names, _, facts = rest.partition(": ")
    for number, name in enumerate(_spread(names)):
        told = dict(_fact(fact, number) for fact in facts.split(", ") if fact)
        story.assets[name] = Asset(name, cast("Kind", kind), told)


def _spread(names: str) -> list[str]:
    spread = re.fullmatch(r"(.*?)(\d+)\.\.(\d+)", names)
    if not spread:
        return [names]
    return [f"{spread[1]}{n}" for n in range(int(spread[2]), int(spread[3]) + 1)]


def _fact(text: str, number: int) -> tuple[str, Any]:
    key, value = text.split(" ", 1)
    if key == "conflicts":
        return key, tuple(tuple(map(int, pair.split("-"))) for pair in value.split())
    if key in {"dark_ok", "advance_detectors"}:
        return key, tuple(map(int, value.split()))
    if key == "position":
        return key, int(value) + number
    if key in {"longest_cycle", "max_preempt"}:
        return key, parse_duration(value)
    return key, _word(value)


def _word(text: str) -> Value:
    if text in FLAGS:
        return FLAGS[text]
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


def _setting(text: str) -> tuple[str, object]:
    key, value = text.split(" ", 1)
    try:
        return key, parse_duration(value)
    except ValueError:
        return key, _word(value)


def _periods(story: Story, line: str) -> None:
    for part in line.split(", "):
        point, _, every = part.rpartition("every ")
        for asset in story.assets.values():
            if point:
                asset.points[point.strip()] = parse_duration(every)
            else:
                asset.every = parse_duration(every)


def _time(text: str, clock: int) -> int:
    """Milliseconds since the first midnight, at or after ``clock``."""
    text, _, days = text.partition("+")
    parts = [float(part) for part in text.split(":")]
    t = round((parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)) * SECOND)
    while t < clock:
        t += DAY
    return t + (int(days.removesuffix("d")) * DAY if days else 0)


def _at(story: Story, rest: str, clock: int) -> int:
    time, _, what = rest.partition(" ")
    t = _time(time, clock)
    whom = list(story.assets)
    named, colon, after = what.partition(": ")
    if colon:
        whom, what = [name for part in named.split() for name in _spread(part)], after
    story.statements.append(Statement(t, whom, what.split(", ")))
    return t


def _expectation(story: Story, line: str, rules: Catalogue, clock: int) -> str:
    found = re.fullmatch(
        r"(raise|clear|suppress|unsuppress|event) (\w+)"
        r"(?: (?!of )(\w+))?(?: of (\S+))? at (\S+)",
        line,
    )
    assert found, f"not an expectation: {line}"
    change, code, severity, subject, time = found.groups()
    rule = rules[code]
    grave = severity or (rule.severity.value if isinstance(rule, Rule) else None)
    return said(change, code, grave, subject or next(iter(story.assets)), _time(time, clock))


def said(change: str, code: str, severity: str | None, subject: str, t: int) -> str:
    """``raise lamp_failure minor of lamp-1 at 18:35:00``; an event has no severity."""
    grave = f" {severity}" if severity else ""
    return f"{change} {code}{grave} of {subject} at {timedelta(milliseconds=t)}"


# Playing


def start(story: Story) -> int:
    """The first midnight, in ms UTC."""
    midnight = datetime(story.day.year, story.day.month, story.day.day, tzinfo=MANILA)
    return round(midnight.timestamp() * 1000)


def rows(story: Story) -> Iterator[Row]:
    """The story as a recording: every reading and note of it, in order."""
    zero = start(story)
    shows = {name: Shows(asset) for name, asset in story.assets.items()}
    begin = story.statements[0].t
    due = dict.fromkeys(story.assets, begin)
    for statement, following in zip(
        story.statements, [*story.statements[1:], story.statements[-1]], strict=True
    ):
        for what in statement.what:
            yield from _happens(statement, what, shows, due, zero)
        while (t := min(due.values())) < following.t:
            for name in [name for name, at in due.items() if at == t]:
                reading = shows[name].reading(t, t - begin, zero)
                if reading is not None:
                    yield reading
                due[name] = t + round(shows[name].every * SECOND)


def _happens(
    statement: Statement, what: str, shows: Mapping[str, Shows], due: dict[str, int], zero: int
) -> Iterator[Row]:
    word, _, rest = what.partition(" ")
    if what == "restart":
        yield Note(zero + statement.t, "restart")
    elif what == "end":
        yield Note(zero + statement.t, "stop")
    elif word in ACTIONS:
        code, _, period = rest.partition(" for ")
        asked = {"code": code, "action": word, "by": "ana", **({"for": period} if period else {})}
        for name in statement.whom:
            yield Note(zero + statement.t, "action", {"device": name, **asked})
    else:
        for name in statement.whom:
            shows[name].now(what, statement.t)
            if word == "every":
                due[name] = statement.t


class Shows:
    """What a device shows as its story goes on."""

    def __init__(self, asset: Asset) -> None:
        self.asset = asset
        self.every = asset.every
        self.silent = self.unheard = self.another = False
        self.values: dict[str, tuple[int, Value, float]] = {}
        self.quality: dict[str, str] = {}
        self.rhythms: dict[str, tuple[str, int]] = {}

    def now(self, what: str, t: int) -> None:
        word, _, rest = what.partition(" ")
        match word:
            case "silent" | "answers":
                self.silent = word == "silent"
            case "unheard" | "heard":
                self.unheard = word == "unheard"
            case "another" | "itself":
                self.another = word == "another"
            case "every":
                self.every = parse_duration(rest)
            case _ if rest in {"bad", "uncertain", "unread"}:
                self.quality[word] = rest
            case _:
                self.quality.pop(word, None)
                self.rhythms.pop(word, None)
                if rest.startswith(("pulses ", "counts ")):
                    how, _, period = rest.partition(" ")
                    self.rhythms[word] = (how, round(parse_duration(period) * SECOND))
                number = NUMBER.fullmatch(rest)
                value = float(number[1]) if number else _word(rest)
                self.values[word] = (t, value, float(number[2] or 0) if number else 0.0)

    def reading(self, t: int, since: int, zero: int) -> Reading | None:
        name, kind = self.asset.id, self.asset.kind
        if self.unheard:
            return None
        if self.silent:
            return Reading(name, kind, zero + t, silent="timeout")
        read = [
            point
            for point in self.values
            if since % round(self.asset.points.get(point, 0.001) * SECOND) == 0
            and self.quality.get(point) != "unread"
        ]
        bad = {point: "bad" for point in read if self.quality.get(point) == "bad"}
        uncertain = frozenset(p for p in read if self.quality.get(p) == "uncertain")
        values = {point: self._value(point, t) for point in read if point not in bad}
        if self.another:
            uncertain, bad = frozenset(values), {**bad, "identity": "holding 0 holds 0x0001"}
        return Reading(name, kind, zero + t, values, uncertain, bad)

    def _value(self, point: str, t: int) -> Value:
        since, value, slope = self.values[point]
        if point in self.rhythms:
            how, period = self.rhythms[point]
            if how == "counts":
                return (t - since) // period
            return (t - since) % period < self.every * SECOND
        if isinstance(value, float) and slope:
            return value + slope * (t - since) / 60_000
        return value


def engine(story: Story, rules: Catalogue) -> FaultEngine:
    for code, settings in story.rules.items():
        known = {one.name for one in fields(rules[code].settings)}
        assert set(settings) <= known, f"{code} has no setting {set(settings) - known}"
    return FaultEngine(story.devices(), rules, *PLACE, story.rules, MANILA)


def outcomes(story: Story, rules: Catalogue) -> list[Outcome]:
    """Everything the engine says; a restart goes through a snapshot in JSON."""
    judge = engine(story, rules)
    heard: list[Outcome] = []
    for row in rows(story):
        if isinstance(row, Reading):
            heard += judge.feed(row)
        elif row.note == "restart":
            saved, learnt = json.loads(json.dumps([judge.snapshot(), dumped(judge)]))
            judge = engine(story, rules)
            heard += judge.restore(saved, row.t)
            for subject, memories in learnt.items():
                judge.learning.load(subject, memories)
        elif row.note == "action":
            heard += judge.act(action_of(row))
        else:
            heard += judge.tick(row.t)
    return heard


def dumped(judge: FaultEngine) -> dict[str, Any]:
    """All that was learnt, by subject."""
    return {subject: judge.learning.dump(subject) for subject in judge.learning.subjects()}


def play(story: Story, rules: Catalogue) -> list[str]:
    """What the engine says of a story, in the words of its expectations."""
    return in_words(story, filter(None, map(Telling().of, outcomes(story, rules))))


def in_words(story: Story, told: Iterable[Transition]) -> list[str]:
    """Transitions in the words of a story's expectations."""
    zero = start(story)
    words = [
        said(t["transition"], t["code"], t["severity"], t["device"], t["t"] - zero) for t in told
    ]
    about = {line.split()[1] for line in story.expected}
    return [line for line in words if line.split()[1] not in CONDUCT - about]


def stories(folder: Path) -> list[Path]:
    """Every story of a folder and its folders."""
    return sorted(folder.rglob("*.story"))
