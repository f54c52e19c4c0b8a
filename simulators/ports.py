"""Ports for simulated devices, so that towns that come to life side by side do not meet on one.

Between a site file that names a port and the device that listens on it other processes may look
for ports, too. So each process takes a stretch of them and hands them out one by one; another
stretch when it is used up; and only where there is none left what it had before. Whose a stretch is
the kernel knows: its number is in the name of an abstract Unix socket, which one process of the
machine can have, and which is free again when that process ends, however it ends.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

from simulators.process import may_listen

FIRST, LAST = 20_000, 32_000
"""Below those that the system gives to clients."""

STRETCH = 100

_marks: list[socket.socket] = []


def free_ports() -> Iterator[int]:
    """Ports on loopback that are free to listen on, without end."""
    return (port for port in _ours if may_listen(port))


def _handed_out() -> Iterator[int]:
    """Every port once, and then those of this process again and again."""
    taken: list[range] = []
    begin = os.getpid()
    stretches = range(FIRST, LAST, STRETCH)
    for step in range(len(stretches)):
        first = stretches[(begin + step) % len(stretches)]
        if _take(first):
            taken.append(range(first, first + STRETCH))
            yield from taken[-1]
    while True:
        for ports in taken or [range(FIRST, LAST)]:
            yield from ports


def _take(stretch: int) -> bool:
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0wayside/ports/{stretch}")
    except OSError:
        mark.close()
        return False
    _marks.append(mark)
    return True


_ours = _handed_out()
