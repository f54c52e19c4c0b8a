"""What a wrong clock does to the database: nothing.

The real daemon under libfaketime, a real mosquitto, ingest and the embedded history. The device
says in one register what time it really is and in another how often it was asked, so every row of
the history can be held against the truth.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.centre.embedded import SqliteHistory
from gateway.centre.history import EventRow
from tests.parts.bench_site import tcp, write_site
from tests.parts.commands import Part, eventually, wayside
from tests.parts.faketime import FakeTime, another_boot
from tests.parts.ingest import centre, ingesting
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port

DAY = 86_400_000
FOREVER = 10**13
BOOTED_1970 = "@1970-01-01 00:00:10"
TRUE = "+0"


class Witness:
    """A Modbus TCP device that numbers its answers and knows, in ms UTC, when it gave each."""

    def __init__(self) -> None:
        self.began = time.time_ns() // 1_000_000
        self.answered: list[int] = []

    @property
    def asked(self) -> int:
        return len(self.answered)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                ask = await reader.readexactly(12)
                count = int.from_bytes(ask[10:12], "big")
                values = [0] * count
                if ask[7] == 3:
                    self.answered.append(time.time_ns() // 1_000_000)
                    values = [self.asked % 7, self.asked]
                body = b"".join(value.to_bytes(2, "big") for value in values)
                pdu = bytes([ask[6], ask[7], len(body)]) + body
                writer.write(ask[:4] + len(pdu).to_bytes(2, "big") + pdu)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Place:
    """Everything but the daemon: a device, a broker, ingest, and what the history holds."""

    def __init__(self, folder: Path, site: Path, witness: Witness, data: Path) -> None:
        self.folder, self.site, self.witness, self._data = folder, site, witness, data
        self.clock = FakeTime.at(folder / "clock", TRUE)

    @asynccontextmanager
    async def daemon(self, when: str, boot: Path | None = None) -> AsyncIterator[Part]:
        """The daemon, by a clock that shows ``when``."""
        self.clock.set(when)
        before = self.clock.before(boot)
        async with wayside(self.folder, "run", str(self.site), "--json", before=before) as part:
            yield part

    def rows(self) -> list[tuple[int, int]]:
        """Of the device's answers: the time they are stored under, and their numbers."""
        found = self._ask(
            "SELECT r.t, r.fields FROM reading r JOIN device d ON d.id = r.device "
            "WHERE d.device = 'net-1' ORDER BY r.t"
        )
        return [(t, round(orjson.loads(fields)["next"])) for t, fields in found]

    def off(self, number: int, t: int) -> int:
        """How far ``t`` is from the time of that answer, in ms; 0 before the next question."""
        answered = self.witness.answered
        late = answered[number] if number < len(answered) else time.time_ns() // 1_000_000
        return min(0, t - answered[number - 1]) + max(0, t - late)

    def numbers(self) -> set[int]:
        """Which questions' answers are in the history."""
        return {number for _, number in self.rows()}

    def is_true(self) -> None:
        """Every row is at its true time, to a second (the machine may be slow, though)."""
        rows = self.rows()
        assert rows
        assert [(n, off) for t, n in rows if abs(off := self.off(n, t)) > 1000] == []

    def events(self, name: str) -> list[EventRow]:
        """The gateway's events of that name."""
        with closing(SqliteHistory.open(self._data)) as history:
            return [row for row in history.events(0, FOREVER) if row.event == name]

    async def told(self, name: str) -> list[EventRow]:
        """The same, once there are any."""
        await eventually(f"an event {name}", lambda: self.events(name))
        return self.events(name)

    def everything(self) -> list[int]:
        """The time of every row, whosever."""
        return [t for (t,) in self._ask("SELECT t FROM reading")]

    def _ask(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._data / "history.db")) as history:
            return history.execute(question).fetchall()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    witness, port = Witness(), free_port()
    server = await asyncio.start_server(witness.serve, "127.0.0.1", port)
    with mosquitto(tmp_path / "broker", "max_queued_messages 0") as broker:
        site = write_site(tmp_path, {"net": (tcp(port), [1])}, broker=broker.url, every="100ms")
        middle = centre(tmp_path, broker.url)
        async with server, ingesting(middle):
            yield Place(tmp_path, site, witness, middle.data_dir)


def logged(part: Part) -> list[dict[str, Any]]:
    lines = part.log.read_text().splitlines() if part.log.exists() else []
    return [json.loads(line) for line in lines if line.startswith("{")]


def says(part: Part, event: str) -> bool:
    return any(row["event"] == event for row in logged(part))


async def asked(place: Place, more: int) -> int:
    """Wait until the device was asked so many times more; how often it was."""
    number = place.witness.asked + more
    await eventually("it is polled", lambda: place.witness.asked >= number)
    return number


async def stored(place: Place, number: int) -> None:
    await eventually(f"answer {number} is stored", lambda: number in place.numbers())


def holes(numbers: set[int]) -> Iterator[int]:
    for a, b in pairwise(sorted(numbers)):
        yield from range(a + 1, b)


