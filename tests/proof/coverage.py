"""``python -m tests.proof.coverage TARGET [libFuzzer's options]``: inputs grown by coverage.

Atheris watches which lines of the drivers an input reaches and keeps what reaches new ones. It ends
the process itself; an input that breaks a target is printed and left in the working directory.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["drivers.modbus"]):
    from tests.proof.targets import TARGETS


def main() -> None:
    """Fuzz the target named first."""
    hear = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, lambda data: hear(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
