"""A sensor that talks by itself: frames out of anything, and a link on a real pty."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.maxbotix import DRIVERS, Distance, Frames, Sensor, Serial, Traits
from gateway.driver import BadResponse, Link, LinkDown, NoResponse
from gateway.model import Control, Device, Point

DRIVER = DRIVERS["maxbotix"]


@pytest.mark.parametrize(
    ("stream", "digits", "distance"),
    [
        (b"R1234\r", 4, 1234),
        (b"R1234\rR1240\rR1250\r", 4, 1250),
        (b"R1234\rR12", 4, 1234),
        (b"R1234", 4, None),
        (b"34\rR1234\r", 4, 1234),
        (b"\xff\x00R1234\r\x80", 4, 1234),
        (b"R12R1234\r", 4, 1234),
        (b"R123\r", 4, None),
        (b"R12345\r", 4, None),
        (b"R12X4\r", 4, None),
        (b"R123\r", 3, 123),
        (b"R10000\r", 5, 10000),
        (b"HRXL-MaxSonar-WR\rPN:MB7389\rR0300\r", 4, 300),
    ],
)
def test_the_newest_whole_frame_counts(stream: bytes, digits: int, distance: int | None) -> None:
    assert Frames().feed(stream, digits) == distance


@given(st.lists(st.integers(0, 9999), max_size=5), st.lists(st.integers(0, 40), max_size=6))
def test_a_frame_may_come_in_pieces(distances: list[int], cuts: list[int]) -> None:
    stream = b"".join(b"R%04d\r" % d for d in distances)
    ends = [0, *sorted(min(c, len(stream)) for c in cuts), len(stream)]
    frames = Frames()
    found = [frames.feed(stream[a:b], 4) for a, b in pairwise(ends)]
    heard = [d for d in found if d is not None]
    assert heard[-1:] == distances[-1:]
    assert set(heard) <= set(distances)


@given(st.binary(max_size=300))
def test_no_bytes_make_a_distance_that_was_not_sent(stream: bytes) -> None:
    frames = Frames()
    distance = frames.feed(stream, 4)
    assert distance is None or b"R%04d\r" % distance in stream
    assert len(frames._rest) <= 5


# ---------------------------------------------------------------- on a pty

Say = Callable[[bytes], None]


@contextlib.contextmanager
def sensor() -> Iterator[tuple[str, Say, Callable[[], None]]]:
    """A port, what to say into it, and how to unplug it."""
    ours, theirs = os.openpty()
    tty.setraw(theirs, termios.TCSANOW)
    unplugged = False

    def unplug() -> None:
        nonlocal unplugged
        if not unplugged:
            unplugged = True
            os.close(theirs)
            os.close(ours)

    def say(data: bytes) -> None:
        assert os.write(ours, data) == len(data)

    try:
        yield os.ttyname(theirs), say, unplug
    finally:
        unplug()


@contextlib.asynccontextmanager
async def opened(**keys: Any) -> AsyncIterator[tuple[Link, Say, Callable[[], None]]]:
    with sensor() as (port, say, unplug):
        async with DRIVER.open(Serial(port=port, **{"timeout": 0.2, **keys})) as link:
            yield link, say, unplug


DISTANCE = Point("distance", Distance(), every=1.0)
BIN = Device(
    id="bin-07",
    kind="bin",
    bus="bins",
    profile="bin/maxbotix-mb7389",
    options=Sensor(),
    traits=Traits(digits=4),
    points=(DISTANCE,),
)
(BLOCK,) = DRIVER.plan(BIN, BIN.points)


async def test_a_poll_takes_the_newest_distance() -> None:
    async with opened() as (link, say, _):
        say(b"4\rR1200\rR1210\rR12")
        assert await link.read(BLOCK) == [1210]


async def test_a_poll_waits_for_a_distance_nobody_had() -> None:
    async with opened() as (link, say, _):
        say(b"R1200\r")
        assert await link.read(BLOCK) == [1200]
        asyncio.get_running_loop().call_later(0.05, say, b"R1300\r")
        assert await link.read(BLOCK) == [1300]


async def test_silence_is_no_response() -> None:
    async with opened() as (link, say, _):
        say(b"R1200\r")
        assert await link.read(BLOCK) == [1200]
        with pytest.raises(NoResponse, match=r"nothing heard in 0\.2 s"):
            await link.read(BLOCK)
        say(b"R1300\r")
        assert await link.read(BLOCK) == [1300]


async def test_an_old_distance_is_not_told_as_new() -> None:
    """The sensor died; what it said last must not pass for the present at the next poll."""
    async with opened() as (link, say, _):
        say(b"R1200\r")
        await asyncio.sleep(0.25)
        with pytest.raises(NoResponse):
            await link.read(BLOCK)


async def test_bytes_that_are_no_frames_say_what_to_look_at() -> None:
    async with opened() as (link, say, _):
        say(b"\xad\x9a\x9b\x99\xf9" * 4)
        with pytest.raises(BadResponse, match=r"bytes come, but no R1234: baud rate\? polarity\?"):
            await link.read(BLOCK)


async def test_an_unplugged_sensor_is_a_link_that_is_down() -> None:
    async with opened() as (link, say, unplug):
        say(b"R1200\r")
        assert await link.read(BLOCK) == [1200]
        waiting = asyncio.ensure_future(link.read(BLOCK))
        await asyncio.sleep(0.01)
        unplug()
        for attempt in (waiting, link.read(BLOCK)):
            with pytest.raises(LinkDown, match="/dev/pts/"):
                await attempt


async def test_a_port_that_is_not_there_is_a_link_that_is_down(tmp_path: Path) -> None:
    with pytest.raises(LinkDown, match="No such file or directory"):
        async with DRIVER.open(Serial(port=str(tmp_path / "none"))):
            pass


async def test_it_takes_no_commands() -> None:
    async with opened() as (link, _, _):
        with pytest.raises(ValueError, match="bin-07 takes no commands"):
            await link.write(BIN, Control("reset", target=None), 1)


def test_nothing_due_is_nothing_to_read() -> None:
    assert DRIVER.plan(BIN, ()) == ()
