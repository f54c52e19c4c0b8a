"""Tables checked against frozen dataclasses: every mistake at once, in words for who wrote them.

A ``Shape`` is compiled once from one or more dataclasses, whose fields together are the keys a
table may have; this is how a ``[[device]]`` can hold its own keys, its driver's and its kind's.
Types are taken at their word: ``1`` is no text, ``"1"`` no number, ``true`` no 1; only a whole
number may stand where a fraction is asked for. A ``Path`` starts at the file that names it. A field
called ``from_`` is the key ``from``.

The checking is done by pydantic's core. Its schemas are built here from the dataclass annotations,
because ``pydantic.TypeAdapter`` would double what the daemon needs to start (0.23 s against 0.07 s
for the library alone) and does not reach into nested tables with "no other keys".
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from pydantic_core import PydanticCustomError, SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from gateway.problems import Problem
from gateway.tables.complaints import Complaint, complaints
from gateway.tables.document import Spot

Schema: TypeAlias = Any


class Shape:
    """The keys a table may have, and what each of them means."""

    def __init__(self, kinds: Sequence[type], *, strangers: bool, partial: bool) -> None:
        self.kinds = tuple(kinds)
        self._parts = tuple((kind, _hints(kind)) for kind in kinds)
        self.keys = {key: hint for _, hints in reversed(self._parts) for key, hint in hints.items()}
        self._headed = {key for key, hint in self.keys.items() if get_origin(hint) is Mapping}
        self._validator = SchemaValidator(
            _table(kinds, strangers=strangers, partial=partial), cs.CoreConfig(title="table")
        )

    def values(
        self, table: Mapping[str, Any], spot: Spot, problems: list[Problem]
    ) -> dict[str, Any] | None:
        """What stands in a table, parsed; ``None`` after adding what is wrong to ``problems``."""
        try:
            parsed: dict[str, Any] = self._validator.validate_python(
                table, context=spot.file.parent
            )
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problems.extend(_told(found, spot) for found in complaints(errors, table, self._headed))
            return None
        return parsed

    def read(
        self, table: Mapping[str, Any], spot: Spot, problems: list[Problem]
    ) -> tuple[Any, ...] | None:
        """One value of each dataclass, or ``None`` after adding what is wrong to ``problems``."""
        found = self.values(table, spot, problems)
        if found is None:
            return None
        made = []
        for kind, hints in self._parts:
            given = {_field(key): found[key] for key in hints if key in found}
            try:
                made.append(kind(**given))
            except ValueError as error:
                problems.append(told(str(error), self.keys, spot))
        return tuple(made) if len(made) == len(self._parts) else None

    def salvage(self, table: Mapping[str, Any], spot: Spot, *whole: type) -> tuple[Any, ...] | None:
        """What a refused table would be without its wrong keys, to look for further mistakes.

        ``None`` where it cannot be without them, or where one belongs to a dataclass of ``whole``:
        judging the rest of it would then blame the wrong key.
        """
        try:
            self._validator.validate_python(table, context=spot.file.parent)
        except ValidationError as error:
            wrong = {found["loc"][0] for found in error.errors(include_url=False) if found["loc"]}
            if any(key in _hints(kind) for kind in whole for key in wrong):
                return None
            table = {key: value for key, value in table.items() if key not in wrong}
        return self.read(table, spot, [])


def shape(*kinds: type, strangers: bool = False, partial: bool = False) -> Shape:
    """The shape of a table that holds the keys of these frozen dataclasses, compiled once.

    With ``strangers`` other keys may stand there too and are left alone; with ``partial`` no key
    is required.
    """
    return _compiled(kinds, strangers, partial)


@functools.lru_cache(maxsize=256)
def _compiled(kinds: tuple[type, ...], strangers: bool, partial: bool) -> Shape:
    return Shape(kinds, strangers=strangers, partial=partial)


def told(text: str, known: Iterable[str], spot: Spot) -> Problem:
    """A ``ValueError`` of somebody's table, located at the first of its keys the text names.

    What follows a semicolon is the hint: ``"address 70000 is past 65535; addresses start at 0"``.
    """
    return _told(Complaint.at_word(text, known), spot)


def _told(complaint: Complaint, spot: Spot) -> Problem:
    return spot.at(*complaint.keys).problem(complaint.problem, complaint.hint)


def _field(key: str) -> str:
    return "from_" if key == "from" else key


@functools.lru_cache(maxsize=256)
def _hints(kind: type) -> Mapping[str, Any]:
    """The annotation of each key, in the order of the fields."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name.rstrip("_"): hints[field.name] for field in fields(kind) if field.init}


