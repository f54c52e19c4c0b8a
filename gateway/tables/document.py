"""A TOML file somebody wrote, and the line of every key in it.

``tomllib`` reads the file but forgets where things stood, so a small scanner finds the lines again;
it runs only when there is a problem to report, on text already known to be well-formed. A ``Spot``
is a place in a file, and makes the ``Problem`` that speaks of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gateway.problems import ConfigurationError, Problem
from gateway.tables.lines import Keys, lines_of

#: Files longer than this are refused before they are read: nobody writes 16 MB by hand.
LIMIT = 16_000_000

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_NAMES = re.compile(r"\('[^()]*'\)|\('[^()]*',\)")
_NAME = re.compile(r"'([^']*)'")
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def written(keys: Keys) -> str:
    """A path as people write it: ``device[1].unit``, ``bus."a.b".driver``."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += "." * bool(text) + (key if _BARE.fullmatch(key) else f'"{key}"')
    return text


def printable(text: str) -> str:
    """Text that quotes a file, safe to show: what could move a terminal's cursor is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: ``keys`` lead to it, ``line`` finds the line of any such keys."""

    file: Path
    keys: Keys
    line: Callable[[Keys], int]

    def at(self, *keys: str | int) -> Spot:
        """The place further in."""
        return Spot(self.file, (*self.keys, *keys), self.line)

    def problem(self, problem: str, hint: str = "") -> Problem:
        """What is wrong here."""
        path = printable(written(self.keys))
        line = self.line(self.keys)
        return Problem(str(self.file), line, path, printable(problem), printable(hint))


@dataclass(frozen=True)
class Document:
    """A well-formed TOML file: its content, and where each key of it stands."""

    file: Path
    text: str
    table: Mapping[str, Any]

    @cached_property
    def lines(self) -> Mapping[Keys, int]:
        """The line of each key, table and list item."""
        return lines_of(self.text)

    def line(self, keys: Keys) -> int:
        """The line of those keys, or of the nearest table around them that was written."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    @property
    def spot(self) -> Spot:
        """The file's top."""
        return Spot(self.file, (), self.line)


def read_text(file: Path) -> str:
    """A file as text, whichever way its lines end.

    Raises:
        ConfigurationError: it is missing, unreadable, not UTF-8, or longer than ``LIMIT``.
    """
    try:
        with file.open("rb") as source:
            content = source.read(LIMIT + 1)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise ConfigurationError([Problem(str(file), 0, "", problem)]) from error
    if len(content) > LIMIT:
        problem = f"longer than {LIMIT // 1_000_000} MB"
        raise ConfigurationError(
            [Problem(str(file), 0, "", problem, "split it into several files")]
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"not UTF-8: byte 0x{content[error.start]:02x}"
        hint = "save the file with the encoding UTF-8"
        raise ConfigurationError([Problem(str(file), line, "", problem, hint)]) from error
    return text.replace("\r\n", "\n")


def read_document(file: Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigurationError: as ``read_text``, or it is not TOML.
    """
    text = read_text(file)
    try:
        return Document(file, text, tomllib.loads(text))
    except RecursionError:
        wrong = Problem(str(file), 1, "", "lists or tables are nested too deeply")
    except ValueError as error:
        wrong = _syntax(file, text, str(error))
    raise ConfigurationError([wrong])


def _syntax(file: Path, text: str, message: str) -> Problem:
    place = _PLACE.search(message)
    problem = message[: place.start()] if place else message
    if place and place[1]:
        line, column = int(place[1]), f" at column {place[2]}"
    else:
        line, column = max(1, text.rstrip().count("\n") + 1), ""
    problem = _NAMES.sub(lambda names: written(tuple(_NAME.findall(names[0]))), problem)
    problem = problem[:1].lower() + problem[1:]
    hint = "the key stands there already" if problem == "cannot overwrite a value" else ""
    return Problem(str(file), line, "", f"not TOML: {problem}{column}", hint)
