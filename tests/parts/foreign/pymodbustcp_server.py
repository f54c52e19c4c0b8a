"""pyModbusTCP: one memory for all units, of which a part is said not to exist."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pyModbusTCP.server import DataBank, DeviceIdentification, ModbusServer

from tests.parts.modbus_image import read_image


class Memory(DataBank):  # type: ignore[misc]  # the library has no types
    """The image of unit 1; ``None`` is the library's word for an illegal address."""

    def __init__(self, image: Path) -> None:
        super().__init__()
        self.tables = read_image(image)[1]
        for table, fill in (
            ("coil", self._coils),
            ("discrete", self._d_inputs),
            ("input", self._i_regs),
            ("holding", self._h_regs),
        ):
            for address, value in self.tables[table].items():
                fill[address] = value

    def has(self, table: str, address: int, number: int) -> bool:
        """Whether all of these exist."""
        return all(a in self.tables[table] for a in range(address, address + number))

    def get_coils(self, address: int, number: int = 1, srv_info: Any = None) -> Any:
        there = self.has("coil", address, number)
        return super().get_coils(address, number, srv_info) if there else None

    def get_discrete_inputs(self, address: int, number: int = 1, srv_info: Any = None) -> Any:
        there = self.has("discrete", address, number)
        return super().get_discrete_inputs(address, number, srv_info) if there else None

    def get_input_registers(self, address: int, number: int = 1, srv_info: Any = None) -> Any:
        there = self.has("input", address, number)
        return super().get_input_registers(address, number, srv_info) if there else None

    def get_holding_registers(self, address: int, number: int = 1, srv_info: Any = None) -> Any:
        there = self.has("holding", address, number)
        return super().get_holding_registers(address, number, srv_info) if there else None

    def set_coils(self, address: int, bit_list: Any, srv_info: Any = None) -> Any:
        there = self.has("coil", address, len(bit_list))
        return super().set_coils(address, bit_list, srv_info) if there else None

    def set_holding_registers(self, address: int, word_list: Any, srv_info: Any = None) -> Any:
        there = self.has("holding", address, len(word_list))
        return super().set_holding_registers(address, word_list, srv_info) if there else None


def main(image: str, where: str) -> None:
    """Serve until killed."""
    identity = DeviceIdentification(
        vendor_name=b"ACME", product_code=b"M1", major_minor_revision=b"3"
    )
    port = int(where.removeprefix("tcp:"))
    ModbusServer("127.0.0.1", port, data_bank=Memory(Path(image)), device_id=identity).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
