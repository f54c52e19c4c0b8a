"""Spreadsheet cells as the TOML values they stand for.

A cell is text. What it means, the annotation of its key says: ``7`` is a number for an ``int`` and
text for a ``str``. Lists are written ``a;b``, pairs within a list ``1-3;1-4``, yes and no as
``true``/``false``, ``yes``/``no`` or ``1``/``0``. A cell that does not fit stays text, so that the
check of the table says what was expected there.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

Reader: TypeAlias = Callable[[str], object]

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?", re.ASCII)
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def from_cells(cells: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """The table a row stands for; values that are not text, and keys not in ``keys``, stay."""
    return {
        key: reader(keys[key])(cell) if isinstance(cell, str) and key in keys else cell
        for key, cell in cells.items()
    }


@lru_cache(maxsize=1024)
def reader(hint: Any) -> Reader:  # noqa: ANN401  # an annotation
    """What turns a cell into the value its annotation asks for."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _READERS:
        return _READERS[hint]
    if origin is Annotated:
        return reader(args[0])
    if origin in {Union, types.UnionType}:
        return _first([reader(arg) for arg in args if arg is not types.NoneType])
    if origin is Literal:
        return lambda cell: next((arg for arg in args if str(arg) == cell), cell)
    if origin is tuple:
        return _list(reader(args[0]), ";" if args[-1] is Ellipsis else "-")
    return _text


def _text(cell: str) -> object:
    return cell


def _truth(cell: str) -> object:
    return _TRUTH.get(cell.lower(), cell)


def _whole(cell: str) -> object:
    return int(cell) if _WHOLE.fullmatch(cell) else cell


def _number(cell: str) -> object:
    return float(cell) if _NUMBER.fullmatch(cell) else cell


def _first(readers: list[Reader]) -> Reader:
    def read(cell: str) -> object:
        values = (read(cell) for read in readers)
        return next((value for value in values if not isinstance(value, str)), cell)

    return read


def _list(item: Reader, mark: str) -> Reader:
    def read(cell: str) -> object:
        return [item(part.strip()) for part in cell.split(mark) if part.strip()]

    return read


_READERS: dict[object, Reader] = {bool: _truth, int: _whole, float: _number, str: _text}
