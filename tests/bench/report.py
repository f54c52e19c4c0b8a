"""docs/benchmarks.md: one section a bench, each replaced by the run that measured it anew.

A section carries its own date, machine and command, so that a figure is never older than it says.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
OPENING = """\
# Benchmarks

Made by `make bench`. Absolute times on a shared machine mean little: read the ratios, and the
bounds beside the figures. A figure that falls short says so.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """What a bench found: a title, what was done in a sentence or two, and rows under a head."""

    title: str
    says: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {self.title}\n\n{self.says}\n\n{table}\n"


def machine() -> str:
    """Processor, cores, memory and Python in one line, without a host's name."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", info, re.MULTILINE)
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = model[1] if model else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {gib:.0f} GiB, Python {platform.python_version()}"


def write(
    name: str,
    table: Table,
    page: Path = PAGE,
    opening: str = OPENING,
    command: str = "python -m tests.bench",
) -> None:
    """Put a bench's section into the page, in place of its last one."""
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    body = f"{table.markdown()}\n*{when} · {machine()} · `{command} {name}`*\n"
    section = f"<!-- {name} -->\n{body}<!-- /{name} -->\n"
    text = page.read_text() if page.exists() else opening
    old = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->\n", re.DOTALL)
    text = old.sub(lambda _: section, text) if old.search(text) else f"{text}\n{section}"
    page.write_text(text)
