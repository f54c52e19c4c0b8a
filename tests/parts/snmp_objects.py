"""The objects an SNMP agent serves, as net-snmp's ``pass_persist`` asks for them on stdin.

Run by snmpd as ``snmp_objects.py FILE HEARD``. ``FILE`` has one object a line (``oid type value``)
and is read anew for each question; each object asked for is written to ``HEARD``.
"""

from __future__ import annotations

import sys
from pathlib import Path


def serve(file: Path, heard: Path) -> None:
    """Answer until stdin ends."""
    while command := sys.stdin.readline().strip():
        if command == "PING":
            print("PONG", flush=True)
            continue
        oid = sys.stdin.readline().strip()
        with heard.open("a") as log:
            log.write(f"{command} {oid}\n")
        rows = dict(line.split(" ", 1) for line in file.read_text().splitlines())
        found = rows.get(oid.lstrip(".")) if command == "get" else None
        kind, _, value = (found or "").partition(" ")
        print(f"{oid}\n{kind}\n{value}" if found else "NONE", flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
