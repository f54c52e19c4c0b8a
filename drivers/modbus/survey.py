"""Looking at a bus nobody has described: who answers, and what each says of itself. Never writes.

Every unit is asked for one holding register. What it answers does not matter: a refusal, too, means
that somebody is there, unless it comes from a gateway that cannot reach the unit. On a serial line
the patience is short, because nobody is lost by it: an answer that comes too late is heard while
the next units are asked, and whoever gave it is asked again with time to spare, like everybody in
whose turn something odd was heard. A TCP endpoint may answer for units that are not there; it is
asked for two that cannot exist, and what it says of them counts as nobody.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from drivers.modbus.frame import pdu
from drivers.modbus.frame.ascii_framing import AsciiReader
from drivers.modbus.frame.framing import RtuReader, crc16
from drivers.modbus.frame.pdu import Refused
from drivers.modbus.identity import verify
from drivers.modbus.link import ModbusLink, Wire
from drivers.modbus.map.rows import NetworkUnit
from drivers.modbus.wire.port import Port
from drivers.modbus.wire.rtu_tcp import RtuTcp
from gateway.driver import (
    BadResponse,
    Device,
    Link,
    LinkDown,
    NoResponse,
    Sighting,
    Symptom,
)

_QUESTION = pdu.read("holding", 0, 1)
_HURRY, _HURRY_CHARACTERS = 0.1, 30
"""Patience on a serial line: 100 ms and 30 characters (131 ms at 9600 baud). Meters answer within
20 to 100 ms; what is slower is heard late and asked again."""
_HURRY_THROUGH_TCP = 0.3
TIME_TO_SPARE = 1.0
_ASKED_AGAIN = 3  # times
_LATE = 3  # units before an odd answer that may have given it
_LATEST = 8  # patiences after the last question, until when answers are waited for
_MOST_AGAIN = 32
_HOPELESS = 8  # garbled answers in a row and none good: nothing can be learnt here
_HANGS_UP = 5  # connections lost in a row
LISTEN = 1.1
"""Seconds of listening before anything is asked: most masters ask once a second."""
_NOBODY = (251, 253)
"""Unit numbers that are reserved (MODBUS over Serial Line v1.02, §2.2: 248 to 255)."""
_ANY_NUMBER = (
    "answers alike for every unit number, even for those that cannot exist: "
    "a device that pays no attention to the number"
)
_UNREACHED = frozenset({pdu.GATEWAY_PATH, pdu.GATEWAY_TARGET})
_ODD = frozenset({Symptom.GARBLED, Symptom.STRANGER, Symptom.SHARED})
_TEXT = re.compile(rb"[\x20-\x7e]{3,}")


@runtime_checkable
class Overhears(Protocol):
    """A wire on which everybody hears everything."""

    def owes(self, unit: int) -> bool:
        """Whether an answer that a unit was asked for may still come."""

    def twice(self, unit: int) -> bool:
        """Whether a unit was heard again when it owed nothing."""

    async def listen(self, seconds: float) -> bytes:
        """What comes without being asked for."""


def hurried(options: object) -> float:
    """Seconds a unit gets to begin its answer while nobody knows whether it is there."""
    if isinstance(options, Port):
        return _HURRY + _HURRY_CHARACTERS * options.character
    if isinstance(options, RtuTcp):
        return min(options.timeout, _HURRY_THROUGH_TCP)
    return float(getattr(options, "timeout", TIME_TO_SPARE))


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came of one question: data, the number of an exception, or a symptom."""

    answer: bytes | int | None
    symptom: Symptom | None
    latency: float
    text: str = ""


async def sweep(
    link: Link,
    options: Any,  # noqa: ANN401  # of one of the three wires
    units: Sequence[int],
    patience: float | None,
) -> AsyncIterator[Sighting | str]:
    """Who is on the bus, unit by unit; see ``gateway.driver.Survey``."""
    assert isinstance(link, ModbusLink)  # noqa: S101  # this driver opened it
    patience = patience or hurried(options)
    wire = link.wire
    if isinstance(wire, Overhears):
        heard = await wire.listen(LISTEN)
        if another_master(heard):
            yield (
                "another master is asking on this bus: stop it first, "
                "or its questions and these destroy each other"
            )
            return
        if heard:
            yield (
                f"{len(heard)} bytes came that nobody asked for: another baud rate or parity, "
                "a device that talks by itself, or noise"
            )
        async for seen in _line(wire, units, patience):
            yield seen
    else:
        async for seen in _endpoint(wire, units, patience):
            yield seen


# ---------------------------------------------------------------- a line everybody hears


async def _line(wire: Wire, units: Sequence[int], patience: float) -> AsyncIterator[Sighting | str]:
    silent: list[int] = []
    doubtful: dict[int, None] = {}
    odd = 0
    for unit in units:
        heard = await _ask(wire, unit, patience)
        yield _sighting(unit, heard)
        if heard.answer is not None:
            odd = 0
            continue
        if heard.symptom in _ODD:
            odd += 1
            doubtful |= dict.fromkeys([*silent[-_LATE:], unit])
        if odd == _HOPELESS:
            yield (
                f"{odd} answers in a row were no answers ({heard.text}): "
                "another baud rate or parity, or somebody else is talking here"
            )
            return
        silent.append(unit)
    if isinstance(wire, Overhears):
        await wire.listen(min(TIME_TO_SPARE, _LATEST * patience))
        doubtful |= dict.fromkeys(unit for unit in silent if not wire.owes(unit))
        doubtful |= dict.fromkeys(unit for unit in units if wire.twice(unit))
    for unit in list(doubtful)[:_MOST_AGAIN]:
        yield await _again(wire, unit, patience)


