"""A daemon that can be made to misbehave while it runs: what it is to do is the name of a file.

As a driver (``stubborn``, an entry point), its devices hang, block the event loop or raise while a
file of that name is in the bus's ``folder``. As a program, ``python -m tests.parts.stubborn SITE
PATIENCE`` is ``wayside run`` with a watchdog of that patience, in which the disk, the publisher or
the rules hang while a file says so in the working directory; its reading of itself comes twice a
second.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.running import site_of, until_stopped
from gateway.driver import Block, Device, Raw, Value
from gateway.edge import daemon, vitals
from gateway.edge.flow import Flow
from gateway.faults.engine import FaultEngine
from gateway.model import Control
from tests.parts import toy_driver

ROOT = Path(__file__).resolve().parents[2]
HANGS, BLOCKS, RAISES, DOES_NOT_OPEN = "hangs", "blocks", "raises", "does-not-open"
DISK, UPLINK, RULES = "disk-hangs", "uplink-hangs", "rules-block"
_LOOK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    folder: Path


class Stubborn:
    """One open wire."""

    depth = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, block: Block) -> Sequence[Raw]:
        await _hang_while(self._folder / HANGS)
        _block_while(self._folder / BLOCKS)
        if (self._folder / RAISES).exists():
            raise RuntimeError("a bug in a driver")
        return [7] * len(block.points)

    async def write(self, device: Device, control: Control, value: Value) -> None:
        raise NotImplementedError


@asynccontextmanager
async def _open(options: Options) -> AsyncIterator[Any]:
    await _hang_while(options.folder / DOES_NOT_OPEN)
    yield Stubborn(options.folder)


async def _hang_while(file: Path) -> None:
    for _ in iter(file.exists, False):
        await asyncio.sleep(_LOOK)


def _block_while(file: Path) -> None:
    while file.exists():
        time.sleep(_LOOK)


BUS = replace(toy_driver.BUS, name="stubborn", options=Options, open=_open)
ENTRIES = "[wayside.drivers]\nstubborn = tests.parts.stubborn:BUS\n"
PROFILE = """\
schema = 1
kind = "other"
vendor = "Tests"
model = "Stubborn"
driver = "toy"
every = "250ms"
points = [{ name = "cell", cell = 1 }]
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs started from now on find the driver, and this module."""
    toy_driver.install(folder, monkeypatch, ENTRIES)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{folder}")
    (folder / "stubborn.toml").write_text(PROFILE)


def bus(name: str, folder: Path) -> str:
    """A bus with one device ``NAME-1``, for the end of a site file."""
    return (
        f'[bus.{name}]\ndriver = "stubborn"\nfolder = "{folder}"\n[[device]]\nid = "{name}-1"\n'
        f'profile = "stubborn.toml"\nbus = "{name}"\nunit = 1\n'
    )


def main(site: str, patience: str) -> None:
    """Run the daemon, as ``wayside run`` does."""
    here = Path.cwd()
    sync, next_, feed = os.fdatasync, Flow.next, FaultEngine.feed

    def slow_sync(fd: int) -> None:
        _block_while(here / DISK)
        sync(fd)

    async def slow_next(self: Flow, now: float) -> Any:
        await _hang_while(here / UPLINK)
        return await next_(self, now)

    def slow_feed(self: FaultEngine, reading: Any) -> Any:
        _block_while(here / RULES)
        return feed(self, reading)

    vars(vitals)["EVERY"] = 0.5
    os.fdatasync = slow_sync  # type: ignore[assignment]
    Flow.next = slow_next  # type: ignore[method-assign]
    FaultEngine.feed = slow_feed  # type: ignore[method-assign]
    loaded = site_of(Path(site))
    until_stopped(lambda stop: daemon.run(loaded, stop=stop, patience=float(patience)))


if __name__ == "__main__":
    main(*sys.argv[1:])
