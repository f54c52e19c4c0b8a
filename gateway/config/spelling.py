"""Types and defaults of a dataclass's fields as people write them in a TOML file."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from gateway.tables import words
from gateway.units import Between, Duration, Size, format_duration
from gateway.weekly import Rounds, Schedule, Times

NONE = "none"

_SCALARS: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
}
_NAMES: Sequence[tuple[Any, str]] = (
    (words.Id, "id"),
    (words.PlaceId, "id"),
    (words.PointName, "name"),
    (words.TimeZone, "time zone"),
    (words.BrokerUrl, "address"),
    (words.HttpUrl, "address"),
    (words.Listen, "address"),
    (words.Moment, "moment"),
    (Duration, "duration"),
    (Size, "size"),
    (Times, "times of the week"),
    (Schedule, "schedule"),
    (Rounds, "rounds of a crew"),
)
_MARKS = {mark: name for hint, name in _NAMES for mark in get_args(hint)[1:]}


def type_of(hint: object) -> str:
    """What may stand there: ``whole number, 1 to 247``, ``list of path``."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    spell = _GENERIC.get(get_origin(hint))
    return spell(get_args(hint)) if spell else "table"


def default_of(field: Field[Any], hint: object) -> str:
    """What it is when left out, as written; or that it may not be."""
    if field.default_factory is not MISSING:
        return NONE
    if field.default is MISSING:
        return "**required**"
    value: Any = field.default
    if value is None or value == "" or (not isinstance(value, int | float | str) and not value):
        return NONE
    return f"`{_in_unit(value, hint)}`"


def _marked(args: Sequence[Any]) -> str:
    hint, *marks = args
    name = next((_MARKS[mark] for mark in marks if mark in _MARKS), type_of(hint))
    limits = next((mark for mark in marks if isinstance(mark, Between)), None)
    if limits is None:
        return name
    least, most = (_in_unit(end, Annotated[tuple(args)]) for end in (limits.least, limits.most))
    return f"{name}, at least {least}" if math.isinf(limits.most) else f"{name}, {least} to {most}"


def _list(args: Sequence[Any]) -> str:
    if args[-1] is Ellipsis:
        return f"list of {type_of(args[0])}"
    return f"[{', '.join(map(type_of, args))}]"


def _either(args: Sequence[Any]) -> str:
    return " or ".join(type_of(arg) for arg in args if arg is not types.NoneType)


_GENERIC: dict[object, Callable[[Sequence[Any]], str]] = {
    Annotated: _marked,
    Literal: lambda args: ", ".join(f"`{_value(arg)}`" for arg in args),
    Union: _either,
    types.UnionType: _either,
    tuple: _list,
}


def _in_unit(value: Any, hint: object) -> str:  # noqa: ANN401  # what the field holds
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    names = {_MARKS[mark] for mark in marks if mark in _MARKS}
    if not names or value == math.inf:
        return _value(value)
    if "duration" in names:
        return f'"{format_duration(value) if value else "0s"}"'
    if "size" in names:
        return f'"{value / 1e6:g}MB"' if value >= 1e6 else f'"{value}B"'
    return _value(value)


def _value(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:.15g}" if isinstance(value, float) else str(value)
