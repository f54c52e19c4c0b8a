"""Programs that are started to be killed: each life ends at a moment drawn by a seeded die.

A daemon dies while it starts, while it runs, in the very moment it writes to its outbox, or while
it shuts down after a SIGTERM. One that goes without being killed, or never says that it runs, is a
failed start.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any

from gateway.model import Millis
from simulators.process import end
from tests.gauntlet.witness import Witness

PATIENCE = 60.0
"""Seconds a start may take on a loaded machine."""


def now() -> Millis:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


class Moment(StrEnum):
    """When a daemon is killed."""

    STARTING = "while starting"
    RUNNING = "while running"
    WRITING = "at a write of its outbox"
    STOPPING = "while stopping"
    NEVER = "stopped politely"


@dataclass(frozen=True, slots=True)
class Fate:
    """The moment, and so many seconds into it."""

    moment: Moment
    after: float


def draw(chance: Random, start: float, longest: float) -> Fate:
    """A fate: ``start`` seconds is how long a start takes, ``longest`` how long a life may be."""
    moments = (Moment.STARTING, Moment.RUNNING, Moment.WRITING, Moment.STOPPING)
    (moment,) = chance.choices(moments, (20, 45, 20, 15))
    most = {Moment.STARTING: start, Moment.STOPPING: 0.3}.get(moment, longest)
    return Fate(moment, chance.uniform(0.0, most))


@dataclass(frozen=True, slots=True)
class Life:
    """What became of a daemon: ``ran`` is when it said that it runs, ``struck`` when kill -9 came.

    Not ``killed``: it had ended by itself.
    """

    moment: Moment
    began: Millis
    ran: Millis | None
    struck: Millis
    ended: Millis
    killed: bool


@dataclass
class Program:
    """A ``wayside`` command that is started again and again; one log for all its lives."""

    folder: Path
    words: Sequence[str]
    says: str
    process: asyncio.subprocess.Process | None = None
    kills: int = 0
    _read: int = 0

    @property
    def log(self) -> Path:
        """Where it logs."""
        return self.folder / f"{self.words[0]}.log"

    async def start(self) -> None:
        """Start it; it need not be ready."""
        with self.log.open("ab") as sink:
            self._read = sink.tell()
            command = (sys.executable, "-m", "gateway", *self.words, "--json")
            self.process = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, stdout=asyncio.subprocess.DEVNULL, stderr=sink
            )

    async def ready(self, patience: float = PATIENCE) -> bool:
        """Wait until it says that it is; False if it ended before or never said it."""
        assert self.process is not None
        deadline = time.monotonic() + patience
        while not any(row.get("event") == self.says for row in self.said()):
            if self.process.returncode is not None or time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    def said(self, *, ever: bool = False) -> Iterator[dict[str, Any]]:
        """What it logged in this life, or ever; a killed writer's torn line is left out."""
        with self.log.open("rb") as log:
            log.seek(0 if ever else self._read)
            for line in log:
                with contextlib.suppress(json.JSONDecodeError):
                    yield json.loads(line)

    def errors(self) -> list[str]:
        """What it logged as an error, ever, and what was no line of a log at all."""
        found = [
            f"{self.words[0]} said: {row}"
            for row in self.said(ever=True)
            if row["level"] == "error"
        ]
        trace = self.log.read_text().find("Traceback")
        return [*found, self.log.read_text()[trace:][:2000]] if trace >= 0 else found

    async def kill(self) -> bool:
        """Send SIGKILL; False if it was gone before."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        killed = await self.process.wait() == -9
        self.kills += killed
        return killed

    async def end(self) -> None:
        """End it, however it is."""
        if self.process is not None:
            await end(self.process)


@dataclass
class Gateway:
    """A gateway of the gauntlet: its daemon, its witness, its lives, and what ``failed``."""

    name: str
    daemon: Program
    witness: Witness
    flush: float
    every: float
    start: float = 1.0
    lives: list[Life] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def live(self, fate: Fate) -> Life:
        """One life, and a look at what it left on the disk."""
        began = now()
        await self.daemon.start()
        ran: Millis | None = None
        if fate.moment is Moment.STARTING:
            await asyncio.sleep(fate.after)
        elif await self.daemon.ready():
            ran = now()
            self.start += ((ran - began) / 1000 - self.start) / 4
            await self._meet(fate)
        struck = now()
        killed = await self.daemon.kill()
        life = Life(fate.moment, began, ran, struck, now(), killed)
        self._judge(life)
        return life

    async def _meet(self, fate: Fate) -> None:
        """Wait until it is time."""
        assert self.daemon.process is not None
        await asyncio.sleep(0.0 if fate.moment is Moment.STOPPING else fate.after)
        if fate.moment is Moment.WRITING:
            await changed(self.witness.path, 3.0)
        elif fate.moment is Moment.STOPPING:
            await asyncio.sleep(fate.after * 3)
            with contextlib.suppress(ProcessLookupError):
                self.daemon.process.terminate()
            await asyncio.sleep(fate.after)

    def _judge(self, life: Life) -> None:
        assert self.daemon.process is not None
        code = self.daemon.process.returncode
        polite = life.moment is Moment.STOPPING and code == 0
        if not (life.killed or polite):
            self.fail(f"a life {life.moment} ended by itself with {code}")
        elif life.ran is None and life.moment is not Moment.STARTING:
            self.fail(f"not running after {PATIENCE:.0f} s")
        self.lives.append(life)
        self.witness.look()

    def fail(self, what: str) -> None:
        """A start that was none, with the end of what it said."""
        self.failed.append(f"{self.name}: {what}: {self.daemon.log.read_text()[-600:]}")

    async def rest(self, settled: Callable[[], bool], patience: float) -> bool:
        """A last life, left alone until ``settled()``, then stopped politely."""
        began = now()
        await self.daemon.start()
        if not await self.daemon.ready():
            self.fail("the last life does not run")
            await self.daemon.kill()
            return False
        ran = now()
        done = await until(settled, patience)
        assert self.daemon.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.daemon.process.terminate()
        code = await self.daemon.process.wait()
        if code != 0:
            self.fail(f"the last life ended with {code}")
        self.lives.append(Life(Moment.NEVER, began, ran, now(), now(), killed=False))
        self.witness.look()
        return done


async def changed(file: Path, patience: float) -> None:
    """Return as soon as somebody has written to the file."""
    deadline = time.monotonic() + patience
    before = _written(file)
    while _written(file) == before and time.monotonic() < deadline:  # noqa: ASYNC110  # a file
        await asyncio.sleep(0.001)


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


async def until(condition: Callable[[], bool], patience: float) -> bool:
    """Whether it came true in time; it may block."""
    deadline = time.monotonic() + patience
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    return True