def _required(kind: type) -> set[str]:
    return {
        field.name.rstrip("_")
        for field in fields(kind)
        if field.init and field.default is MISSING and field.default_factory is MISSING
    }


def _table(kinds: Iterable[type], *, strangers: bool = False, partial: bool = False) -> Schema:
    """A table with the keys of these dataclasses. The first to declare a key says its type."""
    keys: dict[str, Any] = {}
    needed: set[str] = set()
    for kind in kinds:
        for key, hint in _hints(kind).items():
            keys.setdefault(key, hint)
        needed |= set() if partial else _required(kind)
    known = {
        key: cs.typed_dict_field(_schema(hint), required=key in needed)
        for key, hint in keys.items()
    }
    if strangers:
        return cs.typed_dict_schema(known, extra_behavior="ignore")
    refuse = cs.no_info_plain_validator_function(_refuse(tuple(keys)))
    return cs.typed_dict_schema(known, extra_behavior="allow", extras_schema=refuse)


def _refuse(known: tuple[str, ...]) -> Callable[[object], object]:
    def refuse(_: object) -> object:
        raise PydanticCustomError("unknown_key", "unknown key", {"known": known})

    return refuse


_PLAIN: dict[object, Schema] = {
    bool: cs.bool_schema(strict=True),
    int: cs.int_schema(strict=True, ge=-(2**63), le=2**64 - 1),
    float: cs.float_schema(strict=True, allow_inf_nan=False),
    str: cs.str_schema(strict=True),
    Any: cs.any_schema(),
    object: cs.any_schema(),
    Path: cs.with_info_after_validator_function(
        lambda text, info: info.context / text, cs.str_schema(strict=True, min_length=1)
    ),
}


def _schema(hint: object) -> Schema:
    """The schema of one annotation, as far as tables written by people need it."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return cs.no_info_after_validator_function(_maker(hint), _table([hint]))
    origin, args = get_origin(hint), get_args(hint)
    if origin in _GENERIC:
        return _GENERIC[origin](args)
    raise TypeError(f"no table can hold a {hint}")


def _marked(args: Sequence[Any]) -> Schema:
    schema = _schema(args[0])
    for mark in args[1:]:
        hook = getattr(mark, "__get_pydantic_core_schema__", None)
        if hook is not None:
            schema = hook(args[0], lambda _, inner=schema: inner)
    return schema


def _either(args: Sequence[Any]) -> Schema:
    choices = [_schema(arg) for arg in args if arg is not types.NoneType]
    one = choices[0] if len(choices) == 1 else cs.union_schema(choices)
    # A key that may be left out: TOML has no word for None, so nobody writes it.
    return cs.nullable_schema(one) if types.NoneType in args else one


def _literal(args: Sequence[Any]) -> Schema:
    """One of some values; Python's ``True == 1 == 1.0`` does not count."""
    expected = {"expected": " or ".join(map(repr, args))}

    def same(value: object, validate: Callable[[object], object]) -> object:
        if isinstance(value, bool | float):
            raise PydanticCustomError("literal_error", "not one of them", expected)
        return validate(value)

    return cs.no_info_wrap_validator_function(same, cs.literal_schema(list(args)))


def _list(args: Sequence[Any]) -> Schema:
    if args[-1] is Ellipsis:
        return cs.tuple_schema([_schema(args[0])], variadic_item_index=0)
    return cs.tuple_schema([_schema(arg) for arg in args])


def _mapping(args: Sequence[Any]) -> Schema:
    key = _NUMBERED if args[0] is int else _schema(args[0])
    return cs.dict_schema(key, _schema(args[1]))


_GENERIC: dict[Any, Callable[[Sequence[Any]], Schema]] = {
    Annotated: _marked,
    Literal: _literal,
    Union: _either,
    types.UnionType: _either,
    tuple: _list,
    dict: _mapping,
    Mapping: _mapping,
}


def _maker(kind: type) -> Callable[[dict[str, Any]], Any]:
    return lambda values: kind(**{_field(key): value for key, value in values.items()})


def _whole(text: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        raise ValueError(f'"{text:.40}" is not a whole number') from None
    if number.bit_length() > 64:
        raise ValueError("a whole number has at most 64 bits")
    return number


_NUMBERED = cs.no_info_after_validator_function(_whole, cs.str_schema())
