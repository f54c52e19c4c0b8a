"""Serial ports: who switches an RS-485 transceiver, and what happens when an adapter goes away."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios
import tty
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.wire.ascii import SerialAscii
from drivers.modbus.wire.port import rs485_settings
from drivers.modbus.wire.rtu import Serial
from gateway.config.site import Bus
from gateway.driver import LinkDown
from gateway.edge.clock import SYSTEM
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Reading
from tests.parts.commands import eventually
from tests.parts.modbus import device, point, registers, slave

PAIR = point("pair", table="holding", address=6, type="uint32")
TIOCGRS485, TIOCSRS485 = 0x542E, 0x542F
ENABLED, RTS_ON_SEND, RTS_AFTER_SEND, RX_DURING_TX = 1, 2, 4, 16


def honest(frame: bytes) -> Iterable[tuple[float, bytes]]:
    return [(0.0, registers(frame, lambda a: a))]


# ---------------------------------------------------------------- RS-485


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """A kernel that can switch transceivers: what it was told, in the order of its structure.

    No pty knows the two calls, so they are taken here; every other goes to the real kernel.
    """
    told: list[list[int]] = []
    real = fcntl.ioctl

    def ioctl(fd: int, request: int, arg: Any = 0, *rest: Any) -> Any:
        if request == TIOCGRS485:
            return 0
        if request == TIOCSRS485:
            assert isinstance(arg, array.array)
            told.append(arg.tolist()[:3])
            return 0
        return real(fd, request, arg, *rest)

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return told


@pytest.mark.parametrize(
    ("keys", "flags", "before", "after"),
    [
        ({"rs485": "rts-high"}, ENABLED | RTS_ON_SEND, 0, 0),
        ({"rs485": "rts-low"}, ENABLED | RTS_AFTER_SEND, 0, 0),
        ({"rs485": "rts-high", "echo": True}, ENABLED | RTS_ON_SEND | RX_DURING_TX, 0, 0),
        ({"rs485": "rts-high", "rts_before": 0.001}, ENABLED | RTS_ON_SEND, 1, 0),
        ({"rs485": "rts-low", "rts_after": 0.029}, ENABLED | RTS_AFTER_SEND, 0, 29),
    ],
)
async def test_the_kernel_is_told_how_to_switch_the_transceiver(
    kernel: list[list[int]], keys: dict[str, Any], flags: int, before: int, after: int
) -> None:
    """Flags and delays in ms as in <linux/serial.h>, struct serial_rs485."""
    with slave(honest) as line:
        async with DRIVERS["modbus-rtu"].open(Serial(port=line.port, **keys)):
            assert kernel == [[flags, before, after]]
        async with DRIVERS["modbus-ascii"].open(SerialAscii(port=line.port, **keys)):
            assert kernel == [[flags, before, after]] * 2


async def test_nothing_is_said_of_a_transceiver_unless_asked(kernel: list[list[int]]) -> None:
    assert rs485_settings(Serial(port="x")) is None
    with slave(honest) as line:
        async with DRIVERS["modbus-rtu"].open(Serial(port=line.port)):
            assert kernel == []


@pytest.mark.parametrize("milliseconds", range(101))
def test_delays_are_whole_milliseconds_to_the_kernel(milliseconds: int) -> None:
    """The library cuts them off; none may lose one by that."""
    options = Serial(port="x", rs485="rts-high", rts_before=milliseconds / 1000)
    settings = rs485_settings(options)
    assert settings is not None
    assert settings.delay_before_tx is not None
    assert int(settings.delay_before_tx * 1000) == milliseconds


async def test_a_port_that_cannot_switch_says_so_and_what_to_try() -> None:
    """A pty is such a port, and so are most USB adapters."""
    with slave(honest) as line:
        for options in (
            Serial(port=line.port, rs485="rts-high"),
            SerialAscii(port=line.port, rs485="rts-high"),
        ):
            driver = "modbus-rtu" if isinstance(options, Serial) else "modbus-ascii"
            with pytest.raises(LinkDown) as down:
                async with DRIVERS[driver].open(options):
                    pass
            assert str(down.value).startswith(f'{line.port}: rs485 = "rts-high" is not possible')
            assert "leave rs485 out" in str(down.value)
        async with DRIVERS["modbus-rtu"].open(Serial(port=line.port)):
            pass  # the failure let go of the port


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"rts_before": 0.001}, "rts_before without rs485 says nothing"),
        ({"rts_after": 0.001}, "rts_after without rs485 says nothing"),
        ({"rs485": "rts-low", "rts_after": 0.0015}, "rts_after is counted in whole milliseconds"),
    ],
)
def test_delays_that_mean_nothing_are_refused(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Serial(port="x", **keys)


async def test_a_virtual_port_may_be_opened_again_and_again() -> None:
    """A pty has neither parity nor 7 bits, and says so only to the second who asks."""
    with slave(honest) as line:
        for _ in range(3):
            async with DRIVERS["modbus-rtu"].open(Serial(port=line.port, parity="E")):
                pass
            async with DRIVERS["modbus-ascii"].open(SerialAscii(port=line.port)):
                pass


# ---------------------------------------------------------------- adapters that come and go


@contextmanager
def bystander() -> Iterator[tuple[int, str]]:
    """Another adapter's port, at 50 baud: whoever opens it as a serial port sets it up anew."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    attributes = termios.tcgetattr(theirs)
    attributes[4:6] = [termios.B50] * 2
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    os.set_blocking(ours, False)
    try:
        yield ours, os.ttyname(theirs)
    finally:
        os.close(theirs)
        os.close(ours)


