"""Two devices with one number behind a serial server, on virtual time.

Both hear every question to the number and answer within the patience, in their own time. Register
``a`` of one holds ``a``, of the other 10 000 more. Whose value is believed cannot be helped while
nobody knows of two; it must be the asked registers' all the same. Both always answer: one that
stays silent just when it is listened for counts as absent for a minute (``alone.ALONE_FOR``), and
until a pause gives it away nothing that can be known about an answer tells it from the right one.
"""

from __future__ import annotations

import asyncio
from unittest.mock import patch

from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import Question
from drivers.modbus.map.rows import SerialUnit
from drivers.modbus.wire.rtu_tcp import RtuTcp, RtuTcpWire
from gateway.driver import BadResponse, NoResponse
from tests.proof import naive
from tests.proof.choices import Choices
from tests.proof.streams import Tally
from tests.proof.wires import LOOP, Heard, Lost, NoStream

PATIENCE = 0.3
OPTIONS = RtuTcp(host="nowhere", port=1, timeout=PATIENCE)
SECOND = 10_000  # what the second device's registers hold more
SHARED, NEIGHBOUR = 5, 6
TAKES = 0.01  # of a frame on the line


class Bus(NoStream):
    """The line behind the server: what a question makes each of its devices say, and when."""

    c: Choices
    alone: bool
    free: dict[int, float]

    def send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        address, count = (int.from_bytes(data[i : i + 2], "big") for i in (2, 4))
        for more in (0, SECOND):
            if more and (data[0] == NEIGHBOUR or self.alone):
                continue
            words = b"".join((address + i + more).to_bytes(2, "big") for i in range(count))
            frame = naive.on_rtu(data[0], bytes((3, 2 * count)) + words)
            after = TAKES + self.c.below(1 + int(PATIENCE * 900)) / 1000
            begin = max(loop.time() + after, self.free.get(more, 0.0) + TAKES)
            self.free[more] = begin
            loop.call_at(begin, self.heard, frame)


def shared(data: bytes) -> Tally:
    """One such bus and its polls."""
    return LOOP.run_until_complete(_polls(Choices(data)))


async def _polls(c: Choices) -> Tally:
    made: list[Bus] = []

    def stream(place: object, patience: object, heard: Heard, lost: Lost) -> Bus:
        made.append(Bus(place, patience, heard=heard, lost=lost))
        return made[-1]

    with patch("drivers.modbus.wire.rtu_tcp.Stream", stream):
        wire = RtuTcpWire(OPTIONS)
    bus, tally = made[0], Tally()
    bus.c, bus.free, bus.alone = c, {}, c.chance(4)
    await wire.connect()
    try:
        for _ in range(3 + c.below(12)):
            unit = NEIGHBOUR if c.chance(4) else SHARED
            asked = pdu.read("holding", c.pick((0, 40, 100, 1110)), c.pick((1, 2, 2, 2)))
            tally[await _poll(wire, unit, asked)] += 1
            await asyncio.sleep(c.pick((0.0, 0.0, 0.02, 0.1, 1.0)))
        await asyncio.sleep(2 * PATIENCE)  # whoever still speaks speaks to this bus
    finally:
        wire.close()
    return tally


async def _poll(wire: RtuTcpWire, unit: int, asked: Question) -> str:
    try:
        data = await wire.ask(SerialUnit(unit=unit), asked)
    except (BadResponse, NoResponse) as none:
        return none.symptom.value
    address, count = (int.from_bytes(asked.pdu[i : i + 2], "big") for i in (1, 3))
    found = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    own = list(range(address, address + count))
    assert found in (own, [value + SECOND for value in own]), "another register's value"
    return "accepted"
