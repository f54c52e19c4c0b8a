"""``python -m tests.gauntlet [NAME…] [--seed N] [--share X]``: long forms, to docs/gauntlet.md."""

from __future__ import annotations

import sys

import tests.gauntlet
from tests.bench.longform import main
from tests.bench.report import PAGE

OPENING = """\
# The gauntlet

*Every reading committed by the gateway is in the database exactly once, or its loss is on record
with its reason.* Made by `make gauntlet`, with real programs: what was done to them, and what came
of it. `make test` runs short forms. A promise that was not kept says so here.
"""

if __name__ == "__main__":
    sys.exit(main(tests.gauntlet, PAGE.with_name("gauntlet.md"), OPENING))
