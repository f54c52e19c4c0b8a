"""What a validator found, in plain sentences.

The core of pydantic reports each mistake as a type of error, the keys that lead to it and what it
saw. Here that becomes what was expected, what was found, and what to write instead. Where a value
could have been one of several things, the core reports one error for each; they become one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.problems import suggest
from gateway.tables.lines import Keys

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_TRUTH = re.compile("true|false")
_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_SECRETS = {
    "password": "password_file",
    "passwd": "password_file",
    "secret": "password_file",
    "token": "token_file",
}
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "greater_than_equal": "a whole number of 64 bits",
    "less_than_equal": "a whole number of 64 bits",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "string_too_short": "text that is not empty",
    "dict_type": "a table",
    "tuple_type": "a list in brackets",
    "is_instance_of": "a date or a time",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake inside a table: the keys that lead to it, what is wrong, what to write."""

    keys: Keys
    problem: str
    hint: str = ""

    @classmethod
    def at_word(cls, text: str, known: Iterable[str], keys: Keys = ()) -> Complaint:
        """A whole table's complaint; it belongs to the first of its keys that the text names."""
        problem, _, hint = text.partition("; ")
        key = next((word for word in _WORD.findall(problem) if word in set(known)), None)
        return cls(keys if key is None else (*keys, key), problem, hint)


def complaints(
    errors: Iterable[Mapping[str, Any]], table: object, headed: Container[str] = ()
) -> list[Complaint]:
    """The errors of one table, those about the same value made one.

    ``headed`` are the keys that are tables themselves and are written ``[key]``.
    """
    by_place: dict[Keys, list[Mapping[str, Any]]] = {}
    for error in errors:
        by_place.setdefault(_place(error, table), []).append(error)
    return [_complaint(keys, found, headed) for keys, found in by_place.items()]


def _place(error: Mapping[str, Any], table: object) -> Keys:
    """The keys of the value itself: the core adds the branch of a union it had tried."""
    keys: list[str | int] = []
    found: Any = table
    for key in error["loc"]:
        if isinstance(found, Mapping):
            inside = key in found
        else:
            inside = isinstance(found, list) and isinstance(key, int) and key < len(found)
        if inside or (error["type"] == "missing" and key == error["loc"][-1]):
            keys.append(key)
        if not inside:
            break
        found = found[key]
    return tuple(keys)


def _complaint(
    keys: Keys, errors: Sequence[Mapping[str, Any]], headed: Container[str]
) -> Complaint:
    error = errors[0]
    match error["type"]:
        case "missing":
            return _missing(keys, headed)
        case "unknown_key":
            return _unknown(str(keys[-1]), keys, error["ctx"]["known"])
        case "value_error":
            return _refused(keys, error["input"], str(error["ctx"]["error"]))
        case "too_long" | "too_short":
            context = error["ctx"]
            wanted = context.get("max_length", context.get("min_length"))
            return Complaint(keys, f"expected {wanted} items, found {context['actual_length']}")
    expected = " or ".join(dict.fromkeys(_expected(error) for error in errors))
    return Complaint(
        keys, f"expected {expected}, found {_shown(error['input'])}", _hint(keys, errors)
    )


def _refused(keys: Keys, found: object, text: str) -> Complaint:
    """What a mark or a nested dataclass said; one that only says what to write is a hint."""
    if text.startswith("write "):
        return Complaint(keys, f"cannot read {_shown(found)}", text)
    return Complaint.at_word(text, found if isinstance(found, Mapping) else (), keys)


def _missing(keys: Keys, headed: Container[str]) -> Complaint:
    if isinstance(keys[-1], int):
        return Complaint(keys[:-1], "the list has too few items")
    add = f"[{keys[-1]}]" if keys[-1] in headed else f"{keys[-1]} = …"
    return Complaint(keys, f'"{keys[-1]}" is missing', f"add {add}")


def _unknown(key: str, keys: Keys, known: Sequence[str]) -> Complaint:
    if key in _SECRETS and key not in known:
        other = _SECRETS[key]
        return Complaint(
            keys,
            f'unknown key "{key}": secrets never stand in this file',
            f"keep it in a file that only the service may read, and write {other} = …",
        )
    return Complaint(keys, f'unknown key "{key}"', suggest(key, known))


def _expected(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind == "literal_error":
        return str(error["ctx"]["expected"]).replace("'", '"')
    return _EXPECTED.get(kind, str(error["msg"]))


def _hint(keys: Keys, errors: Iterable[Mapping[str, Any]]) -> str:
    """What to write instead, where it can be told."""
    return next(filter(None, (_advice(keys, error) for error in errors)), "")


def _advice(keys: Keys, error: Mapping[str, Any]) -> str:
    found, kind = error["input"], str(error["type"])
    if kind == "tuple_type":
        return (
            f"head it [[{keys[-1]}]]" if isinstance(found, Mapping) else f"write [{_shown(found)}]"
        )
    if kind == "string_type" and isinstance(found, int | float) and abs(found) < 1e18:
        return f'write "{_shown(found)}" in quotes'
    if not isinstance(found, str):
        return ""
    if kind == "literal_error":
        return _meant(found, str(error["ctx"]["expected"]).replace(" or ", ", ").split(", "))
    return _unquoted(found.strip().lower(), kind)


def _meant(found: str, choices: Sequence[str]) -> str:
    if found in choices:
        return f"write {found} without quotes"
    near = suggest(found, [choice[1:-1] for choice in choices if choice.startswith("'")])
    return near if near.startswith("did you mean") else ""


def _unquoted(bare: str, kind: str) -> str:
    wanted = {"bool_type": _TRUTH, "int_type": _NUMBER, "float_type": _NUMBER}.get(kind)
    if wanted is not None and wanted.fullmatch(bare):
        return f"write {bare} without quotes"
    if kind == "float_type" and _NUMBER.fullmatch(bare.replace(",", ".", 1)):
        return f"write {bare.replace(',', '.')} with a point"
    return ""


def _shown(value: object) -> str:
    """A value as it stands in the file, cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 128:
        return "a very long number"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:39]}…"'
    return str(value)
