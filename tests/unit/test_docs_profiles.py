"""docs/profiles.md, run: every example is loaded, and does what the lines under it say.

An example is a whole profile, or rows (with keys of the head before them and commands after them)
that are put into one. Its comments with an arrow are the test:

    # input 0: 4366 3334 → voltage = 230.2          registers (hex) or bits, and what comes out
    # input 0: FFFF then input 0: 0001 → …          readings one after the other, and what is sent
    # .3.6.0 = 2 → mode = control                   objects of an SNMP agent
    # R0803 → distance = 803                        what a MaxBotix sensor sends
    # {"power": 68.2} → power = 68.2                a recorded row
    # requests → input 0-4; input 9-10              what is asked for
    # every → energy 60s                            periods
    # check → unknown key                           refused, with these words
    # dim = 50 → 06 0064 0032                       the request a command becomes
    # dim = 101 → refused: 101 is above 100         or why it becomes none
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from drivers.maxbotix import Frames
from drivers.modbus import DRIVERS as MODBUS
from drivers.modbus.map.layout import Order, Type
from drivers.modbus.map.rows import ScaleRegister
from drivers.modbus.plan import Read
from drivers.ntcip import DRIVERS as NTCIP
from drivers.ntcip.link import value_of
from gateway import registry
from gateway.driver import Bad, Block, Device, Raw
from gateway.edge.commanding import judged
from gateway.edge.counters import counters
from gateway.edge.news import news, watches
from gateway.field.profiles import as_text, described
from gateway.model import Control, Reading, Value
from gateway.problems import ConfigurationError
from gateway.profile import Head, Profile, load_profile, specimen
from gateway.profile.controls import ControlKeys
from gateway.profile.keys import DerivedKeys, PointKeys
from gateway.tables.shape import shape
from gateway.units import format_duration
from gateway.values import gather
from tests.docs import DOCS

PAGE = (DOCS / "profiles.md").read_text()
HEAD = 'schema = 1\nkind = "bin"\nvendor = "V"\nmodel = "M"\n'
BASE = "1.3.6.1.4.1.1206.4.2.1"


@dataclass(frozen=True)
class Example:
    """One block of the page: the profile it makes, and its lines with an arrow."""

    text: str
    claims: tuple[tuple[str, str], ...]
    facts: Mapping[str, Any]

    @property
    def profile(self) -> str:
        if "schema = 1" in self.text:
            return self.text
        lines = [line for line in self.text.splitlines() if not line.startswith("#")]
        rows = [line for line in lines if line.startswith("{")]
        first = lines.index(rows[0])
        head = "\n".join(lines[:first])
        points = ",\n".join(rows)
        commands = "\n".join(line for line in lines[first:] if not line.startswith("{"))
        family = "" if "driver =" in head else 'driver = "modbus"\n'
        return f"{HEAD}{family}{head}\npoints = [\n{points}\n]\n{commands}\n"


def examples() -> Iterator[Example]:
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        comments = [line[2:] for line in text.splitlines() if line.startswith("# ")]
        claims = [comment.split(" → ", 1) for comment in comments if " → " in comment]
        with_facts = [c.removeprefix("with ") for c in comments if c.startswith("with ")]
        facts = {name: value for line in with_facts for name, value in assignments(line, ", ")}
        yield Example(text, tuple((left, right) for left, right in claims), facts)


def assignments(text: str, separator: str) -> Iterator[tuple[str, Any]]:
    """``a = 1; b = off`` as names and values; what is not JSON is text."""
    for one in text.split(separator):
        name, _, value = one.partition(" = ")
        try:
            yield name, json.loads(value)
        except ValueError:
            yield name, value


EXAMPLES = list(examples())


@pytest.fixture
def load(tmp_path: Path) -> Callable[[Example], Profile]:
    def load(example: Example) -> Profile:
        (tmp_path / "it.toml").write_text(example.profile)
        return load_profile("it.toml", tmp_path)

    return load


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.claims[0][0] if e.claims else "none")
def test_an_example_does_what_the_page_says(
    example: Example, load: Callable[[Example], Profile]
) -> None:
    assert example.claims, f"nothing is claimed of\n{example.text}"
    if example.claims[0][0] == "check":
        with pytest.raises(ConfigurationError) as caught:
            load(example)
        said = [f"{problem.problem}" for problem in caught.value.problems]
        assert any(example.claims[0][1] in text for text in said), said
        return
    profile = load(example)
    device = specimen(profile, registry.driver_of(profile.family))
    assert device is not None
    device = replace(
        device, derived=profile.derived, facts=SimpleNamespace(**example.facts), controls={}
    )
    for left, right in example.claims:
        if left == "requests":
            assert requests(device) == right.split("; ")
        elif left == "every":
            every = {point.name: format_duration(point.every) for point in profile.points}
            told = [one.split(" ") for one in right.split("; ")]
            assert [(name, parse(every[name])) for name, _ in told] == [
                (name, parse(period)) for name, period in told
            ]
        elif (name := left.partition(" = ")[0]) in profile.controls:
            (_, value), *_rest = assignments(left, "; ")
            assert written(device, profile.controls[name], value) == right
        elif " then " in left:
            compare(sent(device, left.split(" then ")), right)
        else:
            compare(read(device, left), right)


def test_the_page_shows_what_profile_show_prints(tmp_path: Path) -> None:
    (tmp_path / "acme-pm3.toml").write_text(EXAMPLES[0].profile.partition("# input")[0])
    told = described(load_profile("acme-pm3.toml", tmp_path))
    assert f"```text\n{as_text(told)}\n```" in PAGE


def written(device: Device, control: Control, value: Value) -> str:
    """The requests of a command as the page has them, or why there are none."""
    try:
        question = control.target.question(judged(device, control, value))
    except ValueError as why:
        return f"refused: {why}"
    told = spaced(question.pdu)
    if control.pulse is not None:
        rest = spaced(control.target.question(control.rest).pdu)
        told += f", after {format_duration(control.pulse)} {rest}"
    return f"to all: {told}" if control.target.broadcast else told


def spaced(pdu: bytes) -> str:
    """A request: its function, its words, and where one stands alone, a byte count."""
    function, words = pdu[:1], pdu[1:]
    head = {15: 2, 16: 2, 23: 4}.get(pdu[0])
    parts = [function]
    if head is not None:
        parts += [*pairs(words[: 2 * head]), words[2 * head : 2 * head + 1]]
        words = words[2 * head + 1 :]
    return " ".join(part.hex().upper() for part in [*parts, *pairs(words)])


def pairs(data: bytes) -> list[bytes]:
    return [data[i : i + 2] for i in range(0, len(data), 2)]


def parse(period: str) -> float:
    number, unit = float(period.rstrip("msh")), period.lstrip("0123456789.")
    return number * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def compare(reading: Reading, right: str) -> None:
    for name, expected in assignments(right, "; "):
        text = str(expected)
        if text == "left out":
            assert name not in reading.values
            assert name not in reading.bad
            continue
        if text.startswith("bad: "):
            assert reading.bad[name] == text.removeprefix("bad: ")
            continue
        assert (name in reading.uncertain) == text.startswith("uncertain: ")
        text = text.removeprefix("uncertain: ")
        value = reading.values[name]
        if isinstance(value, bool | str):
            assert (value if isinstance(value, str) else str(value)) == text
        else:
            assert value == pytest.approx(float(text), rel=1e-6)


def requests(device: Device) -> list[str]:
    blocks = MODBUS["modbus-tcp"].plan(device, device.points)
    reads: list[Read] = [block.request for block in blocks]
    return [f"{read.table} {read.start}-{read.end - 1}" for read in reads]


# ---------------------------------------------------------------- what the device says


def read(device: Device, said: str) -> Reading:
    """What a device that says so is read as; a block it says nothing of is left out."""
    if said.startswith("{"):
        return recorded(device, json.loads(said))
    if re.fullmatch(r"R\d+", said):
        return heard(device, said)
    return (objects if said.startswith(".") else registers)(device, said)


def sent(device: Device, said: Sequence[str]) -> Reading:
    """What is published of the last of these readings, a gateway having had them all."""
    state: dict[str, Any] = {}
    counting = counters([device], state.get, state.__setitem__).get(device.id)
    watched = watches([device]).get(device.id)
    published: Reading | None = None
    for t, one in enumerate(said):
        reading = gather(device, 1000 * t, list(answered(device, one)), counting)
        published = reading if watched is None else news(watched, reading)
    return published or Reading(device.id, device.kind, 0)


def gathered(device: Device, answers: Sequence[tuple[Block, Sequence[Raw]]]) -> Reading:
    return gather(device, 0, answers)


def registers(device: Device, said: str) -> Reading:
    return gathered(device, list(answered(device, said)))


def answered(device: Device, said: str) -> Iterator[tuple[Block, Sequence[Raw]]]:
    memory: dict[tuple[str, int], int] = {}
    for part in said.split(", "):
        place, words = part.split(": ")
        table, address = place.split(" ")
        for i, word in enumerate(words.split(" ")):
            memory[table, int(address) + i] = int(word, 16)
    for block in MODBUS["modbus-tcp"].plan(device, device.points):
        request: Read = block.request
        cells = [memory.get((request.table, a), 0) for a in range(request.start, request.end)]
        if request.table in {"coil", "discrete"}:
            data = sum(bit << i for i, bit in enumerate(cells)).to_bytes(
                len(cells) // 8 + 1, "little"
            )
        else:
            data = b"".join(cell.to_bytes(2) for cell in cells)
        yield block, request.decode(data)


def objects(device: Device, said: str) -> Reading:
    held = dict(assignments(said, ", "))
    answers = []
    for block in NTCIP["ntcip"].plan(device, device.points):
        raws = [
            value_of(
                row,
                [held.get(oid.removeprefix(BASE), Bad("no such object")) for oid in row.oids],
            )
            for row in block.request.rows
        ]
        answers.append((block, raws))
    return gathered(device, answers)


def heard(device: Device, said: str) -> Reading:
    distance = Frames().feed(said.encode() + b"\r", device.traits.digits)
    assert distance is not None
    (block,) = registry.driver("maxbotix").plan(device, device.points)
    return gathered(device, [(block, [distance] * len(block.points))])


def recorded(device: Device, values: Mapping[str, Any]) -> Reading:
    (block,) = registry.driver("replay").plan(device, device.points)
    return gathered(device, [(block, [values[p.source.value or p.name] for p in block.points])])


# ---------------------------------------------------------------- nothing is left out

MODBUS_TCP, SNMP = MODBUS["modbus-tcp"], NTCIP["ntcip"]
LANGUAGE: Mapping[str, Sequence[type]] = {
    "head": (Head, MODBUS_TCP.traits, SNMP.traits),
    "points": (PointKeys, DerivedKeys, MODBUS_TCP.point, ScaleRegister, SNMP.point),
    "commands": (ControlKeys, MODBUS_TCP.command),
}


@pytest.mark.parametrize(
    "key",
    sorted({key for kinds in LANGUAGE.values() for kind in kinds for key in shape(kind).keys}),
)
def test_every_key_of_the_language_has_an_example(key: str) -> None:
    used = re.compile(rf"(?m)(^|[{{,\[.] *){key}( =|\.|\])")
    assert any(used.search(example.text) for example in EXAMPLES), f"no example uses {key}"


@pytest.mark.parametrize("choice", ["type", "order"])
def test_every_type_and_the_orders_of_two_registers_have_one(choice: str) -> None:
    names = get_args(Type) if choice == "type" else [o for o in get_args(Order) if len(o) == 4]
    for name in names:
        implied = name in {"uint16", "ABCD"}  # what stands where nothing is written
        assert implied or f'{choice} = "{name}"' in PAGE, name
