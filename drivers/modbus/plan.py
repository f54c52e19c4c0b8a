"""Which requests read a device's points: few, within its limits, and never a half-read group.

Points that share registers, a point and the register of its exponent, and the points of an atomic
group make one *part*: what cannot be read apart. Parts are sorted by address and joined, through
gaps the profile allows, into *reads* of at most the device's block size: so that they take the
least time where it is known what a request costs on the wire (see ``cost``), else the fewest
requests, and then the fewest registers. Each read carries its request and its decoder, made once
for all devices of a profile on a bus.

A device that refuses a read may still answer its pieces: ``halves`` and ``around`` cut it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from heapq import heappop, heappush
from itertools import accumulate, groupby

from drivers.modbus.cost import Wired
from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import BIT_TABLES, Question, Table
from drivers.modbus.map.codec import Decode, bits_decoder, registers_decoder
from drivers.modbus.map.rows import Register, Traits
from gateway.driver import Block, Device, Point

_REGISTER_BITS = 16
_SHAPES = 4096
"""How many plans are kept: a gateway has a few profiles, each with a few sets of points due."""


@dataclass(frozen=True, slots=True)
class Part:
    """Addresses ``start`` to ``end`` (exclusive) and the rows read from them, indivisible."""

    start: int
    end: int
    rows: tuple[Register, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """One request of one table; ``decode`` gives the values of all rows, part by part.

    ``far`` are the exponents that only a request of their own can read, each with the places of its
    rows among the values.
    """

    table: Table
    start: int
    end: int
    parts: tuple[Part, ...]
    question: Question
    decode: Decode
    far: tuple[tuple[Register, tuple[int, ...]], ...] = ()

    @property
    def rows(self) -> tuple[Register, ...]:
        """Every row, in the order of the values."""
        return tuple(row for part in self.parts for row in part.rows)

    @property
    def size(self) -> int:
        """How many registers, or bits of a bit table, it asks for, far exponents included."""
        return self.end - self.start + len(self.far)

    @property
    def asks(self) -> str:
        """The same for people."""
        far = "".join(f", {' '.join(map(str, row.place))}" for row, _ in self.far)
        what = "bit" if self.table in BIT_TABLES else "register"
        count = f"{self.size} {what}{'s' * (self.size > 1)}"
        return f"{self.table} {self.start} to {self.end - 1}{far}: {count}"


def plan(device: Device, points: Sequence[Point]) -> Sequence[Block]:
    """The blocks that read these points of a device, in order of table and address."""
    shape = _shape(tuple(points), device.atomic, device.traits)
    return tuple(Block(device, points, read) for points, read in shape)


@lru_cache(maxsize=_SHAPES)
def _shape(
    points: tuple[Point, ...], atomic: tuple[tuple[str, ...], ...], traits: Traits
) -> tuple[tuple[tuple[Point, ...], Read], ...]:
    """The same for every device of a profile: which points one read takes, and the read."""
    blocks = []
    for part_points in _joined(points, atomic, traits):
        table = part_points[0][0].source.place[0]
        read = compose(table, tuple(_part(group) for group in part_points))
        blocks.append((tuple(p for group in part_points for p in group), read))
    return tuple(blocks)


def compose(table: Table, parts: tuple[Part, ...]) -> Read:
    """A read of these parts, sorted by address."""
    start, end = parts[0].start, max(part.end for part in parts)
    rows = [row for part in parts for row in part.rows]
    decode = (
        bits_decoder(start, rows)
        if table in BIT_TABLES
        else registers_decoder(start, end - start, rows)
    )
    question = pdu.read(table, start, end - start)
    return Read(table, start, end, parts, question, decode, _far(rows))


def _far(rows: Sequence[Register]) -> tuple[tuple[Register, tuple[int, ...]], ...]:
    far: dict[Register, list[int]] = {}
    for i, row in enumerate(rows):
        if row.exponent is not None and not row.exponent.near:
            far.setdefault(row.exponent.row, []).append(i)
    return tuple((row, tuple(places)) for row, places in far.items())


@lru_cache(maxsize=_SHAPES)
def single(row: Register) -> Read:
    """A read of one row."""
    return compose(row.place[0], (Part(*row.span, (row,)),))


# ---------------------------------------------------------------- joining

_Group = tuple[Point, ...]


def _joined(
    points: Iterable[Point], atomic: tuple[tuple[str, ...], ...], traits: Traits
) -> Iterator[list[_Group]]:
    """Groups of points that one request reads together."""
    points = tuple(points)
    together = tuple(p for p in points if not p.alone)
    for point in points:
        if point.alone:
            yield [(point,)]
    for _, same_table in groupby(sorted(together, key=_address), lambda p: p.source.place[0]):
        yield from _filled(_groups(tuple(same_table), atomic, traits), traits)


_Cost = tuple[float, float]


def _filled(groups: Sequence[_Group], traits: Traits) -> Iterator[list[_Group]]:
    """Cut sorted groups into requests, at the least cost; of equal cuts, the fullest first.

    What can follow what is found from the left, and the best of it from the right, for the best cut
    of what begins at a group follows from those behind it.
    """
    spans = [_span(group) for group in groups]
    ways: dict[int, list[tuple[int, _Cost]]] = {}
    starts = [0] if groups else []
    while starts:
        i = heappop(starts)
        if i in ways or i == len(groups):
            continue
        point = groups[i][0]
        found = _reaches(spans, i, *_limits(point, traits))
        ways[i] = [(after, _cost(length, point, traits)) for after, length in found]
        for after, _ in ways[i]:
            heappush(starts, after)
    best: dict[int, tuple[_Cost, int]] = {len(groups): ((0.0, 0.0), 0)}
    for i in reversed(ways):
        cost, after = min((_plus(cost, best[after][0]), -after) for after, cost in ways[i])
        best[i] = cost, -after
    at = 0
    while at < len(groups):
        yield list(groups[at : best[at][1]])
        at = best[at][1]


def _reaches(
    spans: Sequence[tuple[int, int]], i: int, most: int, gap: int
) -> Iterator[tuple[int, int]]:
    """Where a request that begins at a group may end: the next group's index, its own length.

    Before a gap, before what overlaps its own follower, or as far as it can go: to cut between
    other neighbours any sooner gains nothing.
    """
    first, end = spans[i]
    for k in range(i + 1, len(spans)):
        start, stop = spans[k]
        full = start - end > gap or max(end, stop) - first > most
        if full or start > end or (spans[k + 1 : k + 2] and spans[k + 1][0] < stop):
            yield k, end - first
        if full:
            return
        end = max(end, stop)
    yield len(spans), end - first


def _cost(length: int, point: Point, traits: Traits) -> _Cost:
    """What one request costs: its time in registers, then 1; without a wire, 1, then registers."""
    registers = length / _REGISTER_BITS if point.source.place[0] in BIT_TABLES else float(length)
    if isinstance(traits, Wired):
        return traits.request + registers, 1.0
    return 1.0, registers


def _plus(one: _Cost, other: _Cost) -> _Cost:
    return one[0] + other[0], one[1] + other[1]


def _groups(
    points: tuple[Point, ...], atomic: tuple[tuple[str, ...], ...], traits: Traits
) -> list[_Group]:
    """The points of one table as indivisible groups, by address.

    An atomic group stays whole where one request can hold it; points of the same registers do too.
    """
    groups: list[_Group] = []
    left = list(points)
    for patterns in atomic:
        group = tuple(p for p in left if any(fnmatchcase(p.name, name) for name in patterns))
        if len(group) > 1 and _fits(group, traits):
            groups.append(group)
            left = [p for p in left if p not in group]
    groups += [tuple(same) for _, same in groupby(left, _reach)]
    return sorted(groups, key=_span)


def _fits(group: _Group, traits: Traits) -> bool:
    start, end = _span(group)
    return end - start <= _limits(group[0], traits)[0]


def _limits(point: Point, traits: Traits) -> tuple[int, int]:
    """The longest request and the widest gap, in the unit of the point's table."""
    if point.source.place[0] in BIT_TABLES:
        return traits.max_bits, traits.max_gap * _REGISTER_BITS
    return traits.max_registers, traits.max_gap


