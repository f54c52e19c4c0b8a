"""What is wrong with a file somebody wrote: collected, never thrown one at a time.

A ``Problem`` names the file, the line, the path of the key inside it (``bus.a.driver``,
``device[1].unit``; lists count from zero), what is wrong, and what to write instead. A parser
gathers all of them and raises one ``ConfigurationError``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. ``line`` is 1-based, 0 when the file could not be read at all."""

    file: str
    line: int
    path: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        path = f" {self.path}:" if self.path else ""
        hint = f"\n    → {self.hint}" if self.hint else ""
        return f"{where}:{path} {self.problem}{hint}"


class ConfigurationError(Exception):
    """A file cannot be used; ``problems`` lists every reason, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def suggest(word: str, known: Iterable[str]) -> str:
    """``did you mean "baudrate"?``, or the list of what is known, or nothing."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"known here: {', '.join(choices)}" if choices else ""
