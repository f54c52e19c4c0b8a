"""A program at a terminal: a person who sees what it writes there, and types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.parts.process import end

_TAKE = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes its standard input the terminal that Ctrl-C comes from, and becomes the program. Tests that
run in the background of a shell have Ctrl-C ignored, and would hand that on."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a program wrote to the terminal, what went past it by stdout, and its exit code."""

    terminal: str
    stdout: str
    code: int


def at_terminal(
    command: Sequence[str], *, waits_for: str = "", types: str = "", patience: float = 30.0
) -> Seen:
    """Run a program with stdin and stderr on a terminal of 90 columns, stdout in a pipe.

    Once ``waits_for`` was written there, ``types`` is typed; the character 3 is Ctrl-C.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE, *command],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "90"},
    )
    os.close(theirs)
    try:
        seen, out, typed = b"", b"", False
        assert process.stdout is not None
        deadline = time.monotonic() + patience
        with process.stdout as pipe:
            open_ends = {ours, pipe.fileno()}
            while open_ends:
                assert time.monotonic() < deadline, seen
                for fd in select.select(list(open_ends), [], [], 0.1)[0]:
                    try:
                        data = os.read(fd, 4096)
                    except OSError:  # a terminal nobody has open any more
                        data = b""
                    if not data:
                        open_ends.discard(fd)
                    elif fd == ours:
                        seen += data
                    else:
                        out += data
                if not typed and waits_for.encode() in seen:
                    typed = True
                    os.write(ours, types.encode())
        code = process.wait(5)
    finally:
        end(process)
    os.close(ours)
    text = _CONTROL.sub("", seen.decode()).replace("\r\n", "\n")
    return Seen(text, out.decode(), code)
