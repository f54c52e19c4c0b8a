"""Logs: one line an event on stderr, for people on a terminal, JSON for everything else.

structlog looks for rich and loads it whenever it is installed, to print prettier tracebacks. That
would cost the daemon 60 ms of its start (four times that on a Pi) and 5 MB for nothing, so rich is
hidden while structlog is imported. Import this module before anything that imports structlog.

Where stderr goes may be full or gone; a line that cannot be written is lost, and nothing else.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

_hidden = "rich" not in sys.modules
if _hidden:
    sys.modules["rich"] = None  # type: ignore[assignment]  # what Python calls "not importable"
import structlog  # noqa: E402

if _hidden:
    del sys.modules["rich"]

import orjson  # noqa: E402

__all__ = ["get_logger"]

get_logger = structlog.get_logger


def _json(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _render(logger: object, name: str, event: Any) -> str:  # noqa: ANN401  # structlog's event
    """Chosen at every line, so that a redirected stderr changes the form with it."""
    render = _console if sys.stderr.isatty() else _machine
    return str(render(logger, name, event))


class _Lines:
    """Writes finished lines to whatever stderr is now."""

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    log = debug = info = warn = warning = error = err = critical = fatal = exception = failure = msg


_console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
_machine = structlog.processors.JSONRenderer(serializer=_json)

if not structlog.is_configured():
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _render,
        ],
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )
