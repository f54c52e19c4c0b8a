"""Modbus TCP endpoints: any number of clients, any number of units, pipelined requests answered.

An endpoint with several units is a gateway to them: for a unit that is not there it answers
exception 11 (gateway target did not respond), for one that is mute it says nothing at all.

A frame is seven bytes of header (transaction, protocol 0, length, unit) and the request; a crowd of
devices is served by cutting and writing them by hand here, without an object a frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from struct import pack
from typing import cast

from pymodbus.constants import ExcCodes

from simulators.wires.mishaps import LATE, Spoken, at_once
from simulators.wires.modbus import Units, refusal

_HEADER = 7
_EXCUSES = (ExcCodes.GATEWAY_NO_RESPONSE, ExcCodes.DEVICE_BUSY, None, None)
"""What an overloaded gateway says; None: nothing for seconds, then the answer."""
_LONGEST = 260


class Conversation(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, units: Units, open_ones: set[asyncio.Transport]) -> None:
        self._units = units
        self._open_ones = open_ones
        self._heard = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = cast("asyncio.Transport", transport)
        self._open_ones.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """It went."""
        self._open_ones.discard(self._transport)

    def pause_writing(self) -> None:
        """It asks faster than it reads: stop listening."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Answer every whole request; a stream that is not Modbus is closed."""
        self._heard += data
        said = []
        while len(self._heard) >= _HEADER + 1:
            length = int.from_bytes(self._heard[4:6], "big")
            if self._heard[2:4] != b"\0\0" or not 2 <= length <= _LONGEST - 6:
                self._transport.close()
                return
            if len(self._heard) < length + 6:
                break
            frame, self._heard = self._heard[: length + 6], self._heard[length + 6 :]
            for after, answer in self._answers(frame):
                if after:
                    self._loop.call_later(after, self._late, answer)
                else:
                    said.append(answer)
        if said:
            self._transport.write(b"".join(said))

    def _late(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)

    def _answers(self, frame: bytes) -> Sequence[Spoken]:
        head, number, payload = frame[:4], frame[6], frame[7:]

        def framed(reply: bytes) -> bytes:
            return head + pack(">HB", len(reply) + 1, number) + reply

        if number not in self._units.by_number:
            return at_once(framed(refusal(payload[0], ExcCodes.GATEWAY_NO_RESPONSE)))
        if not self._units.hears(number):
            return ()
        if "slow_gateway" in self._units.bus:
            code = self._units.bus.chance.choice(_EXCUSES)
            if code is not None:
                return at_once(framed(refusal(payload[0], code)))
            return (Spoken(LATE, framed(self._units.answer(number, payload))),)
        return self._units.said(number, payload, framed)


@asynccontextmanager
async def listening(port: int, units: Units) -> AsyncIterator[None]:
    """Serve units on a loopback port until the block ends, then drop the clients still there.

    Raises:
        OSError: the port is taken.
    """
    loop = asyncio.get_running_loop()
    open_ones: set[asyncio.Transport] = set()
    server = await loop.create_server(lambda: Conversation(units, open_ones), "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for transport in tuple(open_ones):
            transport.abort()
        await server.wait_closed()
