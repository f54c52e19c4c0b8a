"""Blocks read over any wire: what a refusal costs, what is remembered, what commands write."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.frame.pdu import EXCEPTIONS, Question, Refused
from drivers.modbus.link import ModbusLink, Unit
from drivers.modbus.map.rows import Traits
from drivers.modbus.map.setting import Setting
from drivers.modbus.plan import Read
from drivers.modbus.refusals import FORGET
from gateway.driver import Bad, BadResponse, Busy, NoResponse, Raw, Symptom
from gateway.model import Control, Device
from tests.parts.modbus import blocks, control, device, point

ILLEGAL = Bad("illegal address")


@dataclass
class Memory:
    """A wire to devices whose register ``a`` holds ``a``, without those at ``holes``."""

    holes: set[int] = field(default_factory=set)
    code: int = 2  # what it says of a hole
    longest: int = 125
    refuses: int | None = None
    functions: dict[int, int] = field(default_factory=dict)  # function → what it says of it
    silent: bool = False
    depth: int = 1
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    functions_asked: list[int] = field(default_factory=list)
    told: list[Question] = field(default_factory=list)

    async def ask(self, unit: Unit, question: Question) -> bytes:
        address, count = struct.unpack(">HH", question.pdu[1:5])
        self.asked.append((unit.unit, address, count))
        self.functions_asked.append(question.function)
        if self.silent:
            raise NoResponse("no answer")
        refuses = self.functions.get(question.function, self.refuses)
        if refuses is not None:
            raise Refused(refuses)
        if question.function > 4 and question.function != 23:
            return b""
        if count > self.longest:
            raise Refused(3)
        if self.holes & set(range(address, address + count)):
            raise Refused(self.code)
        return struct.pack(f">{count}H", *range(address, address + count))

    async def tell(self, question: Question) -> None:
        self.told.append(question)


def meter(*addresses: int, unit: int = 1, **traits: Any) -> Device:
    head = Traits(**traits)
    points = [point(f"p{a}", traits=head, table="input", address=a) for a in addresses]
    return device(*points, unit=unit, traits=head)


async def poll(link: ModbusLink, subject: Device) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    for block in blocks(subject):
        raws = await link.read(block)
        found.update(zip([p.name for p in block.points], raws, strict=True))
    return found


async def test_one_illegal_register_is_found_in_the_same_poll_and_read_around_ever_after() -> None:
    wire = Memory(holes={37})
    link = ModbusLink(wire, lambda: 0.0)
    subject = meter(*range(64))
    expected = {f"p{a}": ILLEGAL if a == 37 else a for a in range(64)}
    assert await poll(link, subject) == expected
    assert len(wire.asked) <= 13  # the whole, and two for every halving
    wire.asked.clear()
    assert await poll(link, subject) == expected
    assert wire.asked == [(1, 0, 37), (1, 38, 26)]


async def test_a_hole_between_points_costs_no_point_and_is_not_asked_for_twice() -> None:
    wire = Memory(holes={5})
    link = ModbusLink(wire, lambda: 0.0)
    subject = meter(0, 1, 9, 10, max_gap=8)
    for _ in range(2):
        wire.asked.clear()
        assert await poll(link, subject) == {"p0": 0, "p1": 1, "p9": 9, "p10": 10}
    assert wire.asked == [(1, 0, 2), (1, 9, 2)]


async def test_a_device_that_takes_shorter_blocks_than_it_says_is_read_in_those() -> None:
    wire = Memory(longest=20)
    link = ModbusLink(wire, lambda: 0.0)
    subject = meter(*range(64))
    for _ in range(2):
        wire.asked.clear()
        assert await poll(link, subject) == {f"p{a}": a for a in range(64)}
    assert [count for _, _, count in wire.asked] == [16, 16, 16, 16]


async def test_what_one_unit_refuses_is_not_held_against_another() -> None:
    wire = Memory(holes={3})
    link = ModbusLink(wire, lambda: 0.0)
    await poll(link, meter(*range(8), unit=1))
    wire.holes.clear()
    wire.asked.clear()
    assert await poll(link, meter(*range(8), unit=2)) == {f"p{a}": a for a in range(8)}
    assert wire.asked == [(2, 0, 8)]


async def test_what_was_refused_is_asked_for_again_after_an_hour() -> None:
    now = 0.0
    wire = Memory(holes={3})
    link = ModbusLink(wire, lambda: now)
    subject = meter(*range(8))
    await poll(link, subject)
    wire.holes.clear()
    now = FORGET - 1
    assert (await poll(link, subject))["p3"] == ILLEGAL
    now = FORGET + 1
    wire.asked.clear()
    assert await poll(link, subject) == {f"p{a}": a for a in range(8)}
    assert wire.asked == [(1, 0, 8)]


async def test_an_atomic_group_with_an_illegal_member_is_not_read_in_pieces() -> None:
    """Half a group from one request and half from another would be judged as one moment."""
    points = [point(f"g{a}", table="input", address=a) for a in range(4)]
    other = point("other", table="input", address=4)
    subject = device(*points, other, atomic=(("g*",),))
    link = ModbusLink(Memory(holes={2}), lambda: 0.0)
    for _ in range(2):
        assert await poll(link, subject) == {**{f"g{a}": ILLEGAL for a in range(4)}, "other": 4}


@given(
    st.sets(st.integers(0, 40), min_size=1),
    st.sets(st.integers(0, 40)),
    st.integers(0, 5),
    st.integers(1, 30),
)
async def test_whatever_is_illegal_the_rest_is_read(
    addresses: set[int], holes: set[int], gap: int, longest: int
) -> None:
    wire = Memory(holes=holes, longest=longest)
    link = ModbusLink(wire, lambda: 0.0)
    subject = meter(*addresses, max_gap=gap)
    expected = {f"p{a}": ILLEGAL if a in holes else a for a in addresses}
    assert await poll(link, subject) == expected
    # Within a few polls it settles: nothing is asked any more that is refused.
    for _ in range(8):
        wire.asked.clear()
        assert await poll(link, subject) == expected
    for _, address, count in wire.asked if addresses - holes else ():
        assert count <= longest
        assert not holes & set(range(address, address + count))


async def test_a_device_that_refuses_everything_is_asked_whether_it_is_there() -> None:
    """Else it would go on "answering" long after it died."""
    wire = Memory(holes={0, 1})
    link = ModbusLink(wire, lambda: 0.0)
    subject = meter(0, 1)
    for _ in range(4):
        assert await poll(link, subject) == {"p0": ILLEGAL, "p1": ILLEGAL}
    wire.silent = True
    with suppress(NoResponse):
        await poll(link, subject)
    for _ in range(3):
        with pytest.raises(NoResponse):
            await poll(link, subject)


async def test_a_length_that_is_too_long_is_learnt_for_every_read_of_the_table() -> None:
    wire = Memory(longest=20)
    link = ModbusLink(wire, lambda: 0.0)
    await poll(link, meter(*range(40)))
    wire.asked.clear()
    assert await poll(link, meter(*range(100, 140))) == {f"p{a}": a for a in range(100, 140)}
    assert [count for _, _, count in wire.asked] == [20, 20], "not tried whole"


async def test_a_value_it_does_not_like_is_no_length() -> None:
    wire = Memory(holes={3}, code=3)
    link = ModbusLink(wire, lambda: 0.0)
    assert (await poll(link, meter(*range(8))))["p3"] == Bad("illegal value")
    wire.asked.clear()
    await poll(link, meter(*range(100, 120)))
    assert wire.asked == [(1, 100, 20)]


# ---------------------------------------------------------------- exceptions by meaning


async def test_an_illegal_function_is_not_asked_for_again_soon_and_other_tables_are() -> None:
    now = 0.0
    wire = Memory(functions={3: 1})
    link = ModbusLink(wire, lambda: now)
    subject = device(
        point("i", table="input", address=0),
        point("h", table="holding", address=0),
        point("k", table="holding", address=9),
    )
    refused = Bad("illegal function")
    for _ in range(3):
        assert await poll(link, subject) == {"i": 0, "h": refused, "k": refused}
    assert wire.functions_asked.count(3) == 2, "once for each block"
    asked = []
    for _ in range(24 * 60):
        now += 60.0
        wire.functions_asked.clear()
        await poll(link, subject)
        asked += [now] * wire.functions_asked.count(3)
    assert asked[0] <= 120.0, "it may only have been starting"
    assert len(asked) <= 2 * (6 + 24), "later once an hour"
    wire.functions.clear()
    now += FORGET
    assert await poll(link, subject) == {"i": 0, "h": 0, "k": 9}


async def test_a_range_refused_as_illegal_function_does_not_cost_the_rest_of_its_table() -> None:
    wire = Memory(holes={9}, code=1)
    link = ModbusLink(wire, lambda: 0.0)
    refused = Bad("illegal function")
    for _ in range(3):
        wire.asked.clear()
        assert await poll(link, meter(0, 9, 20)) == {"p0": 0, "p9": refused, "p20": 20}
    assert wire.asked == [(1, 0, 1), (1, 20, 1)]


async def test_a_device_that_was_only_starting_is_believed_again() -> None:
    """A doubt that was unfounded does not grow."""
    now = 0.0
    wire = Memory()
    link = ModbusLink(wire, lambda: now)
    for _ in range(10):
        wire.refuses = 1
        assert await poll(link, meter(0)) == {"p0": Bad("illegal function")}
        wire.refuses = None
        now += 61.0
        assert await poll(link, meter(0)) == {"p0": 0}
        now += 3600.0


@pytest.mark.parametrize("code", [4, 7, 8, 9, 77])
async def test_other_refusals_make_the_points_bad_and_nothing_is_cut(code: int) -> None:
    wire = Memory(refuses=code)
    link = ModbusLink(wire, lambda: 0.0)
    reason = Bad(EXCEPTIONS.get(code, f"exception {code}"))
    for _ in range(2):
        assert await poll(link, meter(0, 1)) == {"p0": reason, "p1": reason}
    assert len(wire.asked) == 2


@pytest.mark.parametrize(("code", "says"), [(5, "still working"), (6, "busy")])
async def test_a_busy_device_wants_to_be_asked_later(code: int, says: str) -> None:
    link = ModbusLink(Memory(refuses=code), lambda: 0.0)
    with pytest.raises(Busy, match=says) as caught:
        await poll(link, meter(0, 1))
    assert caught.value.symptom is Symptom.REFUSED


@pytest.mark.parametrize("absent", [{5}, {0, 1}, {3, 40}, {63}])
async def test_a_failure_that_repeats_is_searched_for_once_and_its_neighbours_are_read(
    absent: set[int],
) -> None:
    """Some devices answer 4 of registers that they do not have."""
    wire = Memory(holes=absent, code=4)
    link = ModbusLink(wire, lambda: 0.0)
    subject = meter(*range(64))
    costs = []
    for _ in range(9):
        wire.asked.clear()
        found = await poll(link, subject)
        costs.append(len(wire.asked))
    failed = Bad("device failure")
    assert found == {f"p{a}": failed if a in absent else a for a in range(64)}
    assert costs[:2] == [1, 1], "once or twice may be a whim"
    assert max(costs) <= 17 + 4
    assert costs[-1] <= 2 + len(absent)


async def test_a_device_that_fails_as_a_whole_is_not_picked_apart() -> None:
    now = 0.0
    wire = Memory(refuses=4)
    link = ModbusLink(wire, lambda: now)
    subject = meter(*range(64))
    for _ in range(3600):
        now += 1.0
        assert set((await poll(link, subject)).values()) == {Bad("device failure")}
    assert len(wire.asked) <= 3600 + 6 * 7, "six requests for a search, seven searches an hour"
    wire.refuses = None
    wire.asked.clear()
    assert await poll(link, subject) == {f"p{a}": a for a in range(64)}
    assert wire.asked == [(1, 0, 64)], "and it is whole as soon as it is well"


async def test_a_single_value_refused_for_its_length_says_so() -> None:
    link = ModbusLink(Memory(refuses=3), lambda: 0.0)
    assert await poll(link, meter(0, 1)) == {"p0": Bad("illegal value"), "p1": Bad("illegal value")}


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_that_cannot_reach_the_unit_is_silence(code: int) -> None:
    link = ModbusLink(Memory(refuses=code), lambda: 0.0)
    with pytest.raises(NoResponse, match="gateway") as caught:
        await poll(link, meter(0))
    assert caught.value.symptom is Symptom.UNREACHED
    with pytest.raises(NoResponse, match="gateway"):
        await link.write(device(), control("set", table="holding", address=1), 1)


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("keys", "value", "pdu"),
    [
        ({"table": "coil", "address": 0xAC}, True, "0500acff00"),
        ({"table": "coil", "address": 0xAC}, 0, "0500ac0000"),
        ({"table": "coil", "address": 2, "write": "multiple"}, 1.0, "0f000200010101"),
        ({"address": 1}, 3, "0600010003"),
        ({"address": 1}, True, "0600010001"),
        ({"address": 1, "type": "int16"}, -2, "060001fffe"),
        ({"address": 1, "order": "BA"}, 3, "0600010300"),
        ({"address": 1, "write": "multiple"}, 3, "1000010001020003"),
        ({"address": 1, "type": "float32"}, 1.5, "1000010002043fc00000"),
        ({"address": 1, "type": "uint32", "order": "CDAB"}, 65538, "10000100020400020001"),
        ({"address": 4, "bit": 3}, True, "160004fff70008"),
        ({"address": 4, "bit": 3}, False, "160004fff70000"),
        ({"address": 4, "bit": 3, "order": "BA"}, True, "160004f7ff0800"),
        ({"address": 4, "type": "uint8h"}, 0x12, "16000400ff1200"),
        ({"address": 4, "type": "int8l"}, -2, "160004ff0000fe"),
        ({"address": 4, "type": "uint8l", "order": "BA"}, 1, "16000400ff0100"),
        ({"address": 4, "type": "uint8h", "write": "single"}, 0x12, "0600041200"),
        ({"address": 1, "scale": 0.1}, 42.3, "06000101a7"),
        ({"address": 1, "scale": 0.5, "offset": -10}, 20, "060001003c"),
        ({"address": 1, "type": "string", "length": 2}, "ON", "1000010002044f4e0000"),
    ],
)
def test_a_command_becomes_one_request(keys: dict[str, Any], value: Any, pdu: str) -> None:
    target = Setting(**{"table": "holding", **keys}).complete(Traits())
    assert target.question(value).pdu.hex() == pdu


@pytest.mark.parametrize(
    ("keys", "value", "says"),
    [
        ({}, 70000, "70000 does not fit uint16"),
        ({"table": "coil"}, 2, "2 does not fit bool"),
        ({"bit": 3}, 5, "5 does not fit bool"),
        ({}, "on", '"on" is not a number'),
        ({"scale": 0.001}, 70, "does not fit uint16"),
    ],
)
async def test_a_value_that_does_not_fit_never_reaches_the_wire(
    keys: dict[str, Any], value: Any, says: str
) -> None:
    wire = Memory()
    with pytest.raises(ValueError, match=says):
        await ModbusLink(wire, lambda: 0.0).write(
            device(), control("set", **{"table": "holding", "address": 1, **keys}), value
        )
    assert not wire.asked


@pytest.mark.parametrize(
    ("code", "keys", "says"),
    [
        (2, {}, "refused: illegal address"),
        (4, {}, "refused: device failure"),
        (1, {}, 'refused: illegal function; write = "multiple" may do'),
        (1, {"write": "multiple"}, 'illegal function; write = "single" may do'),
        (1, {"bit": 3}, "illegal function; it cannot set a part .* never done unasked"),
    ],
)
async def test_a_refused_command_says_why_and_what_to_try(
    code: int, keys: dict[str, Any], says: str
) -> None:
    wire = Memory(refuses=code)
    link = ModbusLink(wire, lambda: 0.0)
    with pytest.raises(BadResponse, match=says) as caught:
        await link.write(device(), control("set", table="holding", address=1, **keys), 1)
    assert caught.value.symptom is Symptom.REFUSED
    assert len(wire.asked) == 1, "nothing else is tried"


async def test_a_busy_device_is_to_be_told_again_and_one_that_needs_time_has_taken_it() -> None:
    subject, setting = device(), control("set", table="holding", address=1)
    with pytest.raises(Busy):
        await ModbusLink(Memory(refuses=6), lambda: 0.0).write(subject, setting, 1)
    await ModbusLink(Memory(refuses=5), lambda: 0.0).write(subject, setting, 1)


async def test_a_broadcast_is_told_to_all_and_waits_for_nobody() -> None:
    wire = Memory()
    setting = control("off", table="coil", address=7, broadcast=True)
    await ModbusLink(wire, lambda: 0.0).write(device(), setting, False)
    assert [question.pdu.hex() for question in wire.told] == ["0500070000"]
    assert not wire.asked


async def test_an_exchange_writes_and_brings_what_it_reads() -> None:
    shown = point("level", table="holding", address=20, type="uint32")
    target = control("set", table="holding", address=1, write="exchange").target
    setting = Control("set", target.linked(shown.source))
    wire = Memory()
    raw = await ModbusLink(wire, lambda: 0.0).write(device(shown), setting, 7)
    assert raw == 20 << 16 | 21
    assert setting.target.question(7).pdu.hex() == "170014000200010001020007"


def test_a_read_keeps_its_rows_in_order() -> None:
    (block,) = blocks(meter(3, 1, 2))
    read: Read = block.request
    assert [row.place[1] for row in read.rows] == [1, 2, 3]