async def _again(wire: Wire, unit: int, patience: float) -> Sighting:
    """Somebody may be there: ask in peace, several times."""
    tries: list[_Heard] = []
    while len(tries) < _ASKED_AGAIN and all(h.symptom is not Symptom.SILENT for h in tries):
        tries.append(await _ask(wire, unit, max(TIME_TO_SPARE, patience)))
    good = [heard for heard in tries if heard.answer is not None]
    odd = [heard for heard in tries if heard.symptom in _ODD]
    if not good and (len(odd) < len(tries) or odd[-1].symptom is Symptom.STRANGER):
        return Sighting(unit)
    notes = []
    latency = min(heard.latency for heard in good or odd)
    if odd:
        notes.append(
            f"{len(odd)} of {len(tries)} answers could not be read ({odd[-1].text}): two devices "
            "with this number, or a disturbed line"
        )
    if good and latency > patience:
        notes.append(f"slow: give it a timeout of {max(2 * latency, patience) * 1000:.0f}ms")
    return Sighting(unit, latency, tuple(notes), legible=bool(good))


def another_master(heard: bytes) -> bool:
    """Whether what nobody asked for is somebody else's questions and answers."""
    readers = (RtuReader(), AsciiReader())
    answers = sum(1 for reader in readers for _ in reader.feed(heard))
    questions = sum(
        crc16(heard[at : at + 6]).to_bytes(2, "little") == heard[at + 6 : at + 8]
        for at in range(len(heard) - 7)
    )
    return questions > 0 or answers > 1  # one answer alone may be late from before


# ---------------------------------------------------------------- an endpoint


async def _endpoint(
    wire: Wire, units: Sequence[int], patience: float
) -> AsyncIterator[Sighting | str]:
    claims = [claim async for claim in _claims(wire, units, patience)]
    found = 0
    same: list[tuple[int, float]] = []  # units answered for as for those that cannot exist
    hangs = 0
    for unit in units:
        try:
            heard = await _ask(wire, unit, patience)
        except LinkDown:
            hangs += 1
            if hangs == _HANGS_UP:
                raise
            yield Sighting(unit)
            continue
        hangs = 0
        if heard.answer is not None and _claimed(heard.answer, claims):
            same.append((unit, heard.latency))
            heard = _Heard(None, Symptom.UNREACHED, heard.latency)
        found += heard.answer is not None
        yield _sighting(unit, heard)
    if same and (not found or any(isinstance(claim, bytes) for claim in claims)):
        unit, latency = same[0]
        yield Sighting(unit, latency, (_ANY_NUMBER,))


async def _claims(wire: Wire, units: Sequence[int], patience: float) -> AsyncIterator[bytes | int]:
    """What an endpoint answers for units that cannot exist."""
    for unit in _NOBODY:
        if unit not in units:
            with suppress(LinkDown):
                heard = await _ask(wire, unit, patience)
                if heard.answer is not None:
                    yield heard.answer


def _claimed(answer: bytes | int, claims: Sequence[bytes | int]) -> bool:
    """Whether an answer is only what the endpoint says for anybody; its value may change."""
    moving = len(set(claims)) > 1
    return answer in claims or (moving and type(answer) in map(type, claims))


# ---------------------------------------------------------------- one question


async def _ask(wire: Wire, unit: int, patience: float) -> _Heard:
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        answer: bytes | int | None = await wire.ask(
            NetworkUnit(unit=unit, timeout=patience), _QUESTION
        )
        return _Heard(answer, None, clock() - began)
    except Refused as refused:
        if refused.code in _UNREACHED:
            return _Heard(None, Symptom.UNREACHED, clock() - began, str(refused))
        return _Heard(refused.code, None, clock() - began)
    except (NoResponse, BadResponse) as wrong:
        return _Heard(None, wrong.symptom, clock() - began, str(wrong))


def _sighting(unit: int, heard: _Heard) -> Sighting:
    return Sighting(unit, None if heard.answer is None else heard.latency)


# ---------------------------------------------------------------- who it says it is


async def says(link: Link, unit: Any) -> str:  # noqa: ANN401  # a unit of one of the three wires
    """Vendor, product and revision (function 43/14), else the server id (17); "" if neither."""
    assert isinstance(link, ModbusLink)  # noqa: S101  # this driver opened it
    with suppress(NoResponse, BadResponse):
        objects = await link.identification(unit)
        told = [_printable(objects[number]) for number in sorted(objects)[:3]]
        if any(told):
            return " ".join(filter(None, told))
    with suppress(NoResponse, BadResponse):
        return _printable(await link.server_id(unit))
    return ""


def _printable(data: bytes) -> str:
    """The text in bytes that may hold anything."""
    return " ".join(part.decode("ascii").strip() for part in _TEXT.findall(data)).strip()


async def fits(link: Link, device: Device) -> bool | None:
    """Whether the registers that its profile's ``identity`` names hold what it says."""
    if not device.traits.identity:
        return None
    try:
        return await verify(link, device) is None
    except (NoResponse, BadResponse):
        return False
