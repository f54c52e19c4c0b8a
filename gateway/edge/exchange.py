"""One poll of one device: its blocks asked one after another, and the reading they make.

A block that fails costs its own points and no others. A device that has answered nothing yet when
it falls silent is not asked further: the poll as a whole is silent, and has cost one timeout. Nor
is one that shares its number with another: what it said before may be the other's as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from gateway.diagnosis import Finding, finding
from gateway.driver import Bad, BadResponse, Block, Busy, Link, NoResponse, Symptom
from gateway.model import IDENTITY, Device, Millis, Reading
from gateway.values import Answer, Count, gather


class Heard(NamedTuple):
    """What a poll heard: the answer of every block, and two things about those that failed.

    ``mute`` is the index of the block that stayed silent, ``wrong`` what the first one that failed
    tells.
    """

    answers: Sequence[Answer]
    mute: int | None = None
    wrong: Finding | None = None

    @property
    def anything(self) -> bool:
        """Whether any block was answered."""
        return any(not isinstance(answer, str) for _, answer in self.answers)


async def ask(
    link: Link,
    blocks: Sequence[Block],
    between: Callable[[], Awaitable[None]] | None = None,
    *,
    patient: bool = False,
) -> Heard:
    """Ask for blocks, in their order.

    ``between`` is awaited before each block but the first: the place where a command may pass.
    After a silent block the rest is not asked; every further one could cost a timeout as well.
    With ``patient`` a busy device is not asked further either: it will be, a little later.

    Raises:
        Busy: a block was not answered because the device is busy, and there is patience.
        NoResponse: the first block stayed silent.
        LinkDown: the wire is gone.
    """
    answers: list[Answer] = []
    wrong: Finding | None = None
    for i, block in enumerate(blocks):
        if i and between is not None:
            await between()
        try:
            answers.append((block, await link.read(block)))
        except BadResponse as error:
            if patient and isinstance(error, Busy):
                raise
            told = finding(error)
            wrong = wrong or told
            if error.symptom is Symptom.SHARED:
                return Heard([(each, told.text) for each in blocks], None, told)
            answers.append((block, told.text))
        except NoResponse as error:
            if not i:
                raise
            told = finding(error)
            answers.append((block, told.text))
            answers += [
                (unasked, "not asked, an earlier request got no response")
                for unasked in blocks[i + 1 :]
            ]
            return Heard(answers, i, wrong or told)
    return Heard(answers, None, wrong)


def reading(device: Device, t: Millis, heard: Heard, count: Count | None = None) -> Reading:
    """What the answers say; silent, with the first reason, if every block failed.

    ``count`` counts on what the device's counters have counted before they began again.
    """
    if heard.wrong is not None and not heard.anything:
        return silent(device, t, heard.wrong.sentence)
    return gather(device, t, heard.answers, count)


def silent(device: Device, t: Millis, reason: str) -> Reading:
    """A poll that got nothing, and why."""
    return Reading(device.id, device.kind, t, silent=reason)


def doubted(one: Reading, difference: str) -> Reading:
    """The reading of a device that is not what its profile describes: to be seen, not judged by."""
    values = {name: value for name, value in one.values.items() if name != IDENTITY}
    bad = {**one.bad, IDENTITY: difference}
    return replace(one, values=values, uncertain=frozenset(values), bad=bad)


def fruitless(heard: Heard, result: Reading) -> Finding | None:
    """Why a poll brought no value at all, if the device is to blame for that.

    Values that mean "no value" are an answer like any other.
    """
    if result.values:
        return None
    if result.silent is not None:
        return heard.wrong
    raws = [raw for _, raws in heard.answers if not isinstance(raws, str) for raw in raws]
    if raws and all(isinstance(raw, Bad) and raw.refused for raw in raws):
        return Finding(Symptom.REFUSED, raws[0].reason)  # type: ignore[union-attr]
    return None
