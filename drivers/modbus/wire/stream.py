"""A TCP connection as the Modbus wires use it: opened with patience, heard as it talks.

What a machine that is gone looks like: its kernel acknowledges nothing any more. Questions that are
not acknowledged end the connection, and while nothing is asked, the kernel asks (keep-alive), so
that a connection some firewall forgot is known for dead before the next question needs it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, cast

from drivers.modbus.link import ModbusLink, Wire
from gateway.driver import Link, LinkDown, NoResponse, Symptom

FLOOD = 65536
"""Bytes that may come unasked between two questions; more is no late answer, but a machine that
must be cut off before it takes the processor (an engineering choice: over 200 answers)."""

_IDLE = 10
"""Seconds without a byte after which the kernel asks whether the other machine is still there. It
keeps the connection known to firewalls as well; most forget one after some minutes."""
_PROBES = 3
_LATEST_ACK = 0.25
"""Seconds a kernel may wait before it acknowledges (Linux 0.04 to 0.2, Windows 0.2)."""
# Segments not acknowledged, ms since the last data, ms since the last acknowledgement, bytes heard.
_TCP_INFO = struct.Struct("=24xI24xII68xQ")


class Endpoint(Wire, Protocol):
    """A wire that is a connection."""

    async def connect(self) -> None:
        """Open it; LinkDown if it cannot be."""

    def close(self) -> None:
        """Close it; questions under way end with LinkDown."""


@asynccontextmanager
async def linked(wire: Endpoint) -> AsyncIterator[Link]:
    """A link over one connection; LinkDown if it cannot be made."""
    await wire.connect()
    try:
        yield ModbusLink(wire, asyncio.get_running_loop().time)
    finally:
        wire.close()


class Stream(asyncio.BaseProtocol):
    """One connection at a time to one place; ``up`` says whether there is one.

    ``heard`` gets every piece of bytes, ``lost`` the reason once when a connection ends that was
    not closed from here.
    """

    def __init__(
        self,
        place: tuple[str, int],
        patience: float,
        heard: Callable[[bytes], None],
        lost: Callable[[LinkDown], None],
    ) -> None:
        self._host, self._port = place
        self._patience = patience
        self.data_received = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._own: socket.socket | None = None
        self._socket = -1
        self._prompt = False
        self.up = False

    def unheard(self, silence: NoResponse, waited: float) -> NoResponse:
        """A silence of so many seconds, for what it is: of the unit, or of the machine.

        If the other machine's kernel has acknowledged nothing in all that time, and still owes it,
        the connection leads nowhere. It is closed, so that the next question opens another.
        """
        if self._own is None:
            return silence
        owed, _, since, _ = self._info()
        if not owed or since < 900 * max(waited, _LATEST_ACK):
            return silence
        self.close()
        text = f"{silence}, and {self._host}:{self._port} does not acknowledge what is sent"
        return NoResponse(text, symptom=Symptom.UNREACHED)

    @property
    def quiet(self) -> float:
        """Seconds since a byte came over this connection; 0 if none ever did."""
        _, since, _, heard = self._info()
        return since / 1000 if heard else 0.0

    def _info(self) -> tuple[int, int, int, int]:
        if self._own is None:
            return 0, 0, 0, 0
        info = self._own.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        owed, since_data, since_acknowledged, heard = _TCP_INFO.unpack(info)
        return owed, since_data, since_acknowledged, heard

    async def connect(self) -> None:
        """Open a connection, within the patience in seconds; LinkDown if none can be made."""
        where = f"{self._host}:{self._port}"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience):
                await loop.create_connection(lambda: self, self._host, self._port)
        except TimeoutError:
            raise LinkDown(f"{where} did not accept within {self._patience:g} s") from None
        except OSError as wrong:
            raise LinkDown(f"{where}: {_reason(wrong)}") from None

    def send(self, data: bytes) -> None:
        """Send bytes; LinkDown if there is no connection.

        They go straight to the kernel, which nearly always takes them. Once it did not, everything
        goes through the transport, which keeps the order and finds out what is wrong.
        """
        if self._prompt:
            try:
                sent = os.write(self._socket, data)
            except OSError:
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
            self._prompt = False
        if self._transport is None:
            raise LinkDown("not connected")
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection, if there is one."""
        transport = self._forget()
        if transport is not None:
            transport.abort()

    def cut(self) -> None:
        """Close it because of what comes from there; ``lost`` says so."""
        self.close()
        self._lost(LinkDown(f"{self._host}:{self._port} sends bytes that nobody asked for"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write.

        Bytes the other machine does not even acknowledge within the patience mean that it is gone
        (switched off, a cable pulled), not that a unit is silent: the kernel then ends it.
        """
        self._transport = cast("asyncio.Transport", transport)
        own: socket.socket = transport.get_extra_info("socket")
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(self._patience * 1000))
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE)
        own.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, round(self._patience / _PROBES))
        )
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
        self._own, self._socket = own, own.fileno()
        self.up = self._prompt = True

    def eof_received(self) -> None:
        """Nothing more will come: let the transport close it."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why, unless it was closed from here."""
        if self._forget() is not None:
            reason = "closed by the other side" if exc is None else _reason(exc)
            self._lost(LinkDown(f"{self._host}:{self._port}: {reason}"))

    def _forget(self) -> asyncio.Transport | None:
        """The transport, which is not ours any more: its socket's number may soon be another's."""
        transport, self._transport = self._transport, None
        self.up = self._prompt = False
        self._own, self._socket = None, -1
        return transport


def _reason(wrong: Exception) -> str:
    """``Connection refused``; the loop wraps several attempts into a text of its own."""
    number = getattr(wrong, "errno", None)
    return os.strerror(number) if isinstance(number, int) and number > 0 else str(wrong)
