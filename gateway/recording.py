"""Recordings: what the fault engine saw, as JSON lines in time order (contracts §5).

Written by ``wayside run --record`` and by the simulators, read by ``wayside replay`` and the replay
driver; gzip if the name ends in ``.gz``. A row is a reading, or a *note* of what else happened: a
restart, a step of the clock, a command, an action. An absent stretch is a gap, not silence.

Reading trusts nothing: lines are bounded, every value is checked, times may not run backwards (only
a ``clock`` note may set them back), and a mistake names file and line. A last line without its end
is what a power cut leaves behind: it is left out, and said.
"""

from __future__ import annotations

import gzip
import heapq
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import orjson

from gateway.log import get_logger
from gateway.model import NOTHING, Kind, Millis, Reading, Value

log = get_logger()

LONGEST_LINE = 1_000_000
"""Bytes: some thousand points; longer is no recording."""

LATEST = 253_402_300_800_000  # the year 10000, in ms
_SCALARS = frozenset({bool, int, float, str})


class RecordingError(Exception):
    """A recording cannot be read: which file, which line, what is wrong there."""

    def __init__(self, file: Path, line: int, problem: str) -> None:
        self.file, self.line, self.problem = file, line, problem
        super().__init__(f"{file}:{line}: {problem}" if line else f"{file}: {problem}")


@dataclass(frozen=True, slots=True)
class Note:
    """Something the engine saw besides readings: ``restart``, ``clock``, ``command``, ``action``.

    ``fields`` are the row's other keys.
    """

    t: Millis
    note: str
    fields: Mapping[str, Any] = field(default_factory=dict)


Row: TypeAlias = Reading | Note


# Reading


def read(file: Path, kinds: Mapping[str, Kind] = NOTHING) -> Iterator[Row]:
    """The rows of a recording, in order; a row does not say its device's kind, so ``kinds`` does.

    Devices that are not in ``kinds`` are of kind ``other``. Raises RecordingError at the first row
    that is wrong, after those before it; OSError if the file cannot be opened.
    """
    last: Millis = 0
    for number, line in enumerate(_lines(file), 1):
        if line.isspace():
            continue
        try:
            row = parse(line, kinds)
        except ValueError as wrong:
            if not line.endswith(b"\n"):
                log.warning("the recording ends within a line", file=str(file), line=number)
                return
            raise RecordingError(file, number, str(wrong)) from None
        if row.t < last and not (isinstance(row, Note) and row.note == "clock"):
            raise RecordingError(file, number, f"out of time order: {row.t} after {last}")
        last = row.t
        yield row


def _lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, each bounded; a truncated gzip file ends where its data does."""
    with _source(file) as source:
        number = 0
        try:
            while line := source.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise RecordingError(file, number, f"longer than {LONGEST_LINE} bytes")
                yield line
        except EOFError:
            log.warning("the recording ends within a block", file=str(file), line=number)
        except (gzip.BadGzipFile, zlib.error) as wrong:
            raise RecordingError(file, number + 1, f"not gzip: {wrong}") from None


def _source(file: Path) -> BinaryIO:
    if _compressed(file):
        return cast("BinaryIO", gzip.open(file, "rb"))
    return file.open("rb")


def _compressed(file: Path) -> bool:
    return file.name.endswith(".gz")


def parse(line: bytes, kinds: Mapping[str, Kind] = NOTHING) -> Row:
    """One row; ValueError says what is wrong with it."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as wrong:
        raise ValueError(f"not JSON: {wrong.msg}") from None
    if not isinstance(row, dict):
        raise _wrong("row", "a JSON object")
    t = row.get("t")
    if t.__class__ is not int or not 0 <= t < LATEST:
        raise _wrong("t", "integer milliseconds UTC")
    if "note" in row:
        return _note(t, row)
    device = row.get("device")
    if not isinstance(device, str) or not device:
        raise _wrong("device", "a device's id")
    kind = kinds.get(device, "other")
    silent = row.get("silent")
    if silent:
        return Reading(device, kind, t, silent=_reason(silent))
    values, bad = row.get("values", {}), row.get("bad", {})
    uncertain = row.get("uncertain", ())
    _check(values)
    return Reading(
        device,
        kind,
        t,
        values,
        frozenset(_names("uncertain", uncertain)) if uncertain else frozenset(),
        _bad(bad) if bad else NOTHING,
    )


