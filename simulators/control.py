"""Breaking and mending a running district by hand: a socket in its folder.

``wayside sim --inject DEVICE FAULT`` speaks to the simulators that serve the same ``--dir``: one
line of JSON asks, one line answers, with the label or with what was wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import orjson

from simulators.faults import Injector

Deed: TypeAlias = Literal["inject", "repair"]
_PATIENCE = 10.0


class Refused(Exception):
    """The district would not: no such device or fault, or it has it already."""


def address(folder: Path) -> str:
    """The socket of a folder, named from here: a path of a socket has about a hundred bytes."""
    return os.path.relpath(folder / "control.sock")


@asynccontextmanager
async def listening(folder: Path, injector: Injector) -> AsyncIterator[None]:
    """Obey whoever speaks at the folder's socket until the block ends."""

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            writer.write(orjson.dumps(answer(injector, await reader.readline())) + b"\n")
            await writer.drain()
        writer.close()

    place = address(folder)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)  # noqa: PTH108  # one call on a path of our own, as below
    server = await asyncio.start_unix_server(obey, place)
    try:
        yield
    finally:
        server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)  # noqa: PTH108


def answer(injector: Injector, line: bytes) -> dict[str, Any]:
    """What comes of one line."""
    try:
        asked = orjson.loads(line)
        device, fault = str(asked["device"]), str(asked["fault"])
        if asked["do"] == "inject":
            return {"label": injector.inject(device, fault, float(asked.get("over", 0))).as_dict()}
        return {"label": injector.repair(device, fault).as_dict()}
    except KeyError as missing:
        return {"error": f"{missing} is missing"}
    except (LookupError, ValueError, TypeError) as wrong:
        return {"error": str(wrong)}


def ask(folder: Path, deed: Deed, device: str, fault: str, over: float = 0.0) -> dict[str, Any]:
    """Have a fault begun or ended in the district that runs from a folder; returns its label.

    Raises:
        Refused: there is no such device or fault, or it cannot be.
        OSError: no district runs from that folder.
    """
    asked = {"do": deed, "device": device, "fault": fault, "over": over}
    with socket.socket(socket.AF_UNIX) as there:
        there.settimeout(_PATIENCE)
        there.connect(address(folder))
        there.sendall(orjson.dumps(asked) + b"\n")
        with there.makefile("rb") as heard:
            told: dict[str, Any] = orjson.loads(heard.readline())
    if "error" in told:
        raise Refused(told["error"])
    label: dict[str, Any] = told["label"]
    return label
