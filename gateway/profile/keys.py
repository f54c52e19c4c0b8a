"""The keys every row of a profile's ``points`` may have, and what they make of its raw values.

The dataclasses are the keys of contracts §4 that belong to no driver. ``conversion`` compiles what
turns a raw value into an engineering one, ``counter`` what counts on where a counter begins again.
Keys that make no sense with the driver's row are refused, with a text for whoever wrote them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from gateway.counters import PARTS
from gateway.model import Convert, Counter, Value
from gateway.tables.words import Period, PointName
from gateway.units import Between
from gateway.values import converter, powered

#: The most points a profile may have, so that a mistyped count cannot fill the memory.
MOST_POINTS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Derive:
    """``derive``: the source's name, and the two asset facts that mean 0 % and 100 %."""

    from_: PointName
    linear: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedKeys:
    """A row that computes its value."""

    name: PointName
    unit: str = ""
    derive: Derive
    deadband: Annotated[float, Between(0, math.inf)] | None = None
    on_change: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PointKeys:
    """The keys every row may have, whatever its driver."""

    name: PointName
    unit: str = ""
    every: Period | None = None
    scale: float = 1.0
    offset: float = 0.0
    enum: Mapping[int, str] = field(default_factory=dict)
    flags: Mapping[int, PointName] = field(default_factory=dict)
    invalid: tuple[Value, ...] = ()
    min: float | None = None
    max: float | None = None
    clamp: bool = False
    count: Annotated[int, Between(1, MOST_POINTS)] | None = None
    deadband: Annotated[float, Between(0, math.inf)] | None = None
    on_change: bool = False
    alone: bool = False
    rollover: bool | int = False

    def __post_init__(self) -> None:
        if not isinstance(self.rollover, bool) and self.rollover < PARTS:
            raise ValueError(f"rollover is true, or a number from {PARTS} on")
        if self.rollover and self.clamp:
            raise ValueError("rollover lets a counter go on and clamp holds it: leave one out")
        if self.scale == 0:
            raise ValueError("scale 0 would lose the value")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        if self.clamp and self.min is None and self.max is None:
            raise ValueError("clamp needs a min or a max")
        if self.enum and self.flags:
            raise ValueError("flags are bits and enum is a number: a row has one or the other")
        if (self.enum or self.flags) and self.arithmetic:
            what = "enum" if self.enum else "flags"
            raise ValueError(f"{what} gives no number: leave out {', '.join(self.arithmetic)}")

    @property
    def arithmetic(self) -> tuple[str, ...]:
        """The keys in use that make sense for numbers only."""
        used = {
            "scale": self.scale != 1,
            "offset": self.offset != 0,
            "min": self.min is not None,
            "max": self.max is not None,
            "deadband": self.deadband is not None,
            "rollover": bool(self.rollover),
        }
        return tuple(key for key, is_used in used.items() if is_used)


def check_kind(keys: PointKeys, row: object) -> None:
    """Keys must suit the kind of value the row gives; ValueError says which does not."""
    kind = kind_of(row)
    if keys.enum and _has_exponent(row):
        raise ValueError("scale_register gives a number: leave out enum")
    if keys.arithmetic and kind != "number":
        raise ValueError(f"{keys.arithmetic[0]} is for numbers, not for a {kind}")
    if keys.enum and kind == "string":
        raise ValueError("enum is for numbers and bits, not for a string")


def check_raw(keys: PointKeys, row: Any) -> None:  # noqa: ANN401  # the driver's
    """What is said of raw values must be something the row can give."""
    for code in keys.enum:
        _as_read(row, code, "enum")
    for raw in keys.invalid:
        _as_read(row, raw, "invalid")
    if not keys.rollover:
        return
    bounds = getattr(row, "bounds", None)
    if bounds is None and hasattr(row, "bounds"):
        raise ValueError(f"rollover is for counters of whole numbers, not for a {row.kind}")
    if bounds is None and keys.rollover is True:
        raise ValueError("rollover: how far these rows count is not known; write the number")
    if bounds is not None and keys.rollover > bounds[1] + 1:
        raise ValueError(f"rollover {keys.rollover} is never reached: {bounds[1]} is the most")


def _as_read(row: Any, raw: Value, key: str) -> Value:  # noqa: ANN401  # the driver's
    """A raw value somebody wrote as the row gives it; ValueError with the key if it never does."""
    if not hasattr(row, "as_read"):
        return raw
    try:
        value: Value = row.as_read(raw)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None
    return value


def conversion(keys: PointKeys, row: object) -> Convert | None:
    """From raw to engineering value; ``None`` where they are the same."""
    exponent = _has_exponent(row)
    nothing = tuple(_as_read(row, raw, "invalid") for raw in keys.invalid)
    step = converter(
        scale=keys.scale,
        offset=keys.offset,
        enum=keys.enum,
        invalid=() if exponent else nothing,
        low=keys.min,
        high=keys.max,
        clamp=keys.clamp,
    )
    return powered(step, nothing) if exponent else step


def counter(keys: PointKeys, row: object) -> Counter | None:
    """The range of a counter that begins again, and the line its values lie on."""
    if not keys.rollover:
        return None
    step = converter(scale=keys.scale, offset=keys.offset)
    if _has_exponent(row):
        step = powered(step)
    if keys.rollover is not True:
        return Counter(0, keys.rollover, step)
    low, high = row.bounds  # type: ignore[attr-defined]  # _check_raw saw to that
    return Counter(low, high - low + 1, step)


def _has_exponent(row: object) -> bool:
    return getattr(row, "scale_register", None) is not None


def kind_of(row: object) -> Literal["number", "bool", "string"]:
    """What the driver's row gives: it has a ``bit``, or says so with ``kind`` or ``type``."""
    if getattr(row, "bit", None) is not None:
        return "bool"
    declared = getattr(row, "kind", None) or getattr(row, "type", None)
    if declared == "bool":
        return "bool"
    return "string" if declared in {"string", "datetime"} else "number"
