"""Which requests a device's points make: golden cases, and what holds for any points at all."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.cost import Wired
from drivers.modbus.map.rows import SerialUnit, Traits
from drivers.modbus.plan import Part, Read, around, halves, plan
from drivers.modbus.wire.rtu import Serial
from gateway.driver import Block
from gateway.model import Device
from tests.parts.modbus import blocks, device, point

CASES = sorted((Path(__file__).parents[2] / "cases" / "modbus_plan").glob("*.toml"))


def described(block: Block) -> str:
    read: Read = block.request
    return f"{read.table} {read.start}-{read.end}: {' '.join(p.name for p in block.points)}"


def ends_are_checked(subject: Device) -> None:
    """Whatever is planned, the values come in the order of the block's points."""
    for block in blocks(subject):
        read: Read = block.request
        assert list(read.rows) == [p.source for p in block.points]
        assert len(read.decode(bytes(read.question.size - 2))) == len(block.points)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_the_plan_is_the_golden_one(path: Path) -> None:
    case = tomllib.loads(path.read_text())
    traits = Traits(**case.get("traits", {}))
    points = [point(traits=traits, **row) for row in case["points"]]
    atomic = tuple(tuple(group) for group in case.get("atomic", ()))
    subject = device(*points, traits=traits, atomic=atomic)
    assert [described(block) for block in blocks(subject)] == case["reads"]
    ends_are_checked(subject)


def test_devices_of_one_profile_share_the_plan_and_its_decoders() -> None:
    power = point("power", table="input", address=0)
    first, second = (blocks(device(power, unit=unit))[0] for unit in (1, 2))
    assert first.request is second.request
    assert (first.device.options.unit, second.device.options.unit) == (1, 2)


def test_any_set_of_points_that_is_due_may_be_planned() -> None:
    power, energy = point("p", table="input", address=0), point("e", table="input", address=1)
    subject = device(power, energy)
    assert [b.points for b in plan(subject, [energy])] == [(energy,)]
    assert plan(subject, []) == ()


# ---------------------------------------------------------------- for any points

TYPES = st.sampled_from(["uint16", "uint32", "float64"])
PLACES = st.lists(st.tuples(st.integers(0, 60), TYPES), min_size=1, max_size=12)
WORDS = {"uint16": 1, "uint32": 2, "float64": 4}


def fewest(spans: list[tuple[int, int]], most: int, gap: int) -> int:
    """The fewest requests, by trying every cut of the sorted values."""

    @lru_cache
    def best(i: int) -> int:
        if i == len(spans):
            return 0
        found, end = len(spans), spans[i][1]
        for j in range(i, len(spans)):
            if spans[j][0] - end > gap or max(end, spans[j][1]) - spans[i][0] > most:
                break
            end = max(end, spans[j][1])
            found = min(found, 1 + best(j + 1))
        return found

    return best(0)


@given(PLACES, st.integers(4, 20), st.integers(0, 6))
def test_every_point_is_read_once_within_the_limits_by_the_fewest_requests(
    places: list[tuple[int, str]], most: int, gap: int
) -> None:
    traits = Traits(max_registers=most, max_gap=gap)
    points = [
        point(f"p{i}", traits=traits, table="input", address=address, type=kind)
        for i, (address, kind) in enumerate(places)
    ]
    subject = device(*points, traits=traits)
    planned = blocks(subject)
    assert sorted(p.name for b in planned for p in b.points) == sorted(p.name for p in points)
    for block in planned:
        read: Read = block.request
        assert read.end - read.start <= most
        ends = accumulate((part.end for part in read.parts), max)
        assert all(b.start - end <= gap for end, b in zip(ends, read.parts[1:], strict=False))
    spans = sorted({(address, address + WORDS[kind]) for address, kind in places})
    assert len(planned) == fewest(spans, most, gap)
    ends_are_checked(subject)


