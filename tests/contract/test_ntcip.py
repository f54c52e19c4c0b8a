"""NTCIP over SNMP against net-snmp's agent, and against one that does everything wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyasn1.type import univ
from pysnmp.proto import api

from drivers.ntcip import DRIVERS
from drivers.ntcip.link import Snmp
from drivers.ntcip.message import FIRST_ID
from drivers.ntcip.rows import NTCIP_1202, Combine, Controller, Object, Traits, plan
from gateway.driver import Bad, BadResponse, Control, Device, LinkDown, NoResponse, Point
from gateway.model import Reading
from tests.parts.process import free_port
from tests.parts.snmp import Agent, Asked, read_cabinet, scripted, snmpd

open_link = DRIVERS["ntcip"].open

FACTS = """\
conflicts = [[2, 4], [6, 8]]
dark_ok = [1, 3, 5, 7]
"""
# Phases 2 and 6 green, 4 and 8 red, the others not in use; two calls, one detector on, one broken.
RUNNING: dict[str, int | str] = {
    ".1.4.1.2.1": 0b1000_1000,
    ".1.4.1.3.1": 0,
    ".1.4.1.4.1": 0b0010_0010,
    ".1.4.1.8.1": 0b1000_1000,
    ".1.4.1.9.1": 0,
    ".2.4.1.2.1": 0b0000_0001,
    ".2.4.1.3.1": 0b1000_0000,
    ".3.5.0": 6,
    ".3.6.0": 2,
    ".3.7.0": 0,
    ".3.8.0": 0b1000_0000,
    ".3.9.0": 0b0000_0100,
    ".4.10.0": 3,
}


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


@pytest.fixture(params=["1", "2c"])
def poll(agent: Agent, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    async def poll(objects: dict[str, int | str]) -> Reading:
        agent.hold(objects)
        return await read_cabinet(tmp_path, agent.port, request.param, FACTS)

    return poll


class TestTheShippedProfile:
    """As ``wayside read`` sees it, through the site file."""

    async def test_a_running_junction(self, poll: Callable[..., Any], agent: Agent) -> None:
        reading = await poll(RUNNING)
        groups = [reading.values[f"group_{phase}"] for phase in range(1, 9)]
        assert groups == ["dark", "green", "dark", "red", "dark", "green", "dark", "red"]
        assert reading.values["mode"] == "control"
        assert reading.values["flash_cause"] == "none"
        assert reading.values["control_source"] == "timebase"
        assert reading.values["plan"] == 3
        assert reading.values["coordinated"] is True
        on = {name for name, value in reading.values.items() if value is True}
        assert on == {
            "coordinated",
            "vehicle_call_4",
            "vehicle_call_8",
            "detector_1",
            "detector_fault_8",
        }
        assert not reading.bad
        assert not reading.uncertain
        assert "1.3.6.1.4.1.1206.4.2.1.3.9.0" not in agent.heard(), "its bit 2 would be lost"

    async def test_aspects(self, poll: Callable[..., Any]) -> None:
        seen = {".1.4.1.2.1": 0b1101, ".1.4.1.3.1": 0b0110, ".1.4.1.4.1": 0b1000}
        reading = await poll(RUNNING | seen)
        assert [reading.values[f"group_{i}"] for i in (1, 2, 3, 5)] == [
            "red",
            "yellow",
            "red_yellow",
            "dark",
        ]
        assert reading.values["group_4"] == "5", "red and green at once is no aspect"
        assert reading.uncertain == {"group_4"}

    async def test_flash_by_the_conflict_monitor(self, poll: Callable[..., Any]) -> None:
        reading = await poll(RUNNING | {".3.6.0": 6, ".3.7.0": 0b1_0000, ".3.8.0": 0b0001_0000})
        assert (reading.values["mode"], reading.values["flash_cause"]) == ("flash", "mmu")
        assert reading.values["stop_time"] is True

    async def test_what_a_controller_does_not_have_costs_its_own_points(
        self, poll: Callable[..., Any]
    ) -> None:
        lacks = {".1.4.1.9.1", ".4.10.0"}
        reading = await poll({oid: held for oid, held in RUNNING.items() if oid not in lacks})
        assert dict(reading.bad) == {
            "plan": "no such object",
            **{f"ped_call_{i}": "no such object" for i in range(1, 9)},
        }
        assert reading.values["group_2"] == "green"


def points(**rows: Object) -> tuple[Point, ...]:
    return tuple(Point(name, row.complete(Traits()), every=1.0) for name, row in rows.items())


def subject(*chosen: Point, atomic: tuple[tuple[str, ...], ...] = ()) -> Device:
    return Device(
        id="junction",
        kind="signal",
        bus="b",
        profile="test",
        options=Controller(),
        traits=Traits(),
        points=chosen,
        atomic=atomic,
    )


AB = subject(*points(a=Object(oid=".9.1.0"), b=Object(oid=".9.2.0")))
(BLOCK,) = plan(AB, AB.points)


def options(port: int, **keys: Any) -> Snmp:
    return Snmp(host="127.0.0.1", port=port, **{"timeout": 0.1, **keys})


class TestNetSnmp:
    async def test_text_and_numbers_of_any_agent(self, agent: Agent) -> None:
        agent.hold({".3.6.0": -5})
        device = subject(
            *points(
                name=Object(oid="1.3.6.1.2.1.1.1.0", type="string"),
                uptime=Object(oid="1.3.6.1.2.1.1.3.0"),
                what=Object(oid="1.3.6.1.2.1.1.2.0", type="string"),
                below=Object(oid=".3.6.0"),
                text=Object(oid="1.3.6.1.2.1.1.1.0"),
                lacks=Object(oid=".3.6.1"),
            )
        )
        (block,) = plan(device, device.points)
        for version in ("1", "2c"):
            async with open_link(options(agent.port, version=version, timeout=2.0)) as link:
                name, uptime, what, *others = await link.read(block)
            assert name == "a controller"
            assert isinstance(uptime, int)
            assert str(what).startswith("1.3.6.1.4.1.8072.3.2.")
            assert others == [-5, Bad("not a number"), Bad("no such object")]

    async def test_in_v1_an_absent_object_is_not_asked_for_again(self, agent: Agent) -> None:
        agent.hold({".9.1.0": 7})
        async with open_link(options(agent.port, timeout=2.0)) as link:
            for _ in range(3):
                assert await link.read(BLOCK) == [7, Bad("no such object")]
        assert agent.heard()[-2:] == ["1.3.6.1.4.1.1206.4.2.1.9.1.0"] * 2

    async def test_the_community_is_a_secret_in_a_file(self, tmp_path: Path) -> None:
        secret = tmp_path / "community"
        secret.write_text("s3cret\n")
        with snmpd(tmp_path, community="s3cret") as agent:
            agent.hold({".9.1.0": 1, ".9.2.0": 2})
            async with open_link(options(agent.port, community_file=secret, timeout=2.0)) as link:
                assert await link.read(BLOCK) == [1, 2]
            async with open_link(options(agent.port)) as link:
                with pytest.raises(NoResponse, match=r"no answer in 0\.1 s"):
                    await link.read(BLOCK)


@pytest.mark.parametrize(
    ("text", "says"), [(None, "No such file"), ("\n", "a community is 1 to 255 bytes")]
)
async def test_without_its_community_the_link_is_down(
    text: str | None, says: str, tmp_path: Path
) -> None:
    secret = tmp_path / "community"
    if text is not None:
        secret.write_text(text)
    with pytest.raises(LinkDown, match=says):
        async with open_link(options(1, community_file=secret)):
            pass


async def test_a_host_without_an_address_is_a_link_that_is_down() -> None:
    with pytest.raises(LinkDown, match=r"no\.such\.host\.invalid:161: "):
        async with open_link(Snmp(host="no.such.host.invalid")):
            pass


async def test_nobody_listening_is_silence_at_once() -> None:
    async with open_link(options(free_port(), timeout=30.0)) as link:
        for _ in range(2):
            with pytest.raises(NoResponse, match="Connection refused"):
                await link.read(BLOCK)


async def test_a_controller_takes_no_commands() -> None:
    async with open_link(options(1)) as link:
        with pytest.raises(ValueError, match="junction takes no commands: dim = 1"):
            await link.write(AB, Control("dim", None), 1)


# ---------------------------------------------------------------- by script


async def test_a_late_answer_is_never_another_questions_value() -> None:
    seen = 0

    def script(asked: Asked) -> Sequence[tuple[float, bytes]]:
        nonlocal seen
        seen += 1
        module = api.PROTOCOL_MODULES[0]
        held = [module.Integer(100 * seen), module.Integer(100 * seen + 1)]
        return [(0.15 if seen == 1 else 0.02, asked.answer(held))]

    async with scripted(script) as (port, _), open_link(options(port)) as link:
        with pytest.raises(NoResponse, match=r"no answer in 0\.1 s"):
            await link.read(BLOCK)
        for i in (2, 3, 4, 5):
            assert await link.read(BLOCK) == [100 * i, 100 * i + 1]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        (lambda _: [(0, b"HTTP/1.1 400 Bad Request")], "what came back is not an SNMP v1 message"),
        (lambda a: [(0, a.answer()[:-1])], "what came back is not an SNMP v1 message"),
        (lambda a: [(0, a.answer(oids=["1.3.6.1", "1.3.6.2"]))], "other objects answered"),
        (lambda a: [(0, a.answer(oids=a.oids[::-1]))], "other objects answered"),
        (lambda a: [(0, a.answer(oids=a.oids[:1]))], "other objects answered"),
        (lambda a: [(0, a.answer(status=5, index=2))], r"refused: general error at .*\.9\.2\.0"),
        (lambda a: [(0, a.answer(status=99))], "refused: error status 99"),
        (lambda a: [(0, a.answer(status=2))], "refused: no such object"),
    ],
)
async def test_an_answer_that_does_not_fit_is_no_value(
    answers: Callable[[Asked], Sequence[tuple[float, bytes]]], says: str
) -> None:
    async with scripted(answers) as (port, _), open_link(options(port)) as link:
        with pytest.raises(BadResponse, match=says):
            await link.read(BLOCK)


@pytest.mark.parametrize(
    "quirk",
    [
        lambda a: [(0, b"\0\0"), (0.01, a.answer())],
        lambda a: [(0, a.answer(number=FIRST_ID - 1)), (0.01, a.answer())],
        lambda a: [(0, a.answer())] * 3,
    ],
    ids=["garbage before", "another's answer before", "thrice"],
)
async def test_quirks_that_cost_nothing(quirk: Any) -> None:
    async with scripted(quirk) as (port, _), open_link(options(port, timeout=1.0)) as link:
        for _ in range(3):
            assert await link.read(BLOCK) == [0, 1]


async def test_an_answer_too_big_is_asked_for_in_parts_but_never_in_parts_of_a_group() -> None:
    def script(asked: Asked) -> Sequence[tuple[float, bytes]]:
        return [(0, asked.answer(status=1) if len(asked.oids) > 3 else asked.answer())]

    three = Combine(of=(".1.4.1.2.1", ".1.4.1.3.1", ".1.4.1.4.1"))
    device = subject(
        *points(
            group_1=Object(combine=three),
            **{f"p{i}": Object(oid=f".9.{i}") for i in range(4)},
        ),
        atomic=(("group_1",),),
    )
    (block,) = plan(device, device.points)
    async with scripted(script) as (port, asked), open_link(options(port)) as link:
        assert await link.read(block) == [0b010, 0, 0, 1, 2]
        first = len(asked)
        await link.read(block)
        assert len(asked) - first < first, "what was too big is not tried again"
        torn = {len(set(three.of) & {o[len(NTCIP_1202) :] for o in a.oids}) for a in asked}
        assert torn == {0, 3}


async def test_a_group_that_no_answer_can_hold_is_bad_and_says_so() -> None:
    async with (
        scripted(lambda a: [(0, a.answer(status=1))]) as (port, _),
        open_link(options(port)) as link,
    ):
        assert await link.read(BLOCK) == [Bad("the answer is too big for one message")] * 2


async def test_a_cancelled_read_leaves_the_link_as_it_was() -> None:
    async with (
        scripted(lambda a: [(0.05, a.answer())]) as (port, _),
        open_link(options(port, timeout=1.0)) as link,
    ):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(link.read(BLOCK), 0.02)
            assert await link.read(BLOCK) == [0, 1]


async def test_octets_are_no_number_and_not_every_octet_is_text() -> None:
    device = subject(*points(a=Object(oid=".9.1.0", bit=0), b=Object(oid=".9.2.0", type="string")))
    (block,) = plan(device, device.points)
    held = [univ.OctetString(b"\x01"), univ.OctetString(b"\xff\xfe")]
    async with (
        scripted(lambda a: [(0, a.answer(held))]) as (port, _),
        open_link(options(port)) as link,
    ):
        assert await link.read(block) == [Bad("not a number"), Bad("not utf-8 text")]
