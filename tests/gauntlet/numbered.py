"""Devices on Modbus TCP that number their answers, and remember when they gave each.

Registers 0 and 1 hold the number of the answer (1, 2, 3 …), registers 2 and 3 its complement, so
that a reading is known wherever it turns up, and one made of two answers shows. A number that is in
the database twice was stored twice, whatever its time says.

Units from ``FICKLE`` on are silent for three seconds of every six: they keep the alarms coming.
"""

from __future__ import annotations

import asyncio
import struct
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.model import Millis, Value

FICKLE = 100
SILENCE: Millis = 3000

PROFILE = """\
schema = 1
kind = "other"
vendor = "Tests"
model = "Numbered"
driver = "modbus"
every = "{every}"
points = [
  {{ name = "number", table = "holding", address = 0, type = "uint32" }},
  {{ name = "complement", table = "holding", address = 2, type = "uint32" }},
]
"""
_QUESTION = struct.Struct(">HHHBBHH")
_ANSWER = struct.Struct(">HHHBBBII")


@dataclass(slots=True)
class Field:
    """``port`` by bus; ``answered[device][n - 1]`` is when its answer ``n`` went out, ms UTC."""

    port: dict[str, int] = field(default_factory=dict)
    answered: dict[str, list[Millis]] = field(default_factory=dict)

    def numbers(self, device: str, since: Millis, until: Millis) -> range:
        """The numbers a device gave in that time, both ends included."""
        times = self.answered.get(device, [])
        return range(bisect_left(times, since) + 1, bisect_left(times, until + 1) + 1)


def number_of(values: Mapping[str, Value]) -> int | None:
    """Which answer a reading is; None if it is none of ours."""
    number, complement = values.get("number"), values.get("complement")
    if not isinstance(number, int | float) or not isinstance(complement, int | float):
        return None
    return int(number) if int(number) ^ int(complement) == 0xFFFF_FFFF else None


class _Connection(asyncio.Protocol):
    """Answers questions for registers 0 to 3, one after the other, as a small device would."""

    def __init__(self, bus: str, field: Field) -> None:
        self._bus = bus
        self._field = field
        self._heard = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while len(self._heard) >= _QUESTION.size:
            question, self._heard = self._heard[:12], self._heard[12:]
            transaction, _, _, unit, function, address, count = _QUESTION.unpack(question)
            now = time.time_ns() // 1_000_000
            if unit >= FICKLE and now // SILENCE % 2:
                continue
            if (function, address, count) != (3, 0, 4):
                refused = struct.pack(">HHHBBB", transaction, 0, 3, unit, function | 0x80, 2)
                self._transport.write(refused)
                continue
            given = self._field.answered.setdefault(f"{self._bus}-{unit}", [])
            given.append(now)
            number = len(given)
            body = number, number ^ 0xFFFF_FFFF
            self._transport.write(_ANSWER.pack(transaction, 0, 11, unit, function, 8, *body))


@asynccontextmanager
async def numbered(buses: Sequence[str]) -> AsyncIterator[Field]:
    """Serve these buses, each on a port of its own, whatever units are asked for."""
    here = Field()
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for bus in buses:
            server = await loop.create_server(lambda b=bus: _Connection(b, here), "127.0.0.1", 0)  # type: ignore[misc]
            await stack.enter_async_context(server)
            here.port[bus] = server.sockets[0].getsockname()[1]
        yield here
