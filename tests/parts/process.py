"""Start a real program for a test, wait until it serves, and end it with the test.

Every part the tests need (a broker, a database, a bus client) is a program found on this machine.
One that is missing fails the test with the command that installs it; nothing is ever skipped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.parts.reserved import reserved


def program(name: str, package: str | None = None) -> str:
    """The path of a program, or a failed test naming the Debian package that brings it."""
    places = [str(Path(sys.executable).parent), "/usr/sbin", "/sbin", os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.fail(f"{name} is missing: run `make test`, or apt-get install {package or name}")
    return found


def free_port() -> int:
    """A TCP and UDP port on loopback that is this process's alone until it ends.

    It lies below those of simulated districts, and of those that the kernel gives to the near end
    of anybody's connection.
    """
    return reserved("port", range(10_000, 20_000), _is_free)


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def serves(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.2):
        return True
    return False


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    port: int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    patience: float = 20.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; its output goes to ``log``.

    With ``port``, waits until it serves there. At the end it gets SIGTERM, and SIGKILL if it has
    not gone five seconds later.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + patience
        while port is not None and not serves(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} does not serve on {port}:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes] | subprocess.Popen[str], patience: float = 5.0) -> None:
    """Stop a program that may be stopped, frozen or gone already."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
