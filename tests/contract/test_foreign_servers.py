"""Six Modbus servers that are not ours, over TCP and over a serial cable.

What the specification asks for they all do, and it is read right. What each does its own way stands
in ``QUIRKS``: the test says what our driver makes of it. A quirk may cost an answer; it may never
cost the truth of one, nor the next question.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus import DRIVERS
from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import Question, Refused
from drivers.modbus.link import ModbusLink
from drivers.modbus.map.rows import NetworkUnit
from drivers.modbus.wire.rtu import Serial
from drivers.modbus.wire.tcp import Tcp
from gateway.config import load_site
from gateway.driver import Bad, BadResponse, Link, LinkDown, NoResponse, Raw
from gateway.field.read import poll_once
from gateway.model import Device
from tests.parts.foreign_servers import BAUDRATE, Served, served
from tests.parts.mbpoll import mbpoll
from tests.parts.modbus import blocks, control, device, point
from tests.parts.modbus_image import END, LAST, UNITS, held, typed_points

EVERYBODY = ("pymodbus", "umodbus", "modbus_tk", "pymodbustcp", "jsmodbus", "modbus_serial")
WIRES = [(library, "tcp") for library in EVERYBODY] + [
    (library, "rtu") for library in ("pymodbus", "umodbus", "modbus_tk", "modbus_serial")
]
ONE_MEMORY = {"pymodbustcp", "jsmodbus"}  # whatever unit they are asked for
DEAF = {"jsmodbus"}  # to the rest of a connection on which it did not understand something


@pytest.fixture(scope="module", params=WIRES, ids="-".join)
def server(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Served]:
    library, wire = request.param
    with served(library, wire, tmp_path_factory.mktemp(f"{library}-{wire}")) as running:
        yield running


def opened(server: Served, **keys: Any) -> AbstractAsyncContextManager[Link]:
    keys = {"timeout": 0.6, **keys}
    if server.wire == "tcp":
        return DRIVERS["modbus-tcp"].open(Tcp(host="127.0.0.1", port=int(server.here), **keys))
    return DRIVERS["modbus-rtu"].open(Serial(port=server.here, baudrate=BAUDRATE, **keys))


@pytest.fixture
async def link(server: Served) -> AsyncIterator[Link]:
    async with opened(server) as link:
        yield link


async def read(link: Link, subject: Device) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    for block in blocks(subject):
        raws = await link.read(block)
        found.update(zip([p.name for p in block.points], raws, strict=True))
    return found


def asked(link: Link, question: Question, unit: int = 1) -> Awaitable[bytes]:
    """A question as it is, without what the link would make of it."""
    assert isinstance(link, ModbusLink)
    return link._wire.ask(NetworkUnit(unit=unit), question)


async def verdict(answer: Awaitable[bytes]) -> str:
    """What came of a question: data in hex, or the reason there is none."""
    try:
        data = await answer
    except Refused as refused:
        return f"refused: {refused}"
    except NoResponse as silent:
        return f"silent: {silent}".split(" in ", maxsplit=1)[0]
    except BadResponse as bad:
        return f"bad: {bad}"
    except LinkDown:
        return "down"
    return data.hex()


async def heard_again(link: Link) -> None:
    """A connection that spoke and fell silent, whatever is asked, is given up for another."""
    question = pdu.read("holding", 0, 1)
    for _ in range(5):
        if await verdict(asked(link, question)) != SILENT:
            return
    pytest.fail("silent for good")


async def still_right(link: Link) -> None:
    """What the link reads after a quirk is as true as before it."""
    expected = {f"p{a}": held(1, a) for a in range(5)}
    assert await read(link, device(*points("holding", range(5)))) == expected


def points(table: str, addresses: Sequence[int]) -> list[Any]:
    return [point(f"p{a}", table=table, address=a) for a in addresses]


# ---------------------------------------------------------------- what they all do


async def test_all_four_tables_are_read_of_every_unit(server: Served, link: Link) -> None:
    for unit in UNITS if server.library not in ONE_MEMORY else (1,):
        subject = device(
            point("h", table="holding", address=10),
            point("i", table="input", address=150, type="uint32"),
            *(point(f"c{a}", table="coil", address=a) for a in range(5)),
            *(point(f"d{a}", table="discrete", address=a) for a in range(80, 90)),
            unit=unit,
        )
        assert await read(link, subject) == {
            "h": held(unit, 10),
            "i": held(unit, 150) << 16 | held(unit, 151),
            **{f"c{a}": a % 3 == 0 for a in range(5)},
            **{f"d{a}": a % 3 == 0 for a in range(80, 90)},
        }


SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.b]
{bus}
[[device]]
id = "it"
profile = "typed.toml"
bus = "b"
unit = 1
"""


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(v)}" for key, v in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


