"""Numbers nobody else's test uses: ports and networks, for test processes that run side by side.

A number is kept from the moment it is handed out until this process ends, whether anything uses it
yet or not: a port where a test wants nobody to answer must stay dead, and one that a server is to
take again after it was killed must not be taken in between. The kernel keeps the books: each number
is the name of an abstract Unix socket, which only one process of the machine can have, and which
is free again when that process ends, however it ends.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

_kept: list[socket.socket] = []


def reserved(kind: str, numbers: range, fits: Callable[[int], bool] = lambda _: True) -> int:
    """One of the numbers, of which no other process and no earlier call has got one.

    ``fits`` says whether a number that nobody has reserved can be used. Where the search begins
    depends on the process, so that neighbours seldom try the same.
    """
    begin = os.getpid() * 101 + len(_kept)
    for step in range(len(numbers)):
        number = numbers[(begin + step) % len(numbers)]
        mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            mark.bind(f"\0wayside-tests/{kind}/{number}")
        except OSError:
            mark.close()
            continue
        if fits(number):
            _kept.append(mark)
            return number
        mark.close()
    raise AssertionError(f"no {kind} of {numbers} is free")
