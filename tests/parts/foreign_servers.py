"""The six Modbus servers that are not ours, started as programs on TCP or at a serial cable."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
from pymodbus.framer import FramerRTU

from tests.parts.modbus_image import write_image
from tests.parts.modbus_servers import serial_cable
from tests.parts.process import free_port, program, running

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(__file__).resolve().parent / "node"
PYTHON = ("pymodbus", "umodbus", "modbus_tk", "pymodbustcp")

BAUDRATE = 19200


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: which library, which wire (``tcp``, ``rtu``), and our end of it."""

    library: str
    wire: str
    here: str


def command(library: str, image: Path, where: str) -> list[str]:
    """What starts a server."""
    if library in PYTHON:
        module = f"tests.parts.foreign.{library}_server"
        return [sys.executable, "-m", module, str(image), where]
    if not (NODE / "node_modules").exists():
        pytest.fail("tests/parts/node is not installed: run `make test`, or tests/install-parts.sh")
    return [program("node", "nodejs"), str(NODE / f"{library}_server.js"), str(image), where]


@contextlib.contextmanager
def served(library: str, wire: str, folder: Path) -> Iterator[Served]:
    """A server of that library until the block ends."""
    image, log = folder / "image.json", folder / f"{library}.log"
    write_image(image)
    if wire == "tcp":
        port = free_port()
        with running(command(library, image, f"tcp:{port}"), log=log, port=port, cwd=ROOT):
            yield Served(library, wire, str(port))
        return
    with (
        serial_cable(folder) as (ours, theirs),
        running(command(library, image, f"rtu:{theirs}"), log=log, cwd=ROOT),
    ):
        _wait_until_it_answers(ours, log)
        yield Served(library, wire, ours)


def _wait_until_it_answers(port: str, log: Path) -> None:
    """Ask for a register of unit 1 until one answer came, and nothing after it."""
    body = bytes((1, 3, 0, 0, 0, 1))
    question = body + FramerRTU.compute_CRC(body).to_bytes(2, "big")
    with serial.Serial(port, BAUDRATE, timeout=0.5) as line:
        for _ in range(40):
            line.write(question)
            if len(line.read(7)) == 7:
                while line.read(1):
                    pass
                return
    pytest.fail(f"nobody answers on {port}:\n{log.read_text()[-2000:]}")
