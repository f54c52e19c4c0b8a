"""Whether a device is what its profile describes: what is compared, and how a difference reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from drivers.modbus.identity import differs, verify
from drivers.modbus.map.rows import Identity, Traits
from gateway.driver import Bad, BadResponse, Block, Link, NoResponse, Raw, Symptom
from tests.parts.modbus import device

TRAITS = Traits()


def row(**keys: Any) -> Identity:
    return Identity(**{"table": "holding", "address": 0, "equals": 0x5753, **keys})


@pytest.mark.parametrize(
    ("identity", "found", "says"),
    [
        (row(), 0x5753, None),
        (row(), 0x1234, "holding 0 holds 0x1234, the profile says 0x5753"),
        (row(), 3, "holding 0 holds 0x0003, the profile says 0x5753"),
        (row(address="30013", table=None, equals=7), 7, None),
        (row(address="30013", table=None, equals=7), 8, "input 12 holds 0x0008, the profile says"),
        (row(type="uint32"), 1, "holding 0 holds 0x00000001, the profile says 0x00005753"),
        (row(type="int16", equals=-5), -5, None),
        (row(type="int16", equals=-5), 5, "holding 0 holds 5, the profile says -5"),
        (row(type="string", length=2, equals="SunS"), "SunS", None),
        (
            row(type="string", length=2, equals="SunS"),
            "Sun",
            'holds "Sun", the profile says "SunS"',
        ),
        (row(type="string", length=2, equals="SunS"), Bad("not utf-8"), "holds not utf-8, the"),
        (row(table="coil", equals=1), True, None),
        (row(type="float32", equals=2), 2.0, None),
    ],
)
def test_a_difference_names_the_register_what_it_holds_and_what_it_should(
    identity: Identity, found: Raw, says: str | None
) -> None:
    told = differs(identity, identity.register(TRAITS), found)
    assert told == says if says is None else says in str(told)


class Answers:
    """A link whose every block answers, or fails, as told, in turn."""

    def __init__(self, *answers: Raw | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []

    async def read(self, block: Block) -> Sequence[Raw]:
        self.asked.append(block.request.start)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer]


async def told(answers: Answers, *rows: Identity) -> str | None:
    subject = device(traits=Traits(identity=rows))
    return await verify(cast("Link", answers), subject)


REFUSED = Bad("illegal address", refused=True)


async def test_every_register_is_read_until_one_differs() -> None:
    answers = Answers(0x5753, 4, 5)
    assert "holding 1 " in str(await told(answers, row(), row(address=1), row(address=2)))
    assert answers.asked == [0, 1]


async def test_a_profile_without_identity_asks_nothing() -> None:
    assert await told(Answers()) is None


async def test_who_refuses_to_show_a_register_cannot_be_checked() -> None:
    with pytest.raises(BadResponse, match="holding 0: illegal address") as wrong:
        await told(Answers(REFUSED, 0x5753), row(), row(address=1))
    assert wrong.value.symptom is Symptom.REFUSED


async def test_a_difference_elsewhere_still_tells() -> None:
    assert await told(Answers(REFUSED, 7), row(), row(address=1)) is not None


async def test_silence_and_damage_are_no_difference() -> None:
    with pytest.raises(NoResponse):
        await told(Answers(NoResponse("no answer in 1 s")), row())
    with pytest.raises(BadResponse):
        await told(Answers(BadResponse("bad CRC")), row())
