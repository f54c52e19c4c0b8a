"""``python -m tests.detection [NAME…] [--seed N] [--share X]``: the tables of docs/detection.md."""

from __future__ import annotations

import sys

import tests.detection
from tests.bench.longform import main
from tests.bench.report import PAGE

OPENING = """\
# What is found, and what is not

Made by `make detection`: recordings of simulated districts with labels of every fault in them, and
published data of real ones, through the same engine that runs at the edge. A bound that was not
kept says so here.
"""

if __name__ == "__main__":
    sys.exit(main(tests.detection, PAGE.with_name("detection.md"), OPENING))