async def test_every_type_is_read_as_a_profile_says_it(server: Served, tmp_path: Path) -> None:
    typed = typed_points()
    rows = "\n".join(f"  {as_toml(keys)}," for keys, _ in typed)
    head = 'schema = 1\nkind = "other"\nvendor = "V"\nmodel = "M"\ndriver = "modbus"'
    (tmp_path / "typed.toml").write_text(f"{head}\npoints = [\n{rows}\n]\n")
    if server.wire == "tcp":
        bus = f'driver = "modbus-tcp"\nhost = "127.0.0.1"\nport = {server.here}'
    else:
        bus = f'driver = "modbus-rtu"\nport = "{server.here}"\nbaudrate = {BAUDRATE}'
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(bus=f'{bus}\ntimeout = "2s"'))
    (reading,) = await poll_once(load_site(site, {}))
    assert not reading.bad
    assert reading.values == {keys["name"]: value for keys, value in typed}


async def test_the_longest_blocks_there_are(link: Link) -> None:
    registers = points("input", range(300, 425))
    assert await read(link, device(*registers)) == {f"p{a}": held(1, a) for a in range(300, 425)}
    for table in ("coil", "discrete"):
        bits = device(*points(table, range(1000, 3000)))
        assert len(blocks(bits)) == 1
        assert await read(link, bits) == {f"p{a}": a % 3 == 0 for a in range(1000, 3000)}


async def test_the_last_register_and_the_last_bit(link: Link) -> None:
    subject = device(
        point("h", table="holding", address=LAST - 1, type="uint32"),
        point("c", table="coil", address=LAST),
    )
    h = held(1, LAST - 1) << 16 | held(1, LAST)
    assert await read(link, subject) == {"h": h, "c": True}


async def test_commands_are_written_with_every_function(server: Served, link: Link) -> None:
    """And an independent master sees what was written, and nothing else changed."""
    subject = device(*points("holding", range(39, 45)), *points("coil", range(39, 45)))
    settings: list[tuple[dict[str, Any], Any]] = [
        ({"table": "holding", "address": 40}, 77),
        ({"table": "holding", "address": 41, "write": "multiple"}, 78),
        ({"table": "holding", "address": 42, "type": "uint32", "order": "CDAB"}, 0x00040003),
        ({"table": "coil", "address": 40}, True),
        ({"table": "coil", "address": 41, "write": "multiple"}, True),
        ({"table": "coil", "address": 42}, False),
    ]
    for keys, value in settings:
        await link.write(subject, control("set", **keys), value)
    blocks_of = [await link.read(block) for block in blocks(subject)]
    coils = [True, True, True, False, False, False]
    words = [held(1, 39), 77, 78, 3, 4, held(1, 44)]
    assert sorted(blocks_of, key=str) == sorted([coils, words], key=str)
    if server.wire == "tcp" and server.library != "umodbus":  # it has ears for one client
        seen = await mbpoll(int(server.here), "-t", "4", "-r", "39", "-c", "6", unit=1)
        assert list(seen.values.values()) == words
        seen = await mbpoll(int(server.here), "-t", "0", "-r", "39", "-c", "6", unit=1)
        assert list(seen.values.values()) == coils


