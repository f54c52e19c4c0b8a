"""The rows of a profile's ``points``: from what people write to the points a driver reads.

A row's generic keys are ``keys.PointKeys``; the others are its driver's ``point`` type, and
the row of that type becomes ``Point.source``. One row may stand for many points: ``count`` gives
``name_1`` … ``name_n`` through the driver row's ``element``, ``flags`` one bool point a bit through
its ``bit``. A row with ``derive`` reads nothing: it computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from gateway.assets import FACTS
from gateway.driver import Driver
from gateway.model import NOTHING, Convert, Counter, Derived, Kind, Point
from gateway.problems import Problem, suggest
from gateway.profile.keys import (
    MOST_POINTS,
    DerivedKeys,
    PointKeys,
    check_kind,
    check_raw,
    conversion,
    counter,
    kind_of,
)
from gateway.tables.document import Spot
from gateway.tables.shape import shape, told
from gateway.values import linear_percent


class Rows:
    """Reads the rows of one profile, gathering their points and every mistake.

    ``ends`` are the two asset facts each derived point needs, ``keys`` the generic keys of the row
    each point came from. ``names`` are the points that may be
    referred to; while a row cannot be read they are not ``whole``, and nobody is blamed for naming
    one that is not there.
    """

    def __init__(
        self, kind: Kind | None, driver: Driver | None, traits: object, every: float
    ) -> None:
        self.points: list[Point] = []
        self.derived: list[Derived] = []
        self._kind = kind
        self._driver = driver
        self._traits = traits
        self._every = every
        self.ends: dict[str, tuple[str, str]] = {}
        self.keys: dict[str, PointKeys] = {}
        self.names: dict[str, None] = {}
        self.whole = True

    def read(self, row: Mapping[str, Any], spot: Spot, problems: list[Problem]) -> None:
        """One row."""
        if "derive" in row:
            self._read_derived(row, spot, problems)
        elif self._driver is None:
            # Without the driver's word only the generic keys can be judged.
            shape(PointKeys, strangers=True).read(row, spot, problems)
            self._fail(row.get("name"), spot, problems)
        else:
            wanted = shape(PointKeys, self._driver.point)
            parts = wanted.read(row, spot, problems)
            if parts is None:
                self._fail(row.get("name"), spot, problems)
                saved = wanted.salvage(row, spot, self._driver.point)
                if saved is not None:
                    self._sources(saved[0], saved[1], spot, problems)
            else:
                self._add(parts[0], parts[1], spot, problems)

    def link(self, rows: Sequence[Any], spot: Spot, problems: list[Problem]) -> None:
        """What only the whole list can tell: whether each derived row's source is read."""
        known = [point.name for point in self.points]
        for i, row in enumerate(rows):
            source = row["derive"].get("from") if _is_derived(row) else None
            if isinstance(source, str) and source not in known and self.whole:
                problem, hint = f'no point is called "{source}"', suggest(source, known)
                problems.append(spot.at(i, "derive", "from").problem(problem, hint))

    def _read_derived(self, row: Mapping[str, Any], spot: Spot, problems: list[Problem]) -> None:
        parts = shape(DerivedKeys).read(row, spot, problems)
        if parts is None:
            if isinstance(row.get("name"), str):
                self._reserve(row["name"], spot, problems)
            return
        keys: DerivedKeys = parts[0]
        known = _numeric_facts(self._kind) if self._kind else ()
        wrong = [i for i in (0, 1) if self._kind and keys.derive.linear[i] not in known]
        for i in wrong:
            fact = keys.derive.linear[i]
            problem = f'no number among the asset facts of a {self._kind} is called "{fact}"'
            problems.append(spot.at("derive", "linear", i).problem(problem, suggest(fact, known)))
        if self._reserve(keys.name, spot, problems) and not wrong:
            compute = linear_percent(*keys.derive.linear)
            self.derived.append(
                Derived(
                    keys.name,
                    keys.derive.from_,
                    compute,
                    keys.unit,
                    deadband=keys.deadband,
                    on_change=keys.on_change,
                )
            )
            self.ends[keys.name] = keys.derive.linear

    def _add(self, keys: PointKeys, row: Any, spot: Spot, problems: list[Problem]) -> None:  # noqa: ANN401  # the driver's
        sources = self._sources(keys, row, spot, problems)
        if not sources:
            self._fail(keys.name, spot, problems)
            return
        convert, counting = conversion(keys, sources[0][1]), counter(keys, sources[0][1])
        for name, source in sources:
            if self._reserve(name, spot, problems):
                self.points.append(self._point(name, source, keys, convert, counting))
                self.keys[name] = keys

    def _sources(
        self,
        keys: PointKeys,
        row: Any,  # noqa: ANN401  # the driver's
        spot: Spot,
        problems: list[Problem],
    ) -> Sequence[tuple[str, Any]]:
        """The name and the driver's own row of each point a row stands for."""
        if self._traits is None:
            return ()
        try:
            sources = list(self._each(keys, row))
            check_kind(keys, sources[0][1])
            check_raw(keys, sources[0][1])
        except ValueError as error:
            problems.append(told(str(error), _known(row), spot))
            return ()
        return sources

    def _each(self, keys: PointKeys, row: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        if keys.count is not None and not hasattr(row, "element"):
            raise ValueError("count: this driver's rows cannot be repeated")
        if keys.flags and not hasattr(row, "bit"):
            raise ValueError("flags: this driver's rows have no bits")
        for i in range(keys.count or 1):
            name = keys.name if keys.count is None else f"{keys.name}_{i + 1}"
            element = row if i == 0 else row.element(i)
            if not keys.flags:
                yield name, self._complete(element)
            for bit, flag in keys.flags.items():
                yield f"{name}_{flag}", self._flag(element, bit)

    def _flag(self, row: Any, bit: int) -> Any:  # noqa: ANN401  # the driver's
        if row.bit is not None:
            raise ValueError("flags name bits themselves: leave out bit")
        try:
            return self._complete(replace(row, bit=bit))
        except ValueError as error:
            raise ValueError(f"flags: {error}") from None

    def _complete(self, row: Any) -> Any:  # noqa: ANN401  # the driver's
        return row.complete(self._traits) if hasattr(row, "complete") else row

    def _point(
        self,
        name: str,
        source: object,
        keys: PointKeys,
        convert: Convert | None,
        counting: Counter | None,
    ) -> Point:
        return Point(
            name=name,
            source=source,
            every=keys.every or self._every,
            unit=keys.unit,
            convert=convert,
            type="string" if keys.enum else kind_of(source),
            codes={label: code for code, label in reversed(list(keys.enum.items()))} or NOTHING,
            alone=keys.alone,
            deadband=keys.deadband,
            on_change=keys.on_change,
            counter=counting,
        )

    def _fail(self, name: object, spot: Spot, problems: list[Problem]) -> None:
        """A row cannot be read; its name, if it has one, is taken all the same."""
        self.whole = False
        if isinstance(name, str):
            self._reserve(name, spot, problems)

    def _reserve(self, name: str, spot: Spot, problems: list[Problem]) -> bool:
        """Take a name; a problem if it is taken, too long, or one too many."""
        if name in self.names:
            problems.append(spot.at("name").problem(f'a second point is called "{name}"'))
        elif len(name) > 64:
            problems.append(spot.at("name").problem(f'"{name}" is longer than 64 letters'))
        elif len(self.names) == MOST_POINTS:
            problems.append(spot.problem(f"more than {MOST_POINTS} points"))
            self.names[name] = None
        else:
            self.names[name] = None
            return True
        return False


def _known(row: object) -> tuple[str, ...]:
    return (*shape(PointKeys).keys, *shape(type(row)).keys)


def _numeric_facts(kind: Kind) -> tuple[str, ...]:
    keys = shape(FACTS[kind]).keys.items()
    return tuple(key for key, hint in keys if {int, float} & {hint, *get_args(hint)})


def _is_derived(row: object) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("derive"), Mapping)
