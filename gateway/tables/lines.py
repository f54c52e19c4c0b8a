"""Where things stand in a TOML text: the line of every key, table and list item.

The text is known to be well-formed, so the scanner only has to follow its shape: strings and
comments are single tokens, and brackets say how deep we are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Keys: TypeAlias = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\n\[\]{}=,.]"
    r"|[^\s\[\]{}=,.\#\"']+",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[btnfr\"\\])")
_END = ""


def lines_of(text: str) -> Mapping[Keys, int]:
    """The 1-based line of each key in a well-formed TOML text."""
    return _Scan(text).lines


class _Scan:
    """One walk over a text; token by token; the next one stands at ``_line``."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Keys, int] = {}
        self._tokens = _tokens(text)
        self._lists: dict[Keys, int] = {}
        self._step()
        table: Keys = ()
        while self._next != _END:
            if self._next == "[":
                table = self._header()
            elif self._next == "\n":
                self._step()
            else:
                self._pair(table)

    def _step(self) -> None:
        self._next, self._line = next(self._tokens, (_END, 0))

    def _header(self) -> Keys:
        """``[a.b]`` or ``[[a.b]]``; a name that is a list of tables means its last one."""
        line, brackets = self._line, 0
        while self._next == "[":
            brackets += 1
            self._step()
        table: Keys = ()
        names = self._names()
        for name in names[:-1]:
            table = self._last((*table, name), line)
        table = (*table, names[-1])
        if brackets == 2:
            self._lists[table] = self._lists.get(table, -1) + 1
            self.lines.setdefault(table, line)
        table = self._last(table, line)
        while self._next == "]":
            self._step()
        return table

    def _last(self, table: Keys, line: int) -> Keys:
        if table in self._lists:
            table = (*table, self._lists[table])
        self.lines.setdefault(table, line)
        return table

    def _names(self) -> list[str]:
        names = [_name(self._next)]
        self._step()
        while self._next == ".":
            self._step()
            names.append(_name(self._next))
            self._step()
        return names

    def _pair(self, table: Keys) -> None:
        line = self._line
        for name in self._names():
            table = (*table, name)
            self.lines.setdefault(table, line)
        self._step()  # the equals sign
        self._value(table)

    def _value(self, keys: Keys) -> None:
        if self._next == "[":
            self._items(keys)
        elif self._next == "{":
            self._step()
            while self._next != "}":
                if self._next in {",", "\n"}:
                    self._step()
                else:
                    self._pair(keys)
            self._step()
        else:
            while self._next not in {"\n", ",", "]", "}", _END}:
                self._step()

    def _items(self, keys: Keys) -> None:
        self._step()
        count = 0
        while self._next != "]":
            if self._next in {",", "\n"}:
                self._step()
                continue
            self.lines[*keys, count] = self._line
            self._value((*keys, count))
            count += 1
        self._step()


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[0] != "#":
            yield token, line
        line += token.count("\n")


def _name(token: str) -> str:
    if token.startswith("'"):
        return token[1:-1]
    if token.startswith('"'):
        return _ESCAPE.sub(lambda match: _unescape(match[0]), token[1:-1])
    return token


def _unescape(text: str) -> str:
    if len(text) > 2:
        return chr(int.from_bytes(bytes.fromhex(text[2:])))
    return {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}.get(text[1], text[1])
