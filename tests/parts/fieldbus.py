"""A scripted field bus: the driver contract played by a timetable instead of a wire.

``Wire`` says how long an answer takes, who is silent when, and when the wire itself is gone, and
writes down every request. It is what the poller sees of a driver, and nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.config.site import Bus
from gateway.driver import (
    BadResponse,
    Block,
    Control,
    Device,
    Driver,
    Link,
    LinkDown,
    NoResponse,
    Point,
    Raw,
    Symptom,
)
from gateway.model import Value

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class NoOptions:
    """A table without keys."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the wire saw it; times in seconds since the wire was made."""

    device: str
    what: str
    began: float
    ended: float
    result: str


@dataclass
class Wire:
    """One bus. ``answers(block, t)`` may be replaced; it returns raws or raises, as a link does.

    So may ``written(control, value, t)``, which says what becomes of a command.
    """

    takes: float = 0.02
    timeout: float = 0.3
    depth: int = 1
    one_at_a_time: bool = True
    silent: dict[str, Sequence[Span]] = field(default_factory=dict)
    down: Sequence[Span] = ()
    answers: Callable[[Block, float], Sequence[Raw]] | None = None
    written: Callable[[Control, Value, float], Raw | None] | None = None
    verify: Callable[[Link, Device], Awaitable[str | None]] | None = None
    advice: Mapping[Symptom, tuple[str, ...]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._start = asyncio.get_running_loop().time()
        self._free = asyncio.Lock()

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self._start

    def driver(self) -> Driver:
        return Driver(
            name="scripted",
            family="scripted",
            summary="a timetable",
            options=NoOptions,
            device=NoOptions,
            traits=NoOptions,
            point=NoOptions,
            command=NoOptions,
            plan=plan,
            open=self._open,
            verify=self.verify,
            advice=self.advice,
        )

    def bus(self, *devices: Device, name: str = "b") -> Bus:
        return Bus(name=name, driver=self.driver(), options=NoOptions(), devices=devices)

    def of(self, device: str) -> list[Request]:
        """The requests one device saw."""
        return [request for request in self.requests if request.device == device]

    @asynccontextmanager
    async def _open(self, _options: Any) -> AsyncIterator[Link]:
        if within(self.now(), self.down):
            self.refused.append(self.now())
            raise LinkDown("refused")
        self.opened.append(self.now())
        yield ScriptedLink(self)

    async def exchange(self, device: str, what: str, answer: Callable[[], Any]) -> Any:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if not self.one_at_a_time:
                return await self._exchange(device, what, answer)
            async with self._free:
                return await self._exchange(device, what, answer)
        finally:
            self.at_once -= 1

    async def _exchange(self, device: str, what: str, answer: Callable[[], Any]) -> Any:
        began, result = self.now(), "cancelled"
        try:
            await self._travel(device)
            said = answer()
            result = "ok"
        except (NoResponse, BadResponse, LinkDown) as error:
            result = type(error).__name__
            raise
        else:
            return said
        finally:
            self.requests.append(Request(device, what, began, self.now(), result))

    async def _travel(self, device: str) -> None:
        began = self.now()
        if within(began, self.down):
            raise LinkDown("reset")
        if within(began, self.silent.get(device, ())):
            await asyncio.sleep(self.timeout)
            raise NoResponse("no answer in 300 ms")
        await asyncio.sleep(self.takes)
        if any(begin < self.now() and end > began for begin, end in self.down):
            raise LinkDown("reset")


@dataclass
class ScriptedLink:
    wire: Wire

    @property
    def depth(self) -> int:
        return self.wire.depth

    async def read(self, block: Block) -> Sequence[Raw]:
        names = " ".join(point.name for point in block.points)
        answers = self.wire.answers or (_ones)
        raws: Sequence[Raw] = await self.wire.exchange(
            block.device.id, names, lambda: answers(block, self.wire.now())
        )
        return raws

    async def write(self, device: Device, control: Control, value: Value) -> Raw | None:
        written = self.wire.written or (lambda *_: None)
        raw: Raw | None = await self.wire.exchange(
            device.id,
            f"{control.name}={value}",
            lambda: written(control, value, self.wire.now()),
        )
        return raw


def _ones(block: Block, _t: float) -> Sequence[Raw]:
    return [1] * len(block.points)


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """One block for each ``source`` among the points."""
    sources = list(dict.fromkeys(point.source for point in points))
    return [
        Block(device, tuple(point for point in points if point.source == source), source)
        for source in sources
    ]


def within(t: float, spans: Sequence[Span]) -> bool:
    return any(begin <= t < end for begin, end in spans)


def scripted_device(name: str, *points: tuple[str, float, str]) -> Device:
    """A device of kind ``other``; each point is its name, period and block."""
    return Device(
        id=name,
        kind="other",
        bus="b",
        profile="scripted",
        options=NoOptions(),
        traits=NoOptions(),
        points=tuple(
            Point(point, source=block, every=every)
            for point, every, block in points or [("power", 1.0, "a")]
        ),
        controls={"dim": Control("dim", target=None)},
    )
