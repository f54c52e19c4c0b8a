"""``python -m tests.proof [NAME…] [--inputs N] [--seed S]``: the long forms, to docs/proofs.md.

Names: ``roundtrips``, ``fuzz``, ``coverage``; all of them if none is given. A run that finds
something ends there, with the input in the message, and writes nothing.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.report import PAGE, Table, write
from tests.proof.roundtrips import EACH, PROPERTIES, check
from tests.proof.streams import Tally
from tests.proof.targets import TARGETS, memory, run

ROOT = Path(__file__).resolve().parents[2]
PROOFS = PAGE.with_name("proofs.md")
OPENING = """\
# Proofs

What was tried on the Modbus core, how often, and what came of it; made by `make proofs`. `make
test` runs the same functions for a few seconds. A figure that falls short says so.
"""
BATCH = 2000  # examples or inputs between two words of progress
MOST_GROWTH = 16 * 2**20  # bytes of memory a fuzzer's run may keep, after its first batch

# Shares of the inputs, in hundredths: more where there is more to get wrong.
SHARES = dict(zip(PROPERTIES, (30, 20, 30, 10, 6, 4), strict=True))
FUZZED = {
    "reader": 15,
    "mbap_reader": 15,
    "answers": 15,
    "identifications": 10,
    "turns": 20,
    "late": 13,
    "wires": 10,
    "shared": 2,
}


def roundtrips(count: int, seed: int) -> Table:
    """Hypothesis: values into registers and back."""
    rows, total = [], 0
    for name, share in SHARES.items():
        began, done, batch = time.monotonic(), 0, 0
        while done < count * share // 100:
            done += check(name, BATCH, seed + batch)
            batch += 1
            progress(f"{name}: {done}")
        total += done
        rows.append((name, f"{done:,}", str(batch), f"{time.monotonic() - began:.0f} s", "0"))
    rows.append(("together", f"{total:,}", "", "", f"0 (bound: 0 in {count:,})"))
    says = (
        f"Values drawn by hypothesis, {EACH} an example, {BATCH} examples a seed, the first seed "
        f"{seed}. Against plain arithmetic means: against a decoder written by other means."
    )
    head = ("what must hold", "round trips", "seeds", "took", "failures")
    return Table("Round trips", says, head, rows)


def fuzz(count: int, seed: int) -> Table:
    """Our own seeded generator: conversations, spoilt."""
    rows, total = [], 0
    for name, share in FUZZED.items():
        began, done, batch, tally = time.monotonic(), 0, 0, Tally()
        kept = 0
        while done < count * share // 100:
            tally += run(name, BATCH, seed + batch)
            kept = kept or memory()
            done, batch = done + BATCH, batch + 1
            progress(f"{name}: {done}")
        grown = memory() - kept
        assert grown < MOST_GROWTH, f"{name} keeps {grown} bytes"
        total += done
        found = ", ".join(f"{what} {times:,}" for what, times in sorted(tally.items()))
        took = f"{time.monotonic() - began:.0f} s"
        rows.append((name, f"{done:,}", found, f"{grown / 2**20:.1f} MB", took, "0"))
    rows.append(("together", f"{total:,}", "", "", "", f"0 (bound: 0 in {count:,})"))
    says = (
        "Valid conversations with flipped bits, cuts, insertions, repetitions, other units, stale "
        "transactions, echoes and frames of others, in any pieces; seeds from "
        f"{seed} on. A failure is an undeclared exception, more than 5 s for an input, more than "
        f"{MOST_GROWTH >> 20} MB kept, or a value for which no whole frame was there by an "
        "independent check (and pymodbus's framer)."
    )
    head = ("target", "inputs", "what came of it", "memory kept", "took", "failures")
    return Table("Fuzzed frames and streams", says, head, rows)


def coverage(count: int, seed: int) -> Table:
    """Atheris: inputs grown by what they reach, a tenth of the count."""
    if platform.machine() != "x86_64":
        raise SystemExit("coverage: atheris has wheels for x86_64 only; roundtrips and fuzz run")
    rows = []
    for name in TARGETS:
        runs = count // 10 // len(TARGETS)
        progress(f"{name}: {runs} by coverage")
        command = [sys.executable, "-m", "tests.proof.coverage", name]
        options = [f"-runs={runs}", f"-seed={seed}", "-max_len=200", "-timeout=5"]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [*command, *options, f"-artifact_prefix={folder}/"],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-4000:])
        reached = re.findall(r"#(\d+)\s+DONE\s+cov: (\d+)", done.stderr)
        inputs, edges = reached[-1]
        rows.append((name, f"{int(inputs):,}", edges, "0"))
    head = ("target", "inputs", "edges of the drivers reached", "failures")
    says = f"The same targets with inputs that atheris grows by coverage, seed {seed}."
    return Table("Fuzzed by coverage", says, head, rows)


def progress(text: str) -> None:
    """A word on how far it is."""
    sys.stderr.write(f"\r\033[K{text}" if sys.stderr.isatty() else f"{text}\n")
    sys.stderr.flush()


PROOFS_BY_NAME: dict[str, Callable[[int, int], Table]] = {
    "roundtrips": roundtrips,
    "fuzz": fuzz,
    "coverage": coverage,
}


def main() -> None:
    """Run the named proofs, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROOFS_BY_NAME))
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    unknown = set(given.names) - set(PROOFS_BY_NAME)
    if unknown:
        parser.error(f"no proof {', '.join(sorted(unknown))}")
    for name in given.names or PROOFS_BY_NAME:
        table = PROOFS_BY_NAME[name](given.inputs, given.seed)
        write(name, table, page=PROOFS, opening=OPENING, command="python -m tests.proof")
        sys.stdout.write(table.markdown() + "\n")


if __name__ == "__main__":
    main()