async def test_the_longest_writes_there_are(link: Link) -> None:
    words = bytes(range(246))
    assert await asked(link, pdu.write_registers(300, words)) == b""
    assert await asked(link, pdu.read("holding", 300, 123)) == words
    before = tuple(a % 3 == 0 for a in range(1000, 2968))
    for bits in (tuple(not on for on in before), before):
        assert await asked(link, pdu.write_coils(1000, bits)) == b""
        data = await asked(link, pdu.read("coil", 1000, 1968))
        assert [data[i // 8] >> i % 8 & 1 == 1 for i in range(1968)] == list(bits)


# ---------------------------------------------------------------- what each does its own way

BEYOND = Question(bytes.fromhex("03ffff0002"), b"\3\4", 6)  # 65535 and one more
TOO_MANY = Question(bytes.fromhex("030000007e"), b"\3\xfc", 254)  # 126 registers
NOBODYS = Question(bytes.fromhex("63aabbccdd"), b"\x63", 6)  # a function nobody has
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = "refused: illegal function", "refused: illegal address"
ILLEGAL_VALUE, DONE, SILENT = "refused: illegal value", "", "silent: no answer"
ACME = "03000441434d4501024d31020133"  # three objects: ACME, M1, 3

# What is asked (of which unit), and the verdict: of all, or by library (or library and wire).
QUIRKS: dict[str, tuple[Question, int, dict[str, str]]] = {
    "a unit that is not there": (
        pdu.read("holding", 0, 2),
        9,
        {
            "pymodbus": "refused: device failure",
            "umodbus": ILLEGAL_ADDRESS,
            "modbus_tk": SILENT,
            "modbus_serial": "refused: gateway got no answer from the unit",
            # They never look at the unit: what they answer is what they hold.
            "pymodbustcp": "03e803e9",
            "jsmodbus": "03e803e9",
        },
    ),
    "a register that does not exist": (
        pdu.read("input", END, 1),
        1,
        {"jsmodbus": "bad: 2 bytes answered instead of 4", "": ILLEGAL_ADDRESS},
    ),
    "registers of which some do not exist": (
        pdu.read("input", END - 5, 10),
        1,
        {"jsmodbus": "bad: 12 bytes answered instead of 22", "": ILLEGAL_ADDRESS},
    ),
    "a write to a register that does not exist": (
        pdu.write_registers(250, bytes(4)),
        1,
        {"jsmodbus": DONE, "": ILLEGAL_ADDRESS},  # its holding registers all exist
    ),
    "a write to a coil that does not exist": (
        pdu.write_coil(500, on=True),
        1,
        {"pymodbus": DONE, "jsmodbus": DONE, "": ILLEGAL_ADDRESS},
    ),
    "one register past 65535, which no link of ours asks for": (
        BEYOND,
        1,
        {"jsmodbus": "bad: 4 bytes answered instead of 6", "": ILLEGAL_ADDRESS},
    ),
    "126 registers, which no link of ours asks for": (
        TOO_MANY,
        1,
        {
            "pymodbus": "bad: function 128 answered for 3",
            "pymodbus rtu": "bad: 5 bytes came that are no answer",
            "jsmodbus": "bad: 255 bytes came that are no Modbus TCP",
            "modbus_serial": "bad: 255 bytes came that are no Modbus TCP",
            "modbus_serial rtu": "bad: 257 bytes came that are no answer",
            "": ILLEGAL_VALUE,
        },
    ),
    "a function nobody has": (
        NOBODYS,
        1,
        {
            "pymodbus": "bad: function 128 answered for 99",
            "pymodbus rtu": SILENT,
            "jsmodbus": SILENT,
            # A frame of a function that is never asked has no length that anybody could know.
            "umodbus rtu": "bad: 5 bytes came that are no answer",
            "modbus_tk rtu": "bad: 5 bytes came that are no answer",
            "modbus_serial rtu": "bad: 5 bytes came that are no answer",
            "": ILLEGAL_FUNCTION,
        },
    ),
    "mask write (22)": (
        pdu.mask_register(60, 0xFFF0, 0x0005),
        1,
        {"pymodbus": DONE, "modbus_tk": DONE, "jsmodbus": SILENT, "": ILLEGAL_FUNCTION},
    ),
    "exchange (23)": (
        pdu.exchange_registers(70, 2, 75, b"\0\7"),
        1,
        {
            "pymodbus": "042e042f",
            "modbus_tk": "042e042f",
            "pymodbustcp": "042e042f",
            "jsmodbus": SILENT,
            "": ILLEGAL_FUNCTION,
        },
    ),
    "server id (17)": (
        pdu.server_id(),
        1,
        {
            "pymodbus": b"\x0aACME-M1-3\xff".hex(),
            "pymodbustcp": "down",  # it resets the connection on a question of one byte
            "modbus_serial": SILENT,
            "jsmodbus": SILENT,
            "": ILLEGAL_FUNCTION,
        },
    ),
    "identification (43/14)": (
        pdu.identification(),
        1,
        {
            "pymodbus": f"830000{ACME}",
            "pymodbustcp": f"830000{ACME}",
            "modbus_serial": f"810000{ACME}",
            "jsmodbus": "bad: an exception of 3 bytes instead of 2",
            "": ILLEGAL_FUNCTION,
        },
    ),
}


@pytest.mark.parametrize("quirk", QUIRKS)
async def test_a_quirk_costs_an_answer_at_most(quirk: str, server: Served) -> None:
    question, unit, by_library = QUIRKS[quirk]
    names = (f"{server.library} {server.wire}", server.library, "")
    expected = next(by_library[name] for name in names if name in by_library)
    waits = expected == SILENT or expected.startswith("bad")
    async with opened(server, timeout=0.25 if waits else 0.6) as link:
        if server.library in DEAF:
            await still_right(link)
        assert await verdict(asked(link, question, unit)) == expected
        if server.library in DEAF and expected == SILENT:
            await heard_again(link)
        await still_right(link)
    async with opened(server) as link:
        await still_right(link)


def test_every_quirk_says_something_of_everybody() -> None:
    for quirk, (_, _, by_library) in QUIRKS.items():
        assert {key.split()[0] for key in by_library if key} <= set(EVERYBODY), quirk
        assert "" in by_library or set(by_library) == set(EVERYBODY), quirk


async def test_a_mask_and_an_exchange_do_what_they_say(server: Served, link: Link) -> None:
    does = [
        by.get(server.library) for _, _, by in (QUIRKS["mask write (22)"], QUIRKS["exchange (23)"])
    ]
    if does[0] == DONE:
        before = held(1, 61)
        assert await asked(link, pdu.mask_register(61, 0xF0F0, 0x0A0A)) == b""
        (now,) = (await read(link, device(*points("holding", [61])))).values()
        assert now == before & 0xF0F0 | 0x0A0A & ~0xF0F0
    if does[1] not in {None, SILENT}:
        data = await asked(link, pdu.exchange_registers(71, 1, 77, b"\x12\x34\x56\x78"))
        assert data == held(1, 71).to_bytes(2, "big")
        found = await read(link, device(point("w", table="holding", address=77, type="uint32")))
        assert found == {"w": 0x12345678}


async def test_what_does_not_exist_costs_its_neighbours_nothing(server: Served, link: Link) -> None:
    """A short answer cannot be cut into what is there: who answers so is bad as a whole."""
    subject = device(*points("input", range(END - 5, END + 5)))
    good: dict[str, Raw] = {f"p{a}": held(1, a) for a in range(END - 5, END)}
    bad: dict[str, Raw] = {f"p{a}": Bad("illegal address") for a in range(END, END + 5)}
    for _ in range(2):
        if server.library == "jsmodbus":
            with pytest.raises(BadResponse, match="12 bytes answered instead of 22"):
                await read(link, subject)
        else:
            assert await read(link, subject) == good | bad
    await still_right(link)


# ---------------------------------------------------------------- several at once


async def test_two_clients_at_once(server: Served) -> None:
    if server.wire != "tcp":
        with pytest.raises(LinkDown):
            async with opened(server), opened(server):
                pass
        return
    async with opened(server, timeout=0.5) as first:
        async with opened(server, timeout=0.5) as second:
            await still_right(first)
            if server.library == "umodbus":
                with pytest.raises(NoResponse):
                    await still_right(second)
                await still_right(first)
            else:
                for _ in range(10):
                    await asyncio.gather(still_right(first), still_right(second))
        await still_right(first)
    async with opened(server, timeout=0.5) as next_one:
        await still_right(next_one)


async def test_eight_questions_in_one_segment(server: Served) -> None:
    """``pipeline`` is for devices that bear it: pymodbus drops all but one of a segment."""
    if server.wire != "tcp":
        return
    async with opened(server, pipeline=8, timeout=0.3) as link:
        assert link.depth == 8
        questions = [pdu.read("holding", a, 1) for a in range(8)]
        found = await asyncio.gather(*(verdict(asked(link, question)) for question in questions))
        for a, verdict_of_one in enumerate(found):
            allowed = {held(1, a).to_bytes(2, "big").hex()}
            assert verdict_of_one in allowed | ({SILENT} if server.library == "pymodbus" else set())
        await still_right(link)
