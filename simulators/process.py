"""Child processes of the demo: started apart from the terminal, ended with their block."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from pathlib import Path


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def may_listen(port: int) -> bool:
    """Whether a loopback port is free to listen on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


@contextlib.asynccontextmanager
async def child(
    command: Sequence[str], *, log: Path, output: bool = False
) -> AsyncIterator[Process]:
    """A program in a session of its own, so that Ctrl-C reaches only us and we end it in order.

    Its stderr, and its stdout unless ``output`` asks for a pipe, go to ``log``.
    """
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=DEVNULL,
            stdout=PIPE if output else sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process, patience: float = 5.0) -> None:
    """SIGTERM, and SIGKILL for one that has not gone after ``patience`` seconds."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
