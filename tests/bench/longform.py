"""The command of a folder of long runs: name them, run them, write what came of it to a page.

A run is a module of the folder with ``measure(seed, share) -> Verdict``; ``share`` is how much of
its full length to run, for those who only want to see it work. A promise that was not kept is
printed and ends the command with 1; the page says it too.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from tests.bench.report import Table, write


@dataclass(frozen=True, slots=True)
class Verdict:
    """The table for the page, and every promise that was not kept, in words."""

    table: Table
    broken: Sequence[str] = ()


def progress(text: str) -> None:
    """A word on how far it is."""
    sys.stderr.write(f"\r\033[K{text}" if sys.stderr.isatty() else f"{text}\n")
    sys.stderr.flush()


def runs(package: ModuleType) -> dict[str, ModuleType]:
    """The modules of a folder that have a long form."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    wanted = [name for name in names if not name.startswith(("_", "test_"))]
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in wanted}
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


def told(verdict: Verdict) -> Table:
    """The table, with what was not kept in its text."""
    failures = [f"**Not kept**: {broken}." for broken in verdict.broken]
    return replace(verdict.table, says="\n\n".join([verdict.table.says, *failures]))


def main(package: ModuleType, page: Path, opening: str) -> int:
    """Run the named ones, or all of them."""
    found, command = runs(package), f"python -m {package.__name__}"
    parser = argparse.ArgumentParser(prog=command)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--share", type=float, default=1.0, help="of the full length")
    given = parser.parse_args()
    unknown = set(given.names) - set(found)
    if unknown:
        parser.error(f"no run {', '.join(sorted(unknown))}")
    kept = True
    for name in given.names or found:
        sys.stderr.write(f"{name}, seed {given.seed}\n")
        verdict: Verdict = found[name].measure(given.seed, given.share)
        sys.stdout.write(verdict.table.markdown() + "\n")
        for broken in verdict.broken:
            sys.stderr.write(f"NOT KEPT: {broken}\n")
        kept = kept and not verdict.broken
        if given.share >= 1.0:
            write(name, told(verdict), page, opening, f"{command} --seed {given.seed}")
    return 0 if kept else 1
