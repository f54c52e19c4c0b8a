"""What a run of the gauntlet comes to, and a word on the way there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.report import Table


@dataclass(frozen=True, slots=True)
class Verdict:
    """The table for docs/gauntlet.md, and every promise that was not kept, in words."""

    table: Table
    broken: Sequence[str] = ()


def progress(text: str) -> None:
    """A word on how far it is."""
    sys.stderr.write(f"\r\033[K{text}" if sys.stderr.isatty() else f"{text}\n")
    sys.stderr.flush()
