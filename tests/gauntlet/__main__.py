"""``python -m tests.gauntlet [NAME…] [--seed N] [--share X]``: long forms, to docs/gauntlet.md.

A run of the gauntlet is a module beside this one with ``measure(seed, share) -> Verdict``;
``share`` is how much of its full length to run, for those who only want to see it work. A promise
that was not kept is printed and ends the command with 1; the page says it too.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import secrets
import sys
from dataclasses import replace

import tests.gauntlet
from tests.bench.report import PAGE, Table, write
from tests.gauntlet.verdict import Verdict

RESULTS = PAGE.with_name("gauntlet.md")
OPENING = """\
# The gauntlet

*Every reading committed by the gateway is in the database exactly once, or its loss is on record
with its reason.* Made by `make gauntlet`, with real programs: what was done to them, and what came
of it. `make test` runs short forms. A promise that was not kept says so here.
"""


def runs() -> list[str]:
    """The modules that have a long form."""
    names = [module.name for module in pkgutil.iter_modules(tests.gauntlet.__path__)]
    folder = tests.gauntlet.__name__
    found = [name for name in names if not name.startswith(("_", "test_"))]
    return [n for n in found if hasattr(importlib.import_module(f"{folder}.{n}"), "measure")]


def told(verdict: Verdict) -> Table:
    """The table, with what was not kept in its text."""
    failures = [f"**Not kept**: {broken}." for broken in verdict.broken]
    return replace(verdict.table, says="\n\n".join([verdict.table.says, *failures]))


def main() -> int:
    """Run the named ones, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.gauntlet")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(runs()))
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--share", type=float, default=1.0, help="of the full length")
    given = parser.parse_args()
    unknown = set(given.names) - set(runs())
    if unknown:
        parser.error(f"no run {', '.join(sorted(unknown))}")
    kept = True
    for name in given.names or runs():
        sys.stderr.write(f"gauntlet: {name}, seed {given.seed}\n")
        module = importlib.import_module(f"tests.gauntlet.{name}")
        verdict: Verdict = module.measure(given.seed, given.share)
        sys.stdout.write(verdict.table.markdown() + "\n")
        for broken in verdict.broken:
            sys.stderr.write(f"NOT KEPT: {broken}\n")
        kept = kept and not verdict.broken
        if given.share >= 1.0:
            command = f"python -m tests.gauntlet --seed {given.seed}"
            write(name, told(verdict), page=RESULTS, opening=OPENING, command=command)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
