"""A driver of somebody else's, installed as other distributions are: by an entry point.

It reads numbered cells. ``toy-bus`` has units; on a ``toy-line`` there is one nameless device.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, cast

import pytest

from gateway.driver import Block, Device, Driver, Duration, Link, LinkDown, Point, Size
from gateway.units import Between


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    port: str
    speed: int = 9600
    patience: Duration = 1.0
    buffer: Size = 4000
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    unit: Annotated[int, Between(1, 9)]
    delay: Duration = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless:
    delay: Duration = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    cell: int
    equals: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    most: Annotated[int, Between(1, 64)] = 4
    first: int = 0
    origin: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    cell: int
    type: Literal["number", "bool", "string"] = "number"
    bit: int | None = None

    def element(self, i: int) -> Cell:
        return replace(self, cell=self.cell + i)

    def complete(self, traits: Traits) -> Cell:
        cell = self.cell - traits.first
        if not 0 <= cell < 100:
            raise ValueError(f"cell {self.cell} is not there; cells are {traits.first} to 99")
        return replace(self, cell=cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    cell: int
    pulse: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A point type with nothing but a key of its own: no element, no bit, no complete."""

    word: str = ""


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """Blocks of as many neighbouring cells as the device gives at once."""
    most = getattr(device.traits, "most", 1)
    points = sorted(points, key=lambda point: point.source.cell)

    def blocks() -> Iterator[Block]:
        block: list[Point] = []
        for point in points:
            if block and point.source.cell - block[0].source.cell >= most:
                yield Block(device, tuple(block), None)
                block = []
            block.append(point)
        if block:
            yield Block(device, tuple(block), None)

    return tuple(blocks())


@asynccontextmanager
async def open_toy(options: Options) -> AsyncIterator[Link]:
    if options.port != "nowhere":
        raise LinkDown("a toy has no wire")
    yield cast("Link", None)


BUS = Driver(
    name="toy-bus",
    family="toy",
    summary="numbered cells, many devices",
    options=Options,
    device=Unit,
    traits=Traits,
    point=Cell,
    command=Order,
    plan=plan,
    open=open_toy,
)
LINE = replace(BUS, name="toy-line", summary="numbered cells, one device", device=Nameless)
PLAIN = replace(LINE, name="plain", family="plain", point=Plain, plan=lambda *_: ())

ENTRIES = """\
[wayside.drivers]
toy-bus = tests.parts.toy_driver:BUS
toy-line = tests.parts.toy_driver:LINE
plain = tests.parts.toy_driver:PLAIN
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, entries: str = ENTRIES) -> None:
    """Put a distribution with these entry points on the path."""
    card = folder / "toys-1.0.dist-info"
    card.mkdir()
    (card / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (card / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(str(folder))
