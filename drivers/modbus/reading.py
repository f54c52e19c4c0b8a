"""Reads of a device that may refuse them, each refusal treated by meaning.

MODBUS Application Protocol v1.1b3, §7:

    1       illegal function   the points are bad, and not asked for again soon
    2       illegal address    the block is read in pieces, in the same poll and from then on
    3       illegal value      the same; if all pieces are answered, blocks stay shorter than that
    4       device failure     the points are bad; if it repeats, one search for what fails
    5, 6    acknowledge, busy  Busy: the device is asked again a little later
    10, 11  gateway            silence of this unit: the gateway cannot reach it
    others                     the points are bad, and say why

What is remembered, and for how long, is in ``refusals``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.map.codec import scaled
from drivers.modbus.map.rows import NetworkUnit, SerialUnit
from drivers.modbus.plan import Part, Read, around, halves, single
from drivers.modbus.refusals import Refusals, no
from gateway.driver import Bad, Busy, NoResponse, Raw, Symptom

Unit: TypeAlias = NetworkUnit | SerialUnit
Ask: TypeAlias = Callable[[Unit, Question], Awaitable[bytes]]

_LATER = frozenset({pdu.ACKNOWLEDGE, pdu.BUSY})
_CUT = frozenset({pdu.ILLEGAL_ADDRESS, pdu.ILLEGAL_VALUE})
_LEFT_OUT = frozenset({pdu.ILLEGAL_FUNCTION, pdu.ILLEGAL_ADDRESS})

_HOPE, _SEARCH = 6, 16
"""Requests a search for a failing part may take: the first while nothing at all is answered (two
halves, four quarters: then it is the whole device), the second in all."""


class Reads:
    """Reads of all units of a wire; ``clock`` gives seconds that only go forward."""

    def __init__(self, ask: Ask, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._refusals: dict[int, Refusals] = {}

    async def with_far(self, unit: Unit, read: Read) -> list[Raw]:
        """A read, and right after it the exponents that it could not hold."""
        values = await self.values(unit, read)
        for exponent, places in read.far:
            (power,) = await self.values(unit, single(exponent))
            for i in places:
                values[i] = scaled(values[i], power)
        return values

    async def values(self, unit: Unit, read: Read) -> list[Raw]:
        """The values of a read, row by row; raises as ``gateway.driver.Link.read``."""
        known = self._refusals.get(unit.unit)
        if known is not None:
            return await self._around(unit, read, known)
        try:
            return read.decode(await self._ask(unit, read.question))
        except Refused as refused:
            known = self._refusals.setdefault(unit.unit, Refusals())
            return await self._refused(unit, read, refused, known)

    async def _around(self, unit: Unit, read: Read, known: Refusals) -> list[Raw]:
        """A read in pieces: between what is left out, and in halves where the whole is refused."""
        now = self._clock()
        left_out = known.left_out(read, now)
        if len(left_out) == len(read.parts) and not known.skips(read, now):
            return await self._prove(unit, read, known)
        if left_out:
            values: list[Raw] = []
            for piece in around(read, frozenset(left_out)):
                if isinstance(piece, Part):
                    values += [left_out[piece.start, piece.end]] * len(piece.rows)
                else:
                    values += await self._around(unit, piece, known)
            return values
        if known.cuts(read, now):
            return await self._in_halves(unit, read, known)
        try:
            return await self._answer(unit, read, known)
        except Refused as refused:
            return await self._refused(unit, read, refused, known)

    async def _in_halves(self, unit: Unit, read: Read, known: Refusals) -> list[Raw]:
        first, second = halves(read)
        return [
            *await self._around(unit, first, known),
            *await self._around(unit, second, known),
        ]

    async def _answer(self, unit: Unit, read: Read, known: Refusals) -> list[Raw]:
        """The values of a read as it stands; raises Refused as well."""
        try:
            data = await self._ask(unit, read.question)
        except Refused:
            known.spoke()
            raise
        known.answered(read)
        return read.decode(data)

    async def _prove(self, unit: Unit, read: Read, known: Refusals) -> list[Raw]:
        """Nothing of a read is left to ask for; is its unit there at all?"""
        try:
            return await self._answer(unit, read, known)
        except Refused as refused:
            _raise_unless_a_no(refused)
            left_out = known.left_out(read, self._clock())
            return [
                left_out.get((part.start, part.end), no(refused.code))
                for part in read.parts
                for _ in part.rows
            ]

    async def _refused(
        self, unit: Unit, read: Read, refused: Refused, known: Refusals
    ) -> list[Raw]:
        """What an exception means for a read: pieces, bad values, later, or silence."""
        _raise_unless_a_no(refused)
        now, code = self._clock(), refused.code
        if code in _CUT and len(read.parts) > 1:
            known.cut(read, now)
            values = await self._in_halves(unit, read, known)
            if code == pdu.ILLEGAL_VALUE and not any(isinstance(v, Bad) for v in values):
                known.limit(read, now)
            return values
        if code in _LEFT_OUT:
            known.leave_out(read, code, now)
        elif code == pdu.DEVICE_FAILURE and known.failed(read, now):
            return await self._search(unit, read, known)
        return [no(refused.code)] * len(read.rows)

    async def _search(self, unit: Unit, read: Read, known: Refusals) -> list[Raw]:
        """A read fails again and again: which of its parts? If any piece is answered, that stays.

        Asks for the halves of the largest piece that fails, as long as there is hope.
        """
        pieces: list[tuple[Read, list[Raw] | None]] = [(read, None)]
        cut: list[Read] = []
        asked, found = 0, False
        while asked < (_SEARCH if found else _HOPE):
            failing = [i for i, (piece, v) in enumerate(pieces) if v is None and piece.parts[1:]]
            if not failing:
                break
            at = max(failing, key=lambda i: len(pieces[i][0].parts))
            cut.append(pieces[at][0])
            pieces[at : at + 1] = [
                (half, await self._unless_failing(unit, half, known)) for half in halves(cut[-1])
            ]
            asked += 2
            found = found or any(values is not None for _, values in pieces)
        now = self._clock()
        known.searched(read, now)
        if found:
            for piece in cut:
                known.cut(piece, now)
            for piece, values in pieces:
                if values is None and len(piece.parts) == 1:
                    known.leave_out(piece, pdu.DEVICE_FAILURE, now)
        failure = no(pdu.DEVICE_FAILURE)
        return [raw for piece, values in pieces for raw in values or [failure] * len(piece.rows)]

    async def _unless_failing(self, unit: Unit, read: Read, known: Refusals) -> list[Raw] | None:
        try:
            return await self._answer(unit, read, known)
        except Refused as refused:
            if refused.code == pdu.DEVICE_FAILURE:
                return None
            return await self._refused(unit, read, refused, known)


def _raise_unless_a_no(refused: Refused) -> None:
    """An exception that is no answer to the question: the unit is out of reach, or has no time."""
    if refused.code in pdu.UNREACHED:
        raise NoResponse(str(refused), symptom=Symptom.UNREACHED)
    if refused.code in _LATER:
        raise Busy(str(refused))
