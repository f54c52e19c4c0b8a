"""What people write about a command, and the request that a value of it becomes.

``write`` chooses the function. One bit, or one byte of a register that two values share, is changed
by the device itself (mask write, function 22): to read the register, change it here and write it
back would undo whatever the device changed in between.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal

from drivers.modbus.frame import pdu
from drivers.modbus.frame.pdu import Question, Table
from drivers.modbus.map.codec import registers_decoder
from drivers.modbus.map.encoding import encode, number_for
from drivers.modbus.map.layout import LAYOUT, WORDS, Order, Type
from drivers.modbus.map.places import place_table, placed
from drivers.modbus.map.rows import Encoding, Register, Traits, check_length, completed_order
from gateway.driver import Bad, Value
from gateway.units import Between

_HALVES: frozenset[Type] = frozenset({"int8h", "int8l", "uint8h", "uint8l"})
_NO_NUMBERS: frozenset[Type] = frozenset({"string", "datetime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A command's target: where its value is written, and how.

    The value written is (asked - ``offset``) / ``scale``. ``write`` chooses the function:
    ``single`` 5 or 6, ``multiple`` 15 or 16, ``mask`` 22 for one ``bit`` or one byte of a register,
    ``exchange`` 23, which reads the ``read_back`` point by the same request. Left out: ``mask``
    where the value does not fill its register, ``single`` where it fits one, else ``multiple``.
    ``broadcast`` tells every unit of a serial bus at once; none of them answers.
    """

    table: Literal["coil", "holding"] | None = None
    address: int | str
    type: Type | None = None
    order: Order | None = None
    bit: Annotated[int, Between(0, 15)] | None = None
    length: int | None = None
    encoding: Encoding = "utf-8"
    scale: float = 1.0
    offset: float = 0.0
    write: Literal["single", "multiple", "mask", "exchange"] | None = None
    broadcast: bool = False

    @property
    def kind(self) -> Type:
        """The type, where it is left out as well."""
        coil = place_table(self.table, self.address) == "coil"
        return self.type or ("bool" if coil or self.bit is not None else "uint16")

    @property
    def words(self) -> int:
        """How many registers the value takes."""
        return self.length or 1 if self.kind == "string" else WORDS[self.kind]

    @property
    def place(self) -> tuple[Table, int]:
        """Table and 0-based address of a completed row."""
        if self.table is None or isinstance(self.address, str):
            raise TypeError("the row is not completed")
        return self.table, self.address

    def complete(self, traits: Traits) -> Setting:
        """This row with the profile's defaults filled in, checked; raises ValueError."""
        table, address = placed(self.table, self.address, traits.address_base)
        if table not in {"coil", "holding"}:
            raise ValueError(f"a command cannot write the {table} table: only coil and holding")
        if self.scale == 0:
            raise ValueError("scale 0 would lose the value")
        kind, words = self.kind, self.words
        check_length(kind, self.length)
        if address + words > 65536:
            raise ValueError(f"a {kind} at address {address} goes past 65535")
        if (self.scale, self.offset) != (1.0, 0.0) and kind in _NO_NUMBERS:
            raise ValueError(f"scale and offset are for numbers, not for a {kind}")
        order = self.order
        if table == "coil":
            if self.write in {"mask", "exchange"}:
                raise ValueError('write: a coil is one bit, written with "single" or "multiple"')
            if kind != "bool" or order or self.bit is not None:
                raise ValueError("a coil is one bit: it takes no type, order or bit")
        else:
            order = completed_order(kind, order, traits)
            self._check_write(kind, words)
        part = self.bit is not None or kind in _HALVES
        write = self.write or ("mask" if part else "single" if words == 1 else "multiple")
        return replace(
            self,
            table="coil" if table == "coil" else "holding",
            address=address,
            type=kind,
            order=order,
            write=write,
        )

    def _check_write(self, kind: Type, words: int) -> None:
        if self.write == "single" and words > 1:
            raise ValueError(f'a {kind} takes {words} registers: write = "multiple"')
        if self.write == "mask" and self.bit is None and kind not in _HALVES:
            raise ValueError('write = "mask" sets one bit of a register: say which with bit')
        if self.bit is not None and self.write not in {None, "mask"}:
            raise ValueError('one bit of a register is written with write = "mask"')
        if self.bit is not None and kind not in {"bool", "uint16"}:
            raise ValueError(f"bit picks from one register, not from a {kind}")
        most = pdu.MAX_EXCHANGE_WRITE if self.write == "exchange" else pdu.MAX_WRITE_REGISTERS
        if words > most:
            raise ValueError(f"length: one request writes at most {most} registers")
        if self.broadcast and self.write == "exchange":
            raise ValueError("broadcast: an exchange asks for an answer, and nobody gives one")

    def linked(self, row: Register | None) -> Setting:
        """This completed row, knowing the one it is read back from; raises ValueError."""
        if self.write != "exchange":
            return self
        if row is None:
            raise ValueError("write: an exchange reads what read_back names, so it needs one")
        if row.place[0] != "holding":
            raise ValueError(f"read_back: an exchange reads holding registers, not {row.place[0]}")
        if row.exponent is not None and not row.exponent.near:
            raise ValueError("read_back: one request cannot hold this point and its exponent")
        known = {field.name: getattr(self, field.name) for field in fields(Setting)}
        return Exchange(**known, shown=row)

    def nearest(self, value: Value) -> Value:
        """What a device holds that was told this value: as its register rounds it, or cuts it off.

        Raises:
            ValueError: no register of this type can hold it; the text says why.
        """
        if self.table == "coil" or self.bit is not None:
            return number_for("bool", value) == 1
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} does not fit {self.kind}")
        row = Register(
            table="holding",
            address=0,
            type=self.type,
            order=self.order,
            length=self.length,
            encoding=self.encoding,
        )
        (held,) = registers_decoder(0, self.words, [row])(self._data(value))
        if isinstance(held, Bad) or not isinstance(held, int | float | str):
            raise ValueError(f"{value} does not fit {self.kind}")  # noqa: TRY004 - the user's value
        return held if isinstance(held, str) else held * self.scale + self.offset

    def question(self, value: Value) -> Question:
        """The request that writes a value; ValueError if it does not fit."""
        address = self.place[1]
        if self.table == "coil":
            on = number_for("bool", value) == 1
            single = self.write == "single"
            return pdu.write_coil(address, on=on) if single else pdu.write_coils(address, (on,))
        if self.write == "mask":
            return self._mask(address, value)
        data = self._data(value)
        if self.write == "single":
            return pdu.write_register(address, data)
        return pdu.write_registers(address, data)

    def _data(self, value: Value) -> bytes:
        """The bytes of a value's registers; ValueError if it does not fit."""
        if (self.scale, self.offset) == (1.0, 0.0) or isinstance(value, str):
            return encode(self, value)
        try:
            return encode(self, (value - self.offset) / self.scale)
        except ValueError:
            raise ValueError(f"{value} does not fit {self.kind}") from None

    def _mask(self, address: int, value: Value) -> Question:
        """Function 22: the bits that are this value's, and what they become."""
        half = 0xFF00 if self.kind.endswith("h") else 0x00FF
        ours = half if self.bit is None else 1 << self.bit
        if self.order is not None and LAYOUT[self.order][0]:
            ours = int.from_bytes(struct.pack("<H", ours), "big")
        if self.bit is None:
            put = int.from_bytes(self._data(value), "big")
        else:
            put = ours * int(number_for("bool", value))
        return pdu.mask_register(address, 0xFFFF ^ ours, put)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Setting):
    """A setting written by function 23, and the row that the same request reads."""

    shown: Register

    def question(self, value: Value) -> Question:
        """The request that writes a value and reads the row; ValueError if it does not fit."""
        start, end = self.shown.span
        data = self._data(value)
        return pdu.exchange_registers(start, end - start, self.place[1], data)
