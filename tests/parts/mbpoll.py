"""mbpoll, a Modbus master that is not ours and not Python: one read or write, values by address."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from tests.parts.process import program

_VALUE = re.compile(r"^\[(\d+)\]:\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Said:
    """What mbpoll got: values by 0-based address, or the text of its complaint."""

    values: dict[int, float]
    output: str


async def mbpoll(where: int | Path, *words: str, unit: int, baudrate: int = 57_600) -> Said:
    """Run ``mbpoll -0 -1`` against a loopback port or a serial line without parity.

    ``words`` choose the table, the address and the count, ``-t 3 -r 0 -c 5``; a value to write
    comes after the target and is passed with a leading ``=``.
    """
    orders = [word[1:] for word in words if word.startswith("=")]
    options = ["-0", "-1", "-a", str(unit), "-o", "0.5", *(w for w in words if w[0] != "=")]
    if isinstance(where, Path):
        options += ["-m", "rtu", "-b", str(baudrate), "-P", "none", str(where)]
    else:
        options += ["-p", str(where), "127.0.0.1"]
    process = await asyncio.create_subprocess_exec(
        program("mbpoll"),
        *options,
        *orders,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        stdin=asyncio.subprocess.DEVNULL,
    )
    output = (await process.communicate())[0].decode()
    # 32768 as a 16-bit register is printed as "32768 (-32768)"; the first is what was sent.
    return Said({int(a): float(v) for a, v in _VALUE.findall(output)}, output)
