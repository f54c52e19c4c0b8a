"""Replay: a recording through the fault engine, on the recording's own clock, opening no bus.

The engine is the daemon's own, so a replay decides as the edge did: notes tell it of restarts,
steps of the clock and what people asked of alarms. Only what changes between *there* and *not
there* is told; who acknowledged what is the console's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.config.site import Site
from gateway.edge.health import gateway_device
from gateway.edge.judge import engine_of
from gateway.faults.engine import FaultEngine, Outcome
from gateway.faults.rules import load_rules
from gateway.faults.snapshot import VERSION
from gateway.faults.telling import Telling, Transition
from gateway.log import get_logger
from gateway.model import AlarmAction, Kind
from gateway.recording import Note, RecordingError, Row, read
from gateway.units import parse_duration

log = get_logger()


def transitions(site: Site, recording: Path) -> Iterator[Transition]:
    """What the site's rules make of a recording, in order, as the objects of contracts §2.

    A device of the recording that is not in the site file is told once, on the log, and left out.
    Raises RecordingError for a row that is wrong, OSError if the file cannot be opened.
    """
    telling = Telling()
    for (outcomes,) in played((Player(site),), recording):
        for outcome in outcomes:
            told = telling.of(outcome)
            if told is not None:
                yield told


def played(players: Sequence[Player], recording: Path) -> Iterator[Sequence[list[Outcome]]]:
    """What each of the players makes of each row, in turn; raises as ``transitions`` does."""
    for row in read(recording, players[0].kinds):
        try:
            yield [player.play(row) for player in players]
        except ValueError as wrong:  # of a note: an alarm or an action that is none
            raise RecordingError(recording, 0, str(wrong)) from None


class Player:
    """Feeds a recording's rows to the engine of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rules = load_rules()
        self._devices = (*site.devices, gateway_device(site))
        #: Every device's kind, for whoever reads the recording.
        self.kinds: Mapping[str, Kind] = {device.id: device.kind for device in self._devices}
        self._strangers: set[str] = set()
        self._begun: Note | None = None
        self._carried: list[object] = []
        self._engine = self._make()

    def _make(self) -> FaultEngine:
        return engine_of(self._site, self._devices, self._rules)

    def play(self, row: Row) -> list[Outcome]:
        """What one row makes of the alarms."""
        if isinstance(row, Note):
            return self._note(row)
        out = self._resume() if self._begun is not None else []
        if row.device not in self.kinds and row.device not in self._strangers:
            self._strangers.add(row.device)
            log.warning("not in the site file, left out", device=row.device)
        return out + self._engine.feed(row)

    def _note(self, note: Note) -> list[Outcome]:
        told = note.fields
        match note.note:
            case "restart" if told.get("fresh"):
                self._engine, self._begun, self._carried = self._make(), note, []
                return []
            case "alarm":
                self._carried.append(told.get("alarm"))
                return []
            case "learnt":
                self._engine.learning.load(str(told.get("subject")), told.get("learnt", {}))
                return []
        out = self._resume() if self._begun is not None else []
        if note.note in {"restart", "clock"}:
            self._engine.begin()
        elif note.note == "action":
            return out + self._engine.act(action_of(note))
        return out + self._engine.tick(note.t)

    def _resume(self) -> list[Outcome]:
        """Begin with what the edge began with after its restart."""
        begun, self._begun = self._begun, None
        if begun is None:
            return []
        saved = {"version": VERSION, "alarms": self._carried, "done": begun.fields.get("done", ())}
        return self._engine.restore(saved, begun.t)


def action_of(note: Note) -> AlarmAction:
    """What a person asked of an alarm; ValueError if the note does not say it."""
    told = note.fields
    return AlarmAction(
        id=str(told.get("id", "")),
        device=str(told.get("device", "")),
        code=str(told.get("code", "")),
        t=note.t,
        action=told.get("action", "comment"),
        by=str(told.get("by", "")),
        period=parse_duration(told["for"]) if "for" in told else None,
        text=str(told.get("text", "")),
    )


def as_text(told: Transition, timezone: str = "UTC") -> str:
    """One line for people: time, what happened to whom, and why."""
    at = datetime.fromtimestamp(told["t"] / 1000, ZoneInfo(timezone))
    severity = f" {told['severity']}" if told["severity"] else ""
    change = f"{told['transition']}{severity} {told['code']}"
    colon = ", was:" if told["transition"] == "clear" else ":"
    return f"{at:%Y-%m-%d %H:%M:%S}  {told['device']}  {change}{colon} {told['message']}"