def was_opened(ours: int) -> bool:
    """Whether anybody has opened a bystander's port, or said anything there."""
    heard = b""
    with suppress(BlockingIOError):
        heard = os.read(ours, 100)
    return heard != b"" or termios.tcgetattr(ours)[4] != termios.B50


@asynccontextmanager
async def polled(port: Path) -> AsyncIterator[list[Reading]]:
    """A bus on that port, polled ten times a second by the daemon's own poller."""
    readings: list[Reading] = []
    brisk = replace(PAIR, every=0.1)
    options = Serial(port=str(port), baudrate=115200, timeout=0.1)
    bus = Bus(name="b", driver=DRIVERS["modbus-rtu"], options=options, devices=(device(brisk),))
    poller = Poller(
        bus,
        readings.append,
        clock=SYSTEM,
        slots=Slots(SYSTEM),
        chance=lambda: 0.0,
        pulse=Pulse(),
    )
    task = asyncio.create_task(poller.run())
    try:
        yield readings
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def plug_in(link: Path, port: str) -> None:
    """As udev does it: the new link appears at once."""
    new = link.with_suffix(".new")
    new.symlink_to(port)
    new.rename(link)


async def test_an_adapter_that_comes_back_elsewhere_is_found_by_its_id(tmp_path: Path) -> None:
    """The link goes with the adapter; meanwhile another one may get the very name it had."""
    by_id = tmp_path / "usb-FTDI_FT232R_A1-if00-port0"
    with slave(honest) as line:
        plug_in(by_id, line.port)
        async with polled(by_id) as readings:
            await eventually("a first reading", lambda: any(r.values for r in readings))
            by_id.unlink()
            await asyncio.to_thread(line.unplug)
            with bystander() as (first, _), bystander() as (second, _):
                count = len(readings)
                await eventually(
                    "a lost adapter",
                    lambda: sum("No such file" in str(r.silent) for r in readings[count:]) > 1,
                )
                assert not any(r.values for r in readings[count:])
                with slave(honest) as again:
                    plug_in(by_id, again.port)
                    count = len(readings)
                    await eventually("a reading", lambda: any(r.values for r in readings[count:]))
                    assert readings[-1].values == {"pair": 6 << 16 | 7}
                assert not was_opened(first)
                assert not was_opened(second)


async def test_the_bystander_notices_who_opens_it() -> None:
    """What the test above relies on."""
    with bystander() as (ours, port):
        assert not was_opened(ours)
        async with DRIVERS["modbus-rtu"].open(Serial(port=port)):
            pass
        assert was_opened(ours)
