"""What goes wrong on a wire: one entry a mishap, with the alarm it must bring.

A mishap is a value, told three ways. ``tells`` changes an answer before it is framed, ``says`` what
of the frame comes over the wire, when and in which state; the wires apply both (``trouble``).
``reads`` says what one poll of the device becomes, for whoever works without wires. Those that
befall a whole bus are carried out by the wire itself (``simulators.wires.bus``).

All are pure: moments and chance are given. An entry here is all there is to a new mishap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from gateway.model import IDENTITY, Millis, Reading
from simulators.devices.contract import EVERY_KIND, Fault

Wire: TypeAlias = Literal["serial", "tcp", "sensor", "snmp"]
"""A Modbus line (through a serial server too), a Modbus TCP endpoint, a sensor that talks, SNMP."""

LATE = 3.0
"""s after its time that a late answer comes: past any time-out in use on a field bus (E)."""
SLOW = 0.1
"""s that a slow unit takes longer, within the 300 ms a serial bus waits by default."""
LOSSES = 0.25
"""Share of answers lost where a wire is bad: ``comm_degraded`` asks for a tenth (domain §4)."""
BROWN_OUT, DOWN = 45_000, 20_000
"""ms a unit with a weak supply is up, and then down: runs of failures, each no ``comm_loss``."""
_COMM = ("comm_loss", "comm_degraded", "bad_data")


class Spoken(NamedTuple):
    """Characters on the wire, ``after`` seconds more than a sound device takes."""

    after: float
    frame: bytes


Tells: TypeAlias = Callable[[bytes, Random], bytes]
Says: TypeAlias = Callable[[bytes, Millis, Random], Sequence[Spoken]]
Reads: TypeAlias = Callable[[Reading, Random], Reading]


def at_once(frame: bytes, _now: Millis = 0, _chance: Random | None = None) -> Sequence[Spoken]:
    """The frame as it is, when it is due."""
    return (Spoken(0.0, frame),)


def nothing(_frame: bytes, _now: Millis, _chance: Random) -> Sequence[Spoken]:
    """No answer."""
    return ()


def later(seconds: float, frame: bytes, _now: Millis, _chance: Random) -> Sequence[Spoken]:
    """The answer, too late."""
    return (Spoken(seconds, frame),)


def damaged(frame: bytes, _now: Millis, chance: Random) -> Sequence[Spoken]:
    """A character in four has a bit flipped, one at least."""
    hit = {chance.randrange(len(frame)) for _ in range(1 + len(frame) // 4)}
    return at_once(
        bytes(c ^ 1 << chance.randrange(8) if n in hit else c for n, c in enumerate(frame))
    )


def unreadable(frame: bytes, _now: Millis, chance: Random) -> Sequence[Spoken]:
    """No character is one: the wrong baud rate or polarity. A text has no CRC to tell by."""
    return at_once(bytes(c ^ 0x80 | chance.randrange(128) for c in frame))


def unchecked(frame: bytes, _now: Millis, _chance: Random) -> Sequence[Spoken]:
    """All is well but the CRC."""
    return at_once(frame[:-2] + bytes(c ^ 0x55 for c in frame[-2:]))


def noisy(frame: bytes, _now: Millis, chance: Random) -> Sequence[Spoken]:
    """Some characters that nobody sent before and after the frame: a floating, unbiased pair."""
    before, after = (chance.randbytes(chance.randint(1, 3)) for _ in range(2))
    return at_once(before + frame + after)


def sometimes(share: float, frame: bytes, _now: Millis, chance: Random) -> Sequence[Spoken]:
    """One answer in so many is lost."""
    return () if chance.random() < share else at_once(frame)


def between_resets(frame: bytes, now: Millis, _chance: Random) -> Sequence[Spoken]:
    """It answers until its supply gives way, and again once it has started."""
    return () if is_down(now) else at_once(frame)


def twice(frame: bytes, _now: Millis, chance: Random) -> Sequence[Spoken]:
    """A second unit with the same number answers as well, with its own values, a little apart."""
    body = bytearray(frame)
    for place in range(3, max(4, len(body) - 2)):
        body[place] = chance.randrange(256)
    return (Spoken(0.0, frame), Spoken(chance.uniform(0.0002, 0.002), bytes(body)))


def halved(payload: bytes, _chance: Random) -> bytes:
    """Half of the registers asked for, and a byte count that says so."""
    data = payload[2:]
    if payload[0] > 4 or len(data) < 2:
        return payload[:1]
    kept = data[: len(data) // 4 * 2]
    return bytes((payload[0], len(kept))) + kept


def unreached(payload: bytes, _chance: Random) -> bytes:
    """A gateway says that its target did not respond (exception 11)."""
    return bytes((payload[0] | 0x80, 11))


def unchanged(payload: bytes, _chance: Random) -> bytes:
    """The answer as the device gives it."""
    return payload


def is_down(now: Millis) -> bool:
    """Whether a unit that browns out is without supply at a moment."""
    return now % (BROWN_OUT + DOWN) >= BROWN_OUT


# Without wires


def sound(reading: Reading, _chance: Random) -> Reading:
    """A poll like any other."""
    return reading


def silence(why: str, reading: Reading, _chance: Random) -> Reading:
    """A poll without a valid answer."""
    return Reading(reading.device, reading.kind, reading.t, silent=why)


def gaps(share: float, reading: Reading, chance: Random) -> Reading:
    """One poll in so many has no answer."""
    return silence("no answer", reading, chance) if chance.random() < share else reading


def resets(reading: Reading, chance: Random) -> Reading:
    """No answer while it is down."""
    return silence("no answer", reading, chance) if is_down(reading.t) else reading


def stranger(reading: Reading, _chance: Random) -> Reading:
    """Another device at this address: what it says is nobody's value."""
    bad = dict.fromkeys(reading.values, "not the device its profile describes")
    return replace(
        reading, values={}, uncertain=frozenset(), bad={**bad, IDENTITY: "another device answers"}
    )


