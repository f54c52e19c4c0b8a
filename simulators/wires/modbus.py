"""Modbus units and how they answer: reads from the image, everything else by pymodbus.

pymodbus's own servers answer an exception for a unit that is not there (a real RS-485 bus stays
silent), drop the second of two requests that arrive together, and need a server object a device.
So the wires use its framers, its PDU classes and its conversions directly: ``Units`` is the
datastore its PDUs run against. Reads (functions 1 to 4) are what a crowd of devices is asked all
day, and their answer is nothing but the registers: those are taken from the image as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from struct import unpack_from
from typing import Any, TypeVar, cast

from pymodbus.constants import ExcCodes
from pymodbus.datastore import ModbusServerContext
from pymodbus.pdu import DecodePDU

from gateway.model import Millis
from simulators.devices.contract import SAMPLE, CommandRefused, Served, Simulated, powered, served
from simulators.wires.mishaps import MISHAPS, Spoken
from simulators.wires.registers import Image
from simulators.wires.trouble import Bus, Trouble, possible
from simulators.world import Clock

T = TypeVar("T")

_TABLES = {
    1: "coil", 2: "discrete", 3: "holding", 4: "input",
    5: "coil", 15: "coil", 6: "holding", 16: "holding", 22: "holding", 23: "holding",
}  # fmt: skip
_DECODER = DecodePDU(is_server=True)
_MOST = {1: 2000, 2: 2000, 3: 125, 4: 125}
"""Bits or registers one read may ask for (Modbus Application Protocol v1.1b3, §6.1 to 6.4)."""
TURNAROUND = 0.002
"""s a unit on a serial line thinks before it answers."""


@dataclass(slots=True, eq=False)
class Unit:
    """One addressed device: its model, its registers, and what is wrong between it and its bus."""

    number: int
    device: Simulated
    image: Image
    served: Served = field(default_factory=served)
    turnaround: float = TURNAROUND
    bus: Bus = field(default_factory=lambda: Bus("", "tcp", Random(0)))
    trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        self.trouble = Trouble(self.bus.wire, self.bus.chance)

    @property
    def mute(self) -> bool:
        """Whether it says nothing at all."""
        return "silent" in self.trouble

    def sample(self, now: Millis, *, anew: bool = False) -> None:
        """Let the model catch up and its sensors be read, unless they just were."""
        if anew or not self.served or now - self.served[-1][0] >= SAMPLE:
            self.device.advance(now)
            values = self.device.values()
            if "no_values" in self.trouble:
                values = {**values, **dict.fromkeys(self.image.may_be_nothing)}
            self.image.update(values)
            self.served.append((now, dict(self.image.shown)))

    def senses(self, fault: str, /) -> bool:
        """Whether a fault can be told at its wire; those of the device all: it has all points."""
        return fault not in MISHAPS or possible(fault, self.bus, self.image.map)

    def break_down(self, fault: str, over: float, /) -> None:
        """Begin a fault of the wire; one of the bus befalls all on it."""
        (self.bus if MISHAPS[fault].of_bus else self.trouble).break_down(fault, over)
        self._altered()

    def repair(self, fault: str, /) -> None:
        """End it."""
        (self.bus if MISHAPS[fault].of_bus else self.trouble).repair(fault)
        self._altered()

    def _altered(self) -> None:
        self.image.identify(right="other_device" not in self.trouble)
        self.served.clear()

    def shows(self, fault: str, /) -> bool:
        """Whether a fault of the wire can be noticed now."""
        return (self.bus if MISHAPS[fault].of_bus else self.trouble).shows(fault)

    def obey(self, commands: Mapping[str, float], now: Millis) -> ExcCodes | None:
        """Carry out what a write said."""
        try:
            for name, value in commands.items():
                self.device.command(name, value)
        except CommandRefused:
            return ExcCodes.ILLEGAL_VALUE
        self.sample(now, anew=True)
        return None


class Units:
    """The units behind one endpoint, as the datastore pymodbus's PDUs work on."""

    def __init__(self, units: Iterable[Unit], clock: Clock, bus: Bus | None = None) -> None:
        self.by_number = {unit.number: unit for unit in units}
        self.bus = bus or Bus("", "tcp", Random(0))
        self._clock = clock

    def hears(self, number: int) -> bool:
        """Whether a unit of that number is there, not mute, and has the power to answer."""
        unit = self.by_number.get(number)
        if unit is None or unit.mute:
            return False
        unit.sample(self._clock.now())
        return powered(unit.device)

    def said(
        self, number: int, payload: bytes, framed: Callable[[bytes], bytes]
    ) -> Sequence[Spoken]:
        """What comes over the wire when unit ``number`` is asked, frame by frame.

        ``framed`` makes a frame of an answer; mishaps come before and after that.
        """
        trouble = self.by_number[number].trouble
        frame = framed(trouble.tells(self.answer(number, payload)))
        return trouble.says(frame, self._clock.now())

    def answer(self, number: int, payload: bytes) -> bytes:
        """What unit ``number`` says to a request; both are function code and data."""
        function = payload[0]
        unit = self.by_number[number]
        if function in _MOST and len(payload) == 5:
            unit.sample(self._clock.now())
            return _read(unit.image, function, payload)
        request = _DECODER.decode(payload) if function in _TABLES else None
        if request is None:
            known = function in _TABLES
            return refusal(function, ExcCodes.ILLEGAL_VALUE if known else ExcCodes.ILLEGAL_FUNCTION)
        unit.sample(self._clock.now())
        reply = _result(request.datastore_update(cast("ModbusServerContext", self), number))
        return reply.function_code.to_bytes() + reply.encode()

    async def async_getValues(  # noqa: N802  # the name pymodbus calls
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> list[int] | ExcCodes:
        """Registers or bits of a unit, from its image."""
        words = self.by_number[device_id].image.read(_TABLES[func_code], address, count)
        return ExcCodes.ILLEGAL_ADDRESS if words is None else words

    async def async_setValues(  # noqa: N802  # the name pymodbus calls
        self, device_id: int, func_code: int, address: int, values: Sequence[int]
    ) -> ExcCodes | None:
        """A write, which the device takes as commands."""
        unit = self.by_number[device_id]
        commands = unit.image.write(_TABLES[func_code], address, values)
        if commands is None:
            return ExcCodes.ILLEGAL_ADDRESS
        return unit.obey(commands, self._clock.now())


def refusal(function: int, code: int) -> bytes:
    """An exception to a request of that function."""
    return bytes((function | 0x80, code))


def _read(image: Image, function: int, payload: bytes) -> bytes:
    """The answer to a read: function, byte count, data."""
    address, count = unpack_from(">HH", payload, 1)
    if not 1 <= count <= _MOST[function]:
        return refusal(function, ExcCodes.ILLEGAL_VALUE)
    if function <= 2:
        bits = image.read(_TABLES[function], address, count)
        if bits is None:
            return refusal(function, ExcCodes.ILLEGAL_ADDRESS)
        packed = sum(bit << place for place, bit in enumerate(bits))
        data = packed.to_bytes((count + 7) // 8, "little")
    else:
        found = image.octets(_TABLES[function], address, count)
        if found is None:
            return refusal(function, ExcCodes.ILLEGAL_ADDRESS)
        data = found
    return bytes((function, len(data))) + data


def _result(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits (our datastore does not) to its end, here and now."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    work.close()
    raise RuntimeError("a datastore that waits would show half an update")
