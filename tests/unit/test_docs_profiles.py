"""docs/profiles.md, run: every example is loaded, and does what the lines under it say.

An example is a whole profile, or rows (with keys of the head before them and commands after them)
that are put into one. Its comments with an arrow are the test:

    # input 0: 4366 3334 → voltage = 230.2          registers (hex) or bits, and what comes out
    # .3.6.0 = 2 → mode = control                   objects of an SNMP agent
    # R0803 → distance = 803                        what a MaxBotix sensor sends
    # {"power": 68.2} → power = 68.2                a recorded row
    # requests → input 0-4; input 9-10              what is asked for
    # every → energy 60s                            periods
    # check → unknown key                           refused, with these words
    # dim = 50 → 06 0064 0032                       the request a command becomes
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
from drivers.modbus.layout import Order, Type
from drivers.modbus.plan import Read
from drivers.modbus.rows import ScaleRegister
from drivers.ntcip import DRIVERS as NTCIP
from drivers.ntcip.link import value_of
from gateway import registry
from gateway.controls import ControlKeys
from gateway.driver import Bad, Block, Device, Raw
from gateway.keys import DerivedKeys, PointKeys
from gateway.model import Reading
from gateway.problems import ConfigurationError
from gateway.profile import Head, Profile, load_profile, specimen
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
            question = profile.controls[name].target.question(value)
            assert question.pdu == bytes.fromhex(right)
        else:
            compare(read(device, left), right)


def parse(period: str) -> float:
    number, unit = float(period.rstrip("msh")), period.lstrip("0123456789.")
    return number * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def compare(reading: Reading, right: str) -> None:
    for name, expected in assignments(right, "; "):
        text = str(expected)
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


def gathered(device: Device, answers: Sequence[tuple[Block, Sequence[Raw]]]) -> Reading:
    return gather(device, 0, answers)


def registers(device: Device, said: str) -> Reading:
    memory: dict[tuple[str, int], int] = {}
    for part in said.split(", "):
        place, words = part.split(": ")
        table, address = place.split(" ")
        for i, word in enumerate(words.split(" ")):
            memory[table, int(address) + i] = int(word, 16)
    answers = []
    for block in MODBUS["modbus-tcp"].plan(device, device.points):
        request: Read = block.request
        cells = [memory.get((request.table, a), 0) for a in range(request.start, request.end)]
        if request.table in {"coil", "discrete"}:
            data = sum(bit << i for i, bit in enumerate(cells)).to_bytes(
                len(cells) // 8 + 1, "little"
            )
        else:
            data = b"".join(cell.to_bytes(2) for cell in cells)
        answers.append((block, request.decode(data)))
    return gathered(device, answers)


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
