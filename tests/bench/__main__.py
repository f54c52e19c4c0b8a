"""``python -m tests.bench [NAME…]``: measure, print, and write docs/benchmarks.md.

A bench is a module beside this one with ``measure() -> Table``; its docstring says what it shows.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.bench
from tests.bench.report import Table, write

NOT_BENCHES = {"__main__", "report"}


def main(wanted: list[str]) -> None:
    """Run the named benches, or all of them."""
    names = [m.name for m in pkgutil.iter_modules(tests.bench.__path__)]
    names = [name for name in names if name not in NOT_BENCHES and not name.startswith("_")]
    unknown = set(wanted) - set(names)
    if unknown:
        raise SystemExit(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    for name in wanted or names:
        sys.stderr.write(f"bench: {name}\n")
        table: Table = importlib.import_module(f"tests.bench.{name}").measure()
        write(name, table)
        sys.stdout.write(table.markdown() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
