"""Reads the plain kind of YAML our deployment files are written in, and refuses everything else.

Block mappings and lists by two-space indentation, scalars, one-line JSON lists, an anchor on a
mapping and its merge (``<<: *name``). Whatever this accepts means the same to a real YAML parser;
what it does not know is an error, so that a file cannot drift into what nobody checks.
"""

from __future__ import annotations

import json
import re
from typing import Any

_KEY = re.compile(r"([A-Za-z_<][A-Za-z0-9_.<-]*):(?: (.*))?")
_PLAIN = re.compile(r"[A-Za-z0-9_./$~%-][^#\"'{}\[\]&*!|>`]*(?:\{[^{}]*\})?")


def parse(text: str) -> Any:
    """The document; ValueError names the line that is not plain."""
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.strip() and not raw.lstrip().startswith("#"):
            indent = len(raw) - len(raw.lstrip(" "))
            if indent % 2 or "\t" in raw or raw != raw.rstrip() or " #" in raw:
                raise ValueError(f"line {number}: {raw!r}")
            lines.append((indent, raw.strip(), number))
    return _Reader(lines).block(0)


class _Reader:
    def __init__(self, lines: list[tuple[int, str, int]]) -> None:
        self._lines = lines
        self._at = 0
        self._anchors: dict[str, Any] = {}

    def block(self, indent: int) -> Any:
        """The mapping or list that begins here."""
        if self._at >= len(self._lines) or self._lines[self._at][0] < indent:
            return None
        return (
            self._list(indent) if self._lines[self._at][1].startswith("- ") else self._map(indent)
        )

    def _here(self, indent: int, number_of: str = "") -> tuple[str, int] | None:
        if self._at >= len(self._lines) or self._lines[self._at][0] < indent:
            return None
        found, text, number = self._lines[self._at]
        if found != indent or not text.startswith(number_of):
            raise ValueError(f"line {number}: {text!r}")
        return text, number

    def _list(self, indent: int) -> list[Any]:
        items = []
        while (here := self._here(indent, "- ")) is not None:
            text, number = here
            if _KEY.fullmatch(text[2:]):  # a mapping inside the list, its first key on this line
                self._lines[self._at] = (indent + 2, text[2:], number)
                items.append(self._map(indent + 2))
            else:
                self._at += 1
                items.append(_scalar(text[2:], number))
        return items

    def _map(self, indent: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (here := self._here(indent)) is not None:
            text, number = here
            match = _KEY.fullmatch(text)
            if match is None or match[1] in found:
                raise ValueError(f"line {number}: {text!r}")
            self._at += 1
            key, rest = match[1], match[2]
            if key == "<<" and rest and rest.startswith("*"):
                found = {**self._anchors[rest[1:]], **found}
            elif rest is None or rest.startswith("&"):
                found[key] = self.block(indent + 2)
                if rest:
                    self._anchors[rest[1:]] = found[key]
            else:
                found[key] = _scalar(rest, number)
        return found


def _scalar(text: str, number: int) -> Any:
    if text.startswith(("[", '"')):
        return json.loads(text)
    if text in {"true", "false"}:
        return text == "true"
    if text.isdigit():
        return int(text)
    if ": " in text or text.endswith(":") or not _PLAIN.fullmatch(text):
        raise ValueError(f"line {number}: {text!r}")
    return text
