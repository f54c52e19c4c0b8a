r"""A strict reader of InfluxDB line protocol, written from its reference and not from our writer.

Strict means: what InfluxDB documents is accepted, everything else is a ``ValueError`` (no empty
tag values, no missing fields, no number in another notation, no raw line break outside a string).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Field = bool | int | float | str

_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"([+-]?\d+)[iu]", re.ASCII)
_TIME = re.compile(r"-?\d+", re.ASCII)
_BOOLS = {"t": True, "T": True, "true": True, "True": True, "TRUE": True}
_BOOLS |= {"f": False, "F": False, "false": False, "False": False, "FALSE": False}


@dataclass(frozen=True)
class Row:
    """One point: its series, its fields, its time as written."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, Field]
    t: int


def parse(text: str) -> list[Row]:
    """Every point of a request's body."""
    scanner = _Scanner(text)
    rows = []
    while not scanner.at_end():
        rows.append(scanner.row())
    return rows


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def at_end(self) -> bool:
        return self.at >= len(self.text)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def word(self, stops: str, escapes: str) -> str:
        """Up to an unescaped character of ``stops``; a backslash hides one of ``escapes``."""
        found: list[str] = []
        while not self.at_end() and self.peek() not in stops:
            if self.peek() == "\n":
                raise ValueError(f"line ends inside {''.join(found)!r}")
            if self.peek() == "\\" and self.text[self.at + 1 : self.at + 2] in tuple(escapes):
                self.at += 1
            found.append(self.peek())
            self.at += 1
        if not found:
            raise ValueError(f"something is missing at {self.at}: {self.text[:200]!r}")
        return "".join(found)

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise ValueError(f"{character!r} expected at {self.at}: {self.text[:200]!r}")
        self.at += 1

    def row(self) -> Row:
        measurement = self.word(", ", ", ")
        tags = {}
        while self.peek() == ",":
            self.at += 1
            key = self.word("=, ", ",= ")
            self.expect("=")
            if key in tags:
                raise ValueError(f"tag {key} twice")
            tags[key] = self.word(", =", ",= ")
        fields: dict[str, Field] = {}
        separator = " "
        while self.peek() == separator:
            self.at += 1
            key = self.word("=, ", ",= ")
            self.expect("=")
            fields[key] = self.value()
            separator = ","
        if not fields:
            raise ValueError("missing fields")
        self.expect(" ")
        time = self.text[self.at :].split("\n", 1)[0]
        if not _TIME.fullmatch(time):
            raise ValueError(f"bad timestamp {time!r}")
        self.at += len(time) + 1
        return Row(measurement, tuple(sorted(tags.items())), fields, int(time))

    def value(self) -> Field:
        if self.peek() == '"':
            return self.string()
        text = self.word(", ", "")
        if text in _BOOLS:
            return _BOOLS[text]
        integer = _INTEGER.fullmatch(text)
        if integer:
            return int(integer[1])
        if not _FLOAT.fullmatch(text):
            raise ValueError(f"invalid field format {text!r}")
        return float(text)

    def string(self) -> str:
        self.at += 1
        found = []
        while self.peek() != '"':
            if self.at_end():
                raise ValueError("unbalanced quotes")
            if self.peek() == "\\" and self.text[self.at + 1 : self.at + 2] in {'"', "\\"}:
                self.at += 1
            found.append(self.peek())
            self.at += 1
        self.at += 1
        return "".join(found)