def cuts(spans: list[tuple[int, int]], most: int, gap: int) -> Iterator[list[tuple[int, int]]]:
    """Every way to cut sorted values into requests that the device takes."""
    if not spans:
        yield []
    first, end = spans[0] if spans else (0, 0)
    for j in range(1, len(spans) + 1):
        start, stop = spans[j - 1]
        if j > 1 and (start - end > gap or max(end, stop) - first > most):
            break
        end = max(end, stop)
        for rest in cuts(spans[j:], most, gap):
            yield [(first, end), *rest]


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 40), TYPES), min_size=1, max_size=8),
    st.integers(4, 20),
    st.integers(0, 12),
    st.sampled_from([None, 0.5, 3.0, 6.0, 12.0, 45.0]),
)
def test_the_plan_takes_the_least_time_on_its_wire(
    places: list[tuple[int, str]], most: int, gap: int, request: float | None
) -> None:
    traits = Traits(max_registers=most, max_gap=gap)
    if request is not None:
        traits = Wired(max_registers=most, max_gap=gap, request=request)
    points = [
        point(f"p{i}", traits=traits, table="input", address=address, type=kind)
        for i, (address, kind) in enumerate(places)
    ]
    planned = blocks(device(*points, traits=traits))
    spans = sorted({(address, address + WORDS[kind]) for address, kind in places})
    ways = [(len(way), sum(end - start for start, end in way)) for way in cuts(spans, most, gap)]
    taken = (len(planned), sum(b.request.end - b.request.start for b in planned))
    if request is None:
        assert taken == min(ways), "the fewest requests, then the fewest registers"
    else:
        times = [n * request + registers for n, registers in ways]
        assert taken[0] * request + taken[1] == pytest.approx(min(times))
    for block in planned:
        read: Read = block.request
        ends = accumulate((part.end for part in read.parts), max)
        widest = max(
            (b.start - end for end, b in zip(ends, read.parts[1:], strict=False)), default=0
        )
        assert widest <= min(gap, request or gap), "no gap that costs more than a request"


def test_what_a_request_costs_follows_from_the_line() -> None:
    """At 9600 baud 8N1: 13 characters, 2 x 3.5 of silence, 3 ms; a register takes two."""
    unit, traits = SerialUnit(unit=1), Traits(max_gap=60)

    def registers(**line: Any) -> float:
        wired = Serial(port="x", **line).wired(unit, traits)
        assert isinstance(wired, Wired)
        assert replace(wired, request=0.0) == Wired(max_gap=60, request=0.0)
        return wired.request

    assert registers(baudrate=9600) == pytest.approx((13 + 7 + 0.003 * 960) / 2)
    assert 40 < registers(baudrate=115200) < 50
    slow = Serial(port="x").wired(SerialUnit(unit=1, delay=0.3), traits)
    assert isinstance(slow, Wired)
    assert slow.request > 120, "a device that wants to rest between requests gets few"


def test_the_same_map_is_planned_for_the_wire_it_hangs_on() -> None:
    """A gap of twenty registers: cheaper than a request at 115200 baud, dearer at 9600."""

    def planned(traits: Traits) -> list[str]:
        pair = [point(f"p{a}", traits=traits, table="input", address=a) for a in (0, 21)]
        return [described(block) for block in blocks(device(*pair, traits=traits))]

    head, unit = Traits(max_gap=30), SerialUnit(unit=1)
    assert planned(head) == ["input 0-22: p0 p21"]
    assert planned(Serial(port="x", baudrate=115200).wired(unit, head)) == ["input 0-22: p0 p21"]
    slow = Serial(port="x", baudrate=9600).wired(unit, head)
    assert planned(slow) == ["input 0-1: p0", "input 21-22: p21"]


@given(PLACES, st.sets(st.integers(0, 11), min_size=2), st.integers(4, 20))
def test_an_atomic_group_that_fits_is_never_split(
    places: list[tuple[int, str]], members: set[int], most: int
) -> None:
    traits = Traits(max_registers=most)
    points = [
        point(f"g{i}" if i in members else f"p{i}", traits=traits, table="input", address=a, type=t)
        for i, (a, t) in enumerate(places)
    ]
    planned = blocks(device(*points, traits=traits, atomic=(("g*",),)))
    group = [p for p in points if p.name.startswith("g")]
    if not group:
        return
    start = min(p.source.place[1] for p in group)
    end = max(p.source.place[1] + p.source.words for p in group)
    holding = [b for b in planned if any(p in group for p in b.points)]
    assert len(holding) == 1 or end - start > most


# ---------------------------------------------------------------- cutting


def read_of(*addresses: int) -> Read:
    traits = Traits(max_gap=20)
    points = [point(f"p{a}", traits=traits, table="input", address=a) for a in addresses]
    (block,) = blocks(device(*points, traits=traits))
    read: Read = block.request
    return read


def test_a_read_is_cut_at_its_widest_gap_else_in_the_middle() -> None:
    first, second = halves(read_of(0, 1, 9, 10, 11))
    assert [(first.start, first.end), (second.start, second.end)] == [(0, 2), (9, 12)]
    first, second = halves(read_of(0, 1, 2, 3))
    assert (first.end, second.start) == (2, 2)


def test_a_read_is_cut_around_what_was_refused() -> None:
    pieces = around(read_of(0, 1, 2, 3, 4), frozenset({(1, 2), (4, 5)}))
    found = [(type(piece), piece.start, piece.end) for piece in pieces]
    assert found == [(Read, 0, 1), (Part, 1, 2), (Read, 2, 4), (Part, 4, 5)]
