"""What every command does alike: speak, load a file, run until it is stopped, and end.

Nothing here needs typer, so that the daemon can start without it (``gateway.cli.daemon``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar

import orjson

T = TypeVar("T")

UNHEARD = 128 + signal.SIGPIPE
"""The exit code when nobody reads on (``| head``): what a shell says of one that SIGPIPE ended."""


def line(text: str, sink: TextIO) -> None:
    """A line, seen at once even through a pipe; the end, without a word, if nobody reads it."""
    try:
        sink.write(text + "\n")
        sink.flush()
    except BrokenPipeError:
        # What is still in the buffer would fail once more when the interpreter flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sink.fileno())
        raise SystemExit(UNHEARD) from None


def say(text: str) -> None:
    """Data for people, on stdout."""
    line(text, sys.stdout)


def say_json(data: object) -> None:
    """One JSON document a line on stdout."""
    say(orjson.dumps(data).decode())


def fail(error: object, code: int) -> NoReturn:
    """Say on stderr what went wrong, and exit."""
    line(str(error), sys.stderr)
    raise SystemExit(code) from None


def rule_settings() -> dict[str, type]:
    """The settings type of every fault code, for the site file's ``[rules.*]`` tables."""
    from gateway.faults.rules import load_rules

    return {code: rule.settings for code, rule in load_rules().items()}


def site_of(path: Path) -> Any:  # noqa: ANN401  # Site, whose module loads only when needed
    """The loaded site file; ``main`` tells what is wrong with one that cannot be."""
    from gateway.config import load_site

    return load_site(path, rule_settings())


def centre_of(path: Path) -> Any:  # noqa: ANN401  # Centre, whose module loads only when needed
    """The loaded centre file, likewise."""
    from gateway.config import load_centre

    return load_centre(path)


def until_stopped(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], then: Callable[[T], object] = id
) -> None:
    """Run ``work(stop)`` on the fastest loop there is, ``then`` tell what came of it.

    SIGINT and SIGTERM set ``stop``; the work ends as cleanly after either, but SIGINT makes the
    exit code 130.
    """
    interrupted = False

    async def supervised() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            stop.set()

        loop.add_signal_handler(signal.SIGINT, interrupt)
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        return await work(stop)

    with asyncio.Runner(loop_factory=fastest_loop()) as runner:
        then(runner.run(supervised()))
    if interrupted:
        raise KeyboardInterrupt


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work returns; ``None`` where it was cancelled because ``stop`` was set first."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
    return None if task.cancelled() else task.result()


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, or the standard one where it has no wheel (armv7l)."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop
