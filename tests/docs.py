"""The references in docs/ that come from the code: ``python -m tests.docs`` writes them anew.

``tests/unit/test_docs.py`` fails when a page no longer says what the code does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import typer
from typer.testing import CliRunner

from gateway import registry
from gateway.cli.commands import app
from gateway.config.reference import render as configuration
from gateway.diagnosis import WORDS
from gateway.driver import Symptom
from gateway.edge.health import FIGURES
from gateway.edge.metrics import FAMILIES

DOCS = Path(__file__).resolve().parent.parent / "docs"
MADE = "<!-- Made from the code by `make docs`; do not edit. -->\n\n"


def spoken(arguments: list[str]) -> str:
    """What ``wayside … --help`` prints, at a width of 96 columns."""
    with mock.patch.dict(os.environ, {"COLUMNS": "98", "TERMINAL_WIDTH": "98"}):
        result = CliRunner().invoke(app, [*arguments, "--help"], prog_name="wayside")
    if result.exit_code:
        raise SystemExit(f"wayside {' '.join(arguments)} --help: {result.output}")
    return result.output.strip()


def command_names(group: typer.Typer, *path: str) -> Iterator[list[str]]:
    """Every command and group, depth first, in the order of the help."""
    for info in group.registered_commands:
        name = info.name or (info.callback.__name__ if info.callback else "")
        yield [*path, name]
    for inner in group.registered_groups:
        if inner.typer_instance and inner.name:
            yield from command_names(inner.typer_instance, *path, inner.name)


def commands() -> str:
    """docs/commands.md."""
    parts = [
        "# Commands\n",
        "Data goes to stdout, logs to stderr. Exit codes: 0 done · 1 failed at run time · 2 usage",
        "or configuration error · 3 a device did not answer as it should · 130 interrupted · 141",
        "the reader of a pipe has left (`… | head`).\n",
        f"```\n{spoken([])}\n```\n",
    ]
    parts += [
        f"## wayside {' '.join(path)}\n\n```\n{spoken(path)}\n```\n" for path in command_names(app)
    ]
    return "\n".join(parts)


def advice() -> str:
    """What to try, by driver and symptom; drivers of one mind stand together."""
    minds: dict[tuple[tuple[Symptom, tuple[str, ...]], ...], list[str]] = {}
    for name, driver in registry.drivers().items():
        mind = tuple((seen, driver.advice[seen]) for seen in Symptom if seen in driver.advice)
        if mind:
            minds.setdefault(mind, []).append(name)
    parts = []
    for mind, names in minds.items():
        parts += [f"### {', '.join(names)}\n", "| it says | try, in this order |", "|---|---|"]
        parts += [f"| {WORDS[seen]} | {'<br>'.join(tries)} |" for seen, tries in mind]
        parts.append("")
    return "\n".join(parts)


def health() -> str:
    """The points of the gateway's own reading, and its metrics."""
    points = [f"| `{name}` | {one.unit} | {one.meaning} |" for name, one in FIGURES.items()]
    metrics = [f"| `{one.name}` | {one.kind} | {one.help} |" for one in FAMILIES]
    return "\n".join(
        [
            "| point | unit | meaning |\n|---|---|---|",
            *points,
            "| `bus_use_NAME` | % | the use of each bus; other marks than a-z, 0-9 become `_` |",
            "\n| metric | type | meaning |\n|---|---|---|",
            *metrics,
        ]
    )


PAGES: dict[str, Callable[[], str]] = {"commands.md": commands, "configuration.md": configuration}
PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "field.md": ("advice", advice),
    "operations.md": ("health", health),
}
NAMES = (*PAGES, *PARTS)


def page(name: str) -> str:
    """The whole text of a page that is generated, or that has a generated part."""
    if name in PAGES:
        return MADE + PAGES[name]().rstrip() + "\n"
    part, made = PARTS[name]
    before, begin, rest = (
        (DOCS / name).read_text().partition(f"<!-- {part}: made by `make docs` -->")
    )
    _, end, after = rest.partition(f"<!-- end of {part} -->")
    return f"{before}{begin}\n\n{made().rstrip()}\n\n{end}{after}"


if __name__ == "__main__":
    for name in NAMES:
        (DOCS / name).write_text(page(name))
        sys.stdout.write(f"docs/{name}\n")
