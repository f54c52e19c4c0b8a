"""modbus-tk: blocks of memory a unit, one thread."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import serial
from modbus_tk import defines, modbus_rtu, modbus_tcp

from tests.parts.modbus_image import read_runs

BLOCKS = {
    "coil": defines.COILS,
    "discrete": defines.DISCRETE_INPUTS,
    "input": defines.ANALOG_INPUTS,
    "holding": defines.HOLDING_REGISTERS,
}


def main(image: str, where: str) -> None:
    """Serve until killed."""
    wire, _, port = where.partition(":")
    server: Any
    if wire == "tcp":
        server = modbus_tcp.TcpServer(port=int(port), address="127.0.0.1")
    else:
        # A pty may pause between the bytes of a frame longer than a wire would.
        server = modbus_rtu.RtuServer(serial.Serial(port, 19200), interchar_multiplier=20)
    for unit, tables in read_runs(Path(image)).items():
        slave = server.add_slave(unit)
        for table, runs in tables.items():
            for start, values in runs:
                name = f"{table}-{start}"
                slave.add_block(name, BLOCKS[table], start, len(values))
                slave.set_values(name, start, values)
    server.start()


if __name__ == "__main__":
    main(*sys.argv[1:])
