"""One poll of one device: its blocks asked one after another, and the reading they make.

A block that fails costs its own points and no others. A device that has answered nothing yet when
it falls silent is not asked further: the poll as a whole is silent, and has cost one timeout.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from gateway.driver import BadResponse, Block, Link, NoResponse
from gateway.model import Device, Millis, Reading
from gateway.values import Answer, gather

NO_RESPONSE = "no response"


async def ask(
    link: Link,
    blocks: Sequence[Block],
    between: Callable[[], Awaitable[None]] | None = None,
) -> tuple[list[Answer], int | None]:
    """The answer of every block, and the index of the one that stayed silent, if one did.

    ``between`` is awaited before each block but the first: the place where a command may pass.
    After a silent block the rest is not asked; every further one could cost a timeout as well.

    Raises:
        NoResponse: the first block stayed silent.
        LinkDown: the wire is gone.
    """
    answers: list[Answer] = []
    for i, block in enumerate(blocks):
        if i and between is not None:
            await between()
        try:
            answers.append((block, await link.read(block)))
        except BadResponse as error:
            answers.append((block, str(error) or "bad response"))
        except NoResponse as error:
            if not i:
                raise
            answers.append((block, str(error) or NO_RESPONSE))
            answers += [
                (unasked, "not asked, an earlier request got no response")
                for unasked in blocks[i + 1 :]
            ]
            return answers, i
    return answers, None


def reading(device: Device, t: Millis, answers: Sequence[Answer]) -> Reading:
    """What the answers say; silent, with the first reason, if every block failed."""
    reasons = [answer for _, answer in answers if isinstance(answer, str)]
    if reasons and len(reasons) == len(answers):
        return silent(device, t, reasons[0])
    return gather(device, t, answers)


def silent(device: Device, t: Millis, reason: str) -> Reading:
    """A poll that got nothing, and why."""
    return Reading(device.id, device.kind, t, silent=reason or NO_RESPONSE)
