"""pymodbus as it comes: the other tests' server (``tests.parts.modbus_servers``) is made tamer."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusSerialServer, ModbusTcpServer

from tests.parts.modbus_servers import pymodbus_devices


async def main(where: str) -> None:
    """Serve until killed."""
    wire, _, port = where.partition(":")
    identity = ModbusDeviceIdentification(  # type: ignore[no-untyped-call]
        info_name={"VendorName": "ACME", "ProductCode": "M1", "MajorMinorRevision": "3"}
    )
    server: Any
    if wire == "tcp":
        address = ("127.0.0.1", int(port))
        server = ModbusTcpServer(pymodbus_devices(), address=address, identity=identity)
    else:
        server = ModbusSerialServer(
            pymodbus_devices(), port=port, baudrate=19200, identity=identity
        )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[2]))
