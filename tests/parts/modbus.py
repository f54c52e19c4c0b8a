"""Modbus for tests: devices and points in one line, and a scripted slave on a real pty."""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus.frame.framing import crc16
from drivers.modbus.map.rows import NetworkUnit, Register, ScaleRegister, Traits
from drivers.modbus.map.setting import Setting
from drivers.modbus.plan import plan
from gateway.driver import Block
from gateway.model import Control, Device, Point

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def vectors(name: str) -> Any:
    """The shared test vectors of that name, where they are on this machine."""
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"the shared test vectors are not here: {path}", allow_module_level=True)
    return json.loads(path.read_text())


def point(name: str, *, traits: Traits | None = None, alone: bool = False, **row: Any) -> Point:
    """A point of a Modbus profile; ``row`` as the profile would say it."""
    if "scale_register" in row:
        row["scale_register"] = ScaleRegister(**row["scale_register"])
    return Point(name, Register(**row).complete(traits or Traits()), every=1.0, alone=alone)


def control(name: str, *, traits: Traits | None = None, **row: Any) -> Control:
    """A command of a Modbus profile."""
    return Control(name, Setting(**row).complete(traits or Traits()))


def device(
    *points: Point,
    unit: int = 1,
    traits: Traits | None = None,
    atomic: tuple[tuple[str, ...], ...] = (),
    **options: Any,
) -> Device:
    """A device with these points."""
    return Device(
        id=f"unit-{unit}",
        kind="other",
        bus="b",
        profile="test",
        options=NetworkUnit(unit=unit, **options),
        traits=traits or Traits(),
        points=points,
        atomic=atomic,
    )


def blocks(subject: Device) -> Sequence[Block]:
    """Everything of a device."""
    return plan(subject, subject.points)


# What a slave does with a frame: bytes to send, each after so many seconds from now.
Script = Callable[[bytes], Iterable[tuple[float, bytes]]]


@dataclass
class Slave:
    """A slave on a pty: where it is, and what it heard."""

    port: str
    heard: list[bytes] = field(default_factory=list)
    unplug: Callable[[], None] = lambda: None
    say: Callable[[bytes], None] = lambda _: None


@contextlib.contextmanager
def slave(script: Script) -> Iterator[Slave]:
    """A serial port with a slave at its other end, which does one thing after the other.

    A frame ends when 5 ms pass without a byte; the pty knows no baud rate.
    """
    ours, theirs = os.openpty()
    tty.setraw(theirs, termios.TCSANOW)
    stop = threading.Event()
    closed = threading.Lock()

    def unplug() -> None:
        if closed.acquire(blocking=False):
            stop.set()
            thread.join()
            os.close(ours)
            os.close(theirs)

    slave = Slave(os.ttyname(theirs), unplug=unplug, say=lambda data: _write(ours, data))
    thread = threading.Thread(target=_serve, args=(ours, script, slave.heard, stop), daemon=True)
    thread.start()
    try:
        yield slave
    finally:
        unplug()


def _write(fd: int, data: bytes) -> None:
    assert os.write(fd, data) == len(data)


def _serve(fd: int, script: Script, heard: list[bytes], stop: threading.Event) -> None:
    while not stop.is_set():
        frame = b""
        while select.select([fd], [], [], 0.005 if frame else 0.05)[0]:
            frame += os.read(fd, 4096)
        if not frame:
            continue
        heard.append(frame)
        began = time.monotonic()
        for after, data in script(frame):
            stop.wait(max(0.0, began + after - time.monotonic()))
            if not stop.is_set():
                _write(fd, data)


def sealed(*body: int) -> bytes:
    """A frame with its CRC."""
    data = bytes(body)
    return data + crc16(data).to_bytes(2, "little")


def registers(frame: bytes, value: Callable[[int], int]) -> bytes:
    """The answer of a slave whose register ``a`` holds ``value(a)`` (functions 3 and 4)."""
    unit, function, address, count = struct.unpack(">BBHH", frame[:6])
    words = struct.pack(f">{count}H", *(value(a) for a in range(address, address + count)))
    return sealed(unit, function, 2 * count, *words)