def no_values(reading: Reading, _chance: Random) -> Reading:
    """The device is there, and its sensors have nothing to say: sentinels, NaN."""
    bad = {
        name: "the device has no value"
        for name, value in reading.values.items()
        if type(value) in {int, float}
    }
    kept = {name: value for name, value in reading.values.items() if name not in bad}
    return replace(
        reading,
        values=kept,
        uncertain=reading.uncertain - bad.keys(),
        bad={**reading.bad, **bad},
    )


@dataclass(frozen=True, slots=True)
class Mishap:
    """One way to go wrong, on which wires, and what it does.

    ``once``: it befalls one answer and is over. A mishap whose fault is about the bus has neither
    ``tells`` nor ``says``: the wire carries it out.
    """

    fault: Fault
    wires: frozenset[Wire]
    reads: Reads
    says: Mapping[Wire, Says] = field(default_factory=lambda: MappingProxyType({}))
    tells: Tells = unchanged
    once: bool = False

    @property
    def of_bus(self) -> bool:
        """Whether it befalls everybody on the wire."""
        return self.fault.about == "bus"


def _mishap(
    name: str,
    code: str | None,
    reads: Reads,
    says: Mapping[Wire, Says],
    *,
    tells: Tells = unchanged,
    may: tuple[str, ...] = (),
    once: bool = False,
) -> Mishap:
    """One that befalls a device, on the wires for which it is said what they carry."""
    must_not = () if code else _COMM
    fault = Fault(name, EVERY_KIND, code, must_not=must_not, may=may)
    return Mishap(fault, frozenset(says), reads, MappingProxyType(dict(says)), tells, once)


def _of_bus(name: str, wires: set[Wire], why: str) -> Mishap:
    """One that befalls a bus: nobody on it is to blame."""
    fault = Fault(name, EVERY_KIND, "bus_down", about="bus", must_not=_COMM)
    return Mishap(fault, frozenset(wires), partial(silence, why))


def _on(*wires: Wire, do: Says = at_once) -> dict[Wire, Says]:
    return dict.fromkeys(wires, do)


_LATE, _SLOW = partial(later, LATE), partial(later, SLOW)
_LOSES = partial(sometimes, LOSSES)
_GARBLED = partial(silence, "what came is no answer")

MISHAPS: Mapping[str, Mishap] = MappingProxyType({
    one.fault.name: one
    for one in (
        _mishap("silent", "comm_loss", partial(silence, "no answer"),
                _on("serial", "tcp", "sensor", "snmp", do=nothing), may=("comm_degraded",)),
        _mishap("dead", "comm_loss", partial(silence, "no answer"),
                _on("serial", "sensor", do=nothing) | _on("tcp"), tells=unreached,
                may=("comm_degraded",)),
        _mishap("late", "comm_loss", partial(silence, "no answer in time"),
                _on("serial", "tcp", "snmp", do=_LATE), may=("comm_degraded", "bad_data")),
        _mishap("short", "comm_loss", partial(silence, "the answer is too short"),
                _on("serial", "tcp"), tells=halved, may=("bad_data",)),
        _mishap("garbled", "comm_loss", _GARBLED,
                {"serial": damaged, "sensor": unreadable}, may=("bad_data", "comm_degraded")),
        _mishap("bad_crc", "comm_loss", partial(silence, "bad CRC"),
                _on("serial", do=unchecked), may=("bad_data",)),
        _mishap("duplicate", "comm_loss", _GARBLED,
                _on("serial", do=twice), may=("bad_data", "comm_degraded", "config_mismatch")),
        _mishap("lossy", "comm_degraded", partial(gaps, LOSSES),
                _on("serial", "tcp", "snmp", do=_LOSES), may=("comm_loss", "bad_data")),
        _mishap("brown_out", "comm_degraded", resets,
                _on("serial", "tcp", "sensor", "snmp", do=between_resets), may=("comm_loss",)),
        _mishap("other_device", "config_mismatch", stranger, _on("serial", "tcp")),
        _mishap("no_values", "bad_data", no_values, _on("serial", "tcp")),
        _mishap("no_echo", "bad_data", no_values, _on("sensor")),
        _of_bus("swapped_lines", {"serial"}, "no answer"),
        _of_bus("unplugged", {"serial"}, "the port is gone"),
        _of_bus("slow_gateway", {"tcp"}, "no answer in time"),
        _mishap("noise", None, sound, _on("serial", do=noisy)),
        _mishap("slow", None, sound, _on("serial", "tcp", "snmp", do=_SLOW)),
        _mishap("lost_answer", None, partial(silence, "no answer"),
                _on("serial", "tcp", "snmp", do=nothing), once=True),
        _mishap("crc_error", None, partial(silence, "bad CRC"),
                _on("serial", do=unchecked), once=True),
    )
})  # fmt: skip
"""By the name a scenario calls it."""

FAULTS: tuple[Fault, ...] = tuple(one.fault for one in MISHAPS.values())


def reads(fault: str, reading: Reading, chance: Random) -> Reading:
    """What one poll of a device that has this mishap becomes; of ``once`` ones, the first.

    Raises:
        KeyError: there is no such mishap.
    """
    return MISHAPS[fault].reads(reading, chance)