def _part(group: _Group) -> Part:
    return Part(*_span(group), tuple(p.source for p in group))


def _span(group: _Group) -> tuple[int, int]:
    places = [_reach(point) for point in group]
    return min(start for start, _ in places), max(end for _, end in places)


def _reach(point: Point) -> tuple[int, int]:
    row: Register = point.source
    return row.span


def _address(point: Point) -> tuple[Table, int, int]:
    return (point.source.place[0], *_reach(point))


# ---------------------------------------------------------------- cutting


@lru_cache(maxsize=_SHAPES)
def halves(read: Read) -> tuple[Read, Read]:
    """Two reads of a read's parts: cut at its widest gap, or in the middle if it has none."""
    parts = read.parts
    ends = list(accumulate((part.end for part in parts), max))
    middle = len(parts) / 2

    def worth(i: int) -> tuple[int, float]:
        return max(0, parts[i].start - ends[i - 1]), -abs(i - middle)

    cut = max(range(1, len(parts)), key=worth)
    return compose(read.table, parts[:cut]), compose(read.table, parts[cut:])


@lru_cache(maxsize=_SHAPES)
def around(read: Read, refused: frozenset[tuple[int, int]]) -> tuple[Part | Read, ...]:
    """The parts known to be refused, and reads of what lies between them, in order."""
    pieces: list[Part | Read] = []
    for is_refused, run in groupby(read.parts, lambda p: (p.start, p.end) in refused):
        if is_refused:
            pieces += run
        else:
            pieces.append(compose(read.table, tuple(run)))
    return tuple(pieces)
