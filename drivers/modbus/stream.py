"""A TCP connection as the Modbus wires use it: opened with patience, heard as it talks."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import cast

from gateway.driver import LinkDown


class Stream(asyncio.Protocol):
    """One connection at a time to one place.

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
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None

    @property
    def up(self) -> bool:
        """Whether there is a connection."""
        return self._transport is not None

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
        """Send bytes; LinkDown if there is no connection."""
        if self._transport is None:
            raise LinkDown("not connected")
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write.

        Bytes the other machine does not even acknowledge within the patience mean that it is gone
        (switched off, a cable pulled), not that a unit is silent: the kernel then ends it.
        """
        self._transport = cast("asyncio.Transport", transport)
        own: socket.socket = transport.get_extra_info("socket")
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(self._patience * 1000))

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        self._heard(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why, unless it was closed from here."""
        if self._transport is not None:
            self._transport = None
            reason = "closed by the other side" if exc is None else _reason(exc)
            self._lost(LinkDown(f"{self._host}:{self._port}: {reason}"))


def _reason(wrong: Exception) -> str:
    """``Connection refused``; the loop wraps several attempts into a text of its own."""
    number = getattr(wrong, "errno", None)
    return os.strerror(number) if isinstance(number, int) and number > 0 else str(wrong)
