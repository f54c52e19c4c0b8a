"""umodbus: routes by unit, function and address; one client at a time."""

from __future__ import annotations

import sys
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import serial
from umodbus.server.serial import get_server as get_serial_server
from umodbus.server.serial.rtu import RTUServer
from umodbus.server.tcp import RequestHandler, get_server

from tests.parts.modbus_image import read_image


def main(image: str, where: str) -> None:
    """Serve until killed."""
    memory = read_image(Path(image))
    wire, _, port = where.partition(":")
    server: Any
    if wire == "tcp":
        TCPServer.allow_reuse_address = True
        server = get_server(TCPServer, ("127.0.0.1", int(port)), RequestHandler)
    else:
        server = get_serial_server(RTUServer, serial.Serial(port, 19200))
        server.serial_port.inter_byte_timeout = 0.01  # a pty may pause longer than a wire would

    def route(table: str, reads: int, writes: list[int]) -> None:
        def read(slave_id: int, function_code: int, address: int) -> int:
            return memory[slave_id][table][address]

        def write(slave_id: int, function_code: int, address: int, value: int) -> None:
            memory[slave_id][table][address] = value

        addresses = set(memory[1][table])
        server.route(slave_ids=memory, function_codes=[reads], addresses=addresses)(read)
        server.route(slave_ids=memory, function_codes=writes, addresses=addresses)(write)

    route("coil", 1, [5, 15])
    route("discrete", 2, [])
    route("holding", 3, [6, 16])
    route("input", 4, [])
    server.serve_forever(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
