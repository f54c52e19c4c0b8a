"""Wayside's own processes for end-to-end tests: the daemon and ingest, as a user starts them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.process import end


@dataclass(frozen=True, slots=True)
class Part:
    """A running ``wayside`` command and its log."""

    process: Process
    log: Path

    async def stopped(self) -> tuple[int, float, dict[str, Any]]:
        """SIGTERM; returns the exit code, the seconds it took, and the summary it printed."""
        began = time.monotonic()
        self.process.terminate()
        out, _ = await asyncio.wait_for(self.process.communicate(), 10)
        took = time.monotonic() - began
        assert self.process.returncode is not None
        return self.process.returncode, took, json.loads(out or b"{}")


@contextlib.asynccontextmanager
async def wayside(folder: Path, *words: str, before: Sequence[str] = ()) -> AsyncIterator[Part]:
    """Run a ``wayside`` command until the block ends; its log goes to ``folder``.

    ``before`` are words to put in front of it: another program that runs it.
    """
    log = folder / f"wayside-{words[0]}.log"
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *(*before, sys.executable, "-m", "gateway", *words),
            cwd=folder,
            stdout=PIPE,
            stderr=sink,
        )
    try:
        yield Part(process, log)
    finally:
        await end(process)


async def eventually(what: str, condition: Callable[[], object], patience: float = 20.0) -> None:
    """Wait until ``condition()``, which may block, is true; an AssertionError naming it if not."""
    deadline = time.monotonic() + patience
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, f"not within {patience} s: {what}"
        await asyncio.sleep(0.05)