async def test_booted_in_1970_killed_and_set_later_everything_has_its_true_time(
    place: Place,
) -> None:
    """Readings are held, through a kill -9 in the same boot, and stamped once the clock is set."""
    async with place.daemon(BOOTED_1970) as part:
        await eventually(
            "told", lambda: says(part, "the clock is not set; readings are held until it is")
        )
        killed = await asked(place, 12)
        part.process.kill()
        await part.process.wait()
    assert place.numbers() == set()
    async with place.daemon(BOOTED_1970) as part:
        held = await asked(place, 12)
        assert place.numbers() == set()
        place.clock.set(TRUE)
        last = await asked(place, 8)
        await stored(place, last)
        (told,) = await place.told("clock")
        await part.stopped()
    place.is_true()
    lost = list(holes(place.numbers()))
    assert place.numbers() >= {1, 2, 3, held - 1, held, held + 1, last}
    assert all(abs(number - killed) <= 10 for number in lost), "what was not flushed at the kill"
    assert len(lost) <= 10
    assert min(place.everything()) > place.witness.began - 2000, "nobody else's row is older either"
    assert told.values["held"] >= held - len(lost) - 1
    assert not (place.folder / "data" / "held.ring").exists()


async def test_what_an_earlier_boot_held_becomes_a_gap_and_no_guess(place: Place) -> None:
    """The clock was known in a first boot, never set in a second, and is right in a third."""
    another_boot(place.folder / "boot-1")
    async with place.daemon(TRUE, place.folder / "boot-1") as part:
        known = await asked(place, 4)
        await stored(place, known)
        await part.stopped()
    before = place.witness.asked
    dead = another_boot(place.folder / "boot-2")
    async with place.daemon(BOOTED_1970, place.folder / "boot-2") as part:
        await asked(place, 12)
        part.process.kill()
        await part.process.wait()
    gone = place.witness.asked
    another_boot(place.folder / "boot-3")
    async with place.daemon(TRUE, place.folder / "boot-3") as part:
        last = await asked(place, 8)
        await stored(place, last)
        (gap,) = await place.told("gap")
        await part.stopped()
    place.is_true()
    assert not {n for n in place.numbers() if before < n <= gone}
    assert gap.values["boot"] == dead
    assert 4 <= gap.values["readings"] <= gone - before + 1, "the gateway's own are counted, too"
    times = [t for t, _ in place.rows()]
    assert gap.values["from"] >= times[known - 2], "the last time that was known"
    assert gap.values["from"] < gap.values["to"] <= times[-1]


@pytest.mark.parametrize("absurd", ["@1970-01-01 00:00:10", "@2082-11-22 00:00:00"])
async def test_a_running_clock_that_becomes_absurd_is_not_followed(
    place: Place, absurd: str
) -> None:
    async with place.daemon(TRUE) as part:
        await asked(place, 4)
        place.clock.set(absurd)
        doubt = "the system clock cannot be right; going on with the time that was known"
        await eventually("told", lambda: says(part, doubt))
        await asked(place, 8)
        place.clock.set(TRUE)
        last = await asked(place, 8)
        await stored(place, last)
        await part.stopped()
    place.is_true()
    assert list(holes(place.numbers())) == []
    assert place.events("clock") == []


async def test_booted_56_years_ahead_is_held_and_put_right(place: Place) -> None:
    async with place.daemon("@2082-11-22 00:00:00") as part:
        await asked(place, 8)
        assert place.numbers() == set()
        place.clock.set(TRUE)
        last = await asked(place, 8)
        await stored(place, last)
        await part.stopped()
    place.is_true()
    assert list(holes(place.numbers())) == []
    assert max(place.everything()) < time.time() * 1000 + 1000


async def test_a_clock_set_back_by_a_day_and_forth_again_is_followed_and_told(
    place: Place,
) -> None:
    """What is stored stays; what comes has the new time; no answer is lost and no alarm raised."""
    async with place.daemon(TRUE) as part:
        await asked(place, 6)
        place.clock.set("-1d")
        await eventually("told", lambda: says(part, "the clock was set"))
        await asked(place, 8)
        place.clock.set(TRUE)
        await eventually("both are told", lambda: len(place.events("clock")) == 2)
        last = await asked(place, 8)
        await stored(place, last)
        _, _, summary = await part.stopped()
    assert summary["alarms"] == {}
    rows = sorted(place.rows(), key=lambda row: row[1])
    assert [number for _, number in rows] == list(range(1, rows[-1][1] + 1))
    right = [abs(place.off(n, t)) <= 1000 for t, n in rows]
    behind = [abs(place.off(n, t + DAY)) <= 1000 for t, n in rows]
    assert all(a or b for a, b in zip(right, behind, strict=True))
    assert sum(behind) >= 4
    changes = [a != b for a, b in pairwise(behind)]
    assert sum(changes) == 2, "once there and once back"
    steps = sorted(round(row.values["by"] / 86400) for row in place.events("clock"))
    assert steps == [-1, 1]
