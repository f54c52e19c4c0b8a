"""What systemd is told: ready, alive, stopping (sd_notify(3), Type=notify).

Without a ``NOTIFY_SOCKET`` in the environment there is nobody to tell, and nothing happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence

from gateway.log import get_logger

log = get_logger()

#: Seconds between two looks where systemd sets no pace.
LOOK = 10.0


class Notifier:
    """Sends datagrams to the service manager; a lost one is not worth a daemon."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        #: Seconds between signs of life, half of what the unit's WatchdogSec allows; None without.
        self.watchdog: float | None = None
        if environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid()):
            allowed = environ.get("WATCHDOG_USEC", "")
            if allowed.isdecimal() and int(allowed) > 0:
                self.watchdog = int(allowed) / 2_000_000

    def ready(self) -> None:
        """The first polls are under way."""
        self._tell("READY=1")

    def alive(self) -> None:
        """Every task keeps its promises."""
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._tell(f"STATUS={text}")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto(text.encode(), self._address)


async def watch(notifier: Notifier, broken: Callable[[], Sequence[str]], well: str) -> None:
    """Tell systemd that we live, for as long as ``broken()`` names nobody who is stuck.

    ``well`` is the status line of a daemon in which nobody is.
    """
    known: set[str] = set()
    notifier.status(well)
    while True:
        stuck = set(broken())
        for who in sorted(stuck - known):
            log.error("a task is stuck; the watchdog is not fed", task=who)
        for who in sorted(known - stuck):
            log.info("a task moves on again", task=who)
        if stuck != known:
            notifier.status(f"stuck: {', '.join(sorted(stuck))}" if stuck else well)
        known = stuck
        if not stuck:
            notifier.alive()
        await asyncio.sleep(notifier.watchdog or LOOK)