def _wrong(key: str, expected: str) -> ValueError:
    return ValueError(f"{key}: expected {expected}")


def _note(t: Millis, row: dict[str, Any]) -> Note:
    note = row["note"]
    if not isinstance(note, str) or not note:
        raise _wrong("note", 'a word such as "restart"')
    return Note(t, note, {key: value for key, value in row.items() if key not in {"t", "note"}})


def _reason(silent: object) -> str:
    if silent is True:
        return "no answer"
    if not isinstance(silent, str):
        raise _wrong("silent", "true or a reason")
    return silent


def _check(values: object) -> None:
    if not isinstance(values, dict):
        raise _wrong("values", "an object of values by point")
    if not _SCALARS.issuperset(map(type, values.values())):
        point = next(name for name, value in values.items() if type(value) not in _SCALARS)
        raise _wrong(f"values.{point}", "a number, a bool or a string")


def _names(key: str, names: object) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _wrong(key, "a list of points")
    return names


def _bad(bad: object) -> Mapping[str, str]:
    if not isinstance(bad, dict):
        return dict.fromkeys(_names("bad", bad), "bad")
    if not all(isinstance(reason, str) for reason in bad.values()):
        raise _wrong("bad", "a list of points, or reasons by point")
    return bad


# Writing


def encode(row: Row) -> bytes:
    """A row as one line, without its end."""
    if isinstance(row, Note):
        return orjson.dumps({"t": row.t, "note": row.note, **row.fields})
    body: dict[str, Any] = {"t": row.t, "device": row.device}
    if row.silent is not None:
        body["silent"] = row.silent or True
        return orjson.dumps(body)
    body["values"] = dict[str, Value](row.values)
    if row.uncertain:
        body["uncertain"] = sorted(row.uncertain)
    if row.bad:
        body["bad"] = dict(row.bad)
    return orjson.dumps(body)


@contextmanager
def record(file: Path) -> Iterator[Recorder]:
    """Open a recording for writing, and close it with all its rows written.

    An existing recording is continued after its last whole line; a compressed one cannot be
    (FileExistsError), nor a file that is no recording (RecordingError).
    """
    with _sink(file) as sink:
        recorder = Recorder(sink)
        try:
            yield recorder
        finally:
            recorder.finish()


def _sink(file: Path) -> BinaryIO:
    if _compressed(file):
        return cast("BinaryIO", gzip.open(file, "xb", compresslevel=6))
    _mend(file)
    return file.open("ab")


class Recorder:
    """Writes rows to an open file, in the order of their time.

    Readings of several buses come interleaved, so rows are held for a second of their own time. A
    row older than that means the clock was set back: a ``clock`` note says so first.
    """

    HOLD: Millis = 1_000

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._held: list[tuple[Millis, int, bytes]] = []
        self._count = 0
        self._newest: Millis = 0
        self._written: Millis = 0

    def write(self, row: Row) -> None:
        """Add a reading or a note; raises OSError when the disk refuses."""
        if row.t < self._written:
            self._release(self._newest + self.HOLD)
            self._line(encode(Note(row.t, "clock", {"from": self._newest})))
            self._newest = self._written = row.t
        self._count += 1  # rows of one moment keep the order they came in
        heapq.heappush(self._held, (row.t, self._count, encode(row)))
        self._newest = max(self._newest, row.t)
        self._release(self._newest - self.HOLD)

    def run_on(self, t: Millis) -> None:
        """The time is ``t``: rows that are old enough go out, though no newer one comes."""
        self._release(t - self.HOLD)

    def _release(self, upto: Millis) -> None:
        while self._held and self._held[0][0] <= upto:
            self._written, _, line = heapq.heappop(self._held)
            self._line(line)

    def _line(self, line: bytes) -> None:
        self._sink.write(line + b"\n")

    def flush(self) -> None:
        """Hand what is written to the system; the last second of rows stays held."""
        self._sink.flush()

    def finish(self) -> None:
        """Write what is held."""
        self._release(self._newest)


def _mend(file: Path) -> None:
    """Cut off a last line that a power cut left without its end."""
    if not file.is_file() or not file.stat().st_size:
        return
    next(read(file), None)  # a file that does not begin as a recording is left as it is
    with file.open("rb+") as old:
        size = old.seek(0, SEEK_END)
        tail = max(0, size - LONGEST_LINE)
        old.seek(tail)
        end = old.read().rfind(b"\n") + 1
        old.truncate(tail + end)
