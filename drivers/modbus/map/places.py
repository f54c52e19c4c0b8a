"""Where a register stands: a table and an address, as numbers or as printed maps have it.

Printed maps count from one and put the table's digit before the address: ``"40001"`` is holding
register 0, ``"30013"`` input register 12; with six digits all 65536 of a table can be named.
"""

from __future__ import annotations

from drivers.modbus.frame.pdu import Table

_PRINTED_TABLE: dict[str, Table] = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}
_PRINTED_DIGIT: dict[Table, str] = {table: digit for digit, table in _PRINTED_TABLE.items()}


def place_table(table: Table | None, address: int | str) -> Table:
    """The table a row means, by name or by the first digit of its printed address."""
    if isinstance(address, str):
        _check_printed(address)
        printed = _PRINTED_TABLE[address[0]]
        if table is not None and table != printed:
            raise ValueError(f'address "{address}" lies in the {printed} table, not in {table}')
        return printed
    if table is None:
        raise ValueError('table is missing: "coil", "discrete", "input" or "holding"')
    return table


def placed(table: Table | None, address: int | str, base: int) -> tuple[Table, int]:
    """Table and 0-based address of a row, checked against 65535."""
    table = place_table(table, address)
    number = int(address[1:]) - 1 if isinstance(address, str) else address - base
    if number < 0:
        first = f"{_PRINTED_DIGIT[table]}0001" if isinstance(address, str) else base
        raise ValueError(f"address {address} lies before the first, {first}")
    if number > 65535:
        raise ValueError(f"address {address} goes past 65535")
    return table, number


def moved(address: int | str, by: int) -> int | str:
    """The address ``by`` registers further on, written in the same way."""
    if isinstance(address, str):
        _check_printed(address)
        return f"{address[0]}{int(address[1:]) + by:05d}"
    return address + by


def _check_printed(address: str) -> None:
    if not (address.isascii() and address.isdigit() and len(address) in {5, 6}):
        raise ValueError(f'address "{address}": write a number, or a text like "40001" or "400001"')
    if address[0] not in _PRINTED_TABLE:
        raise ValueError(
            f'address "{address}": the first digit is 0 (coil), 1 (discrete), 3 (input) or '
            "4 (holding)"
        )
