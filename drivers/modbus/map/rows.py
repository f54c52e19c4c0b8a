"""What people write about a Modbus device: the profile's head and its points.

Each is a frozen dataclass whose fields are the keys of contracts §4. A row is read as written and
then *completed* with the profile's defaults; only completed rows reach the planner and the codec.
Everything refused here is refused with a text for whoever wrote the row.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeAlias, get_args

from drivers.modbus.frame.pdu import BIT_TABLES, Table
from drivers.modbus.map.layout import BOUNDS, DEFAULT_ORDER, WORDS, End, Order, Type, as_read
from drivers.modbus.map.places import moved, place_table, placed
from gateway.driver import Value
from gateway.units import Between, Duration

Encoding: TypeAlias = Literal["utf-8", "latin-1", "cp437"]

_BIT_FIELDS: frozenset[Type] = frozenset({"uint16", "uint32", "uint64"})
_NO_NUMBERS: frozenset[Type] = frozenset({"bool", "string", "datetime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A register whose content tells this device from others."""

    table: Table | None = None
    address: int | str
    equals: int | str
    type: Type | None = None
    order: Order | None = None
    length: int | None = None

    def register(self, traits: Traits) -> Register:
        """The completed row to read and compare with ``equals``; raises as it does."""
        row = Register(
            table=self.table,
            address=self.address,
            type=self.type,
            order=self.order,
            length=self.length,
        )
        return row.complete(traits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The driver's part of a profile's head: the device's block limits and how it lays out values.

    ``max_gap`` is how many registers (for bits, times sixteen) are worth reading through to save a
    request; 0 reads nothing the profile does not name.
    """

    max_registers: Annotated[int, Between(1, 125)] = 125
    max_bits: Annotated[int, Between(1, 2000)] = 2000
    max_gap: Annotated[int, Between(0, 124)] = 0
    address_base: Literal[0, 1] = 0
    word_order: End = "big"
    byte_order: End = "big"
    identity: tuple[Identity, ...] = ()

    def __post_init__(self) -> None:
        for i, one in enumerate(self.identity):
            try:
                one.register(self).as_read(one.equals)
            except ValueError as error:
                raise ValueError(f"identity[{i}]: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialUnit:
    """A device's own keys on a serial line: who it is, and the patience it needs.

    ``delay`` is the least time between its last frame and the next question to it.
    """

    unit: Annotated[int, Between(1, 247)]
    delay: Annotated[Duration, Between(0, 60)] = 0.0
    timeout: Annotated[Duration, Between(0.01, 60)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkUnit:
    """A device's own keys on TCP, where 0 and 255 also mean the device itself."""

    unit: Annotated[int, Between(0, 255)]
    delay: Annotated[Duration, Between(0, 60)] = 0.0
    timeout: Annotated[Duration, Between(0.01, 60)] | None = None

    def accept(self, command: Any) -> None:  # noqa: ANN401  # a Setting, which stands above this
        """Refuse what no TCP connection can carry; raises ValueError."""
        if command.broadcast:
            raise ValueError(
                "it is a broadcast, and on TCP there is none: unit 0 is the device itself; "
                "use a serial bus, or a profile without this command"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRegister:
    """Where a point's power of ten stands, an int16 as SunSpec's ``sunssf``.

    ``table`` is the point's own where it is left out.
    """

    table: Table | None = None
    address: int | str

    def complete(self, row: Register, traits: Traits) -> Exponent:
        """The register as the exponent of a placed row; raises ValueError."""
        table, start = row.place
        printed = isinstance(self.address, str)
        try:
            own, address = placed(
                self.table or (None if printed else table), self.address, traits.address_base
            )
        except ValueError as wrong:
            raise ValueError(f"scale_register: {wrong}") from None
        if own in BIT_TABLES:
            raise ValueError(f"scale_register is a register, not a {own}")
        end = max(start + row.words, address + 1)
        near = own == table and end - min(start, address) <= traits.max_registers
        order = DEFAULT_ORDER[1, traits.word_order, traits.byte_order]
        return Exponent(table=own, address=address, order=order, near=near)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponent(ScaleRegister):
    """A completed scale register; ``near`` if one request holds it and its point together."""

    order: Order = field(repr=False)
    near: bool = field(repr=False)

    @property
    def row(self) -> Register:
        """The row that reads it."""
        return Register(table=self.table, address=self.address, type="int16", order=self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One point's place and type.

    ``address`` is 0-based (or from the profile's ``address_base``), or a text as printed maps have
    it: ``"40001"`` is holding register 0. ``length`` counts the registers of a string. ``bit`` is
    counted from the least significant bit of the value.
    """

    table: Table | None = None
    address: int | str
    type: Type | None = None
    order: Order | None = None
    bit: int | None = None
    mask: int | None = None
    shift: int = 0
    scale_register: ScaleRegister | None = None
    length: int | None = None
    encoding: Encoding = "utf-8"
    trim: bool = True

    @property
    def exponent(self) -> Exponent | None:
        """The scale register of a completed row."""
        return self.scale_register if isinstance(self.scale_register, Exponent) else None

    @property
    def span(self) -> tuple[int, int]:
        """The addresses that one request must cover to give its value, the second exclusive."""
        start = self.place[1]
        end = start + self.words
        if self.exponent is None or not self.exponent.near:
            return start, end
        address = self.exponent.row.place[1]
        return min(start, address), max(end, address + 1)

    @property
    def kind(self) -> Type:
        """The type, where it is left out as well."""
        bits = place_table(self.table, self.address) in BIT_TABLES
        return self.type or ("bool" if bits or self.bit is not None else "uint16")

    @property
    def words(self) -> int:
        """How many registers (or bits of a bit table) the value takes."""
        return self.length or 1 if self.kind == "string" else WORDS[self.kind]

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The least and the greatest whole number it gives; None if it gives others, or text."""
        if self.bit is not None:
            return 0, 1
        if self.mask is None and not self.shift:
            return BOUNDS.get(self.kind)
        return 0, (self.mask or (1 << 16 * self.words) - 1) >> self.shift

    def as_read(self, value: Value) -> Value:
        """A raw value somebody wrote as this row gives it; ValueError if it never does."""
        return as_read(self.kind, self.bounds, value)

    @property
    def place(self) -> tuple[Table, int]:
        """Table and 0-based address of a completed row."""
        if self.table is None or isinstance(self.address, str):
            raise TypeError("the row is not completed")
        return self.table, self.address

    def element(self, i: int) -> Register:
        """The row of the ``i``-th further value of an array (0 is this one).

        Values follow each other without a gap; of a row with ``bit``, the following bits.
        """
        if self.bit is None:
            return replace(self, address=moved(self.address, i * self.words))
        words, bit = divmod(self.bit + i, 16 * self.words)
        return replace(self, address=moved(self.address, words * self.words), bit=bit)

    def complete(self, traits: Traits) -> Register:
        """This row with the profile's defaults filled in, checked.

        Raises:
            ValueError: the row cannot be read; the text says why.
        """
        table, address = placed(self.table, self.address, traits.address_base)
        kind = self.kind
        check_length(kind, self.length)
        _check_combination(self, table)
        _check_bits(self)
        if address + self.words > 65536:
            raise ValueError(f"a {kind} at address {address} goes past 65535")
        order = self.order
        if table not in BIT_TABLES:
            order = completed_order(kind, order, traits)
        row = replace(self, table=table, address=address, type=kind, order=order)
        if self.scale_register is None:
            return row
        return replace(row, scale_register=self.scale_register.complete(row, traits))


def completed_order(kind: Type, order: Order | None, traits: Traits) -> Order:
    """The byte order of a value: its own, else the profile's; raises if the length is not its."""
    words = 1 if kind == "string" else WORDS[kind]
    if order is None:
        return DEFAULT_ORDER[words, traits.word_order, traits.byte_order]
    if len(order) != 2 * words:
        fitting = ", ".join(o for o in get_args(Order) if len(o) == 2 * words)
        raise ValueError(f"order {order} does not fit a {kind}: use one of {fitting}")
    return order


def check_length(kind: Type, length: int | None) -> None:
    """Only a string has a length, and it needs one; raises ValueError."""
    if kind == "string":
        if length is None or not 1 <= length <= 125:
            raise ValueError("a string needs a length of 1 to 125 registers")
    elif length is not None:
        raise ValueError(f"length is for strings, not for {kind}")


def _check_combination(row: Register, table: Table) -> None:
    if table in BIT_TABLES:
        used = {
            "type": row.kind != "bool",
            "order": row.order,
            "bit": row.bit is not None,
            "mask": row.mask is not None,
            "shift": row.shift,
        }
        for key, is_used in used.items():
            if is_used:
                raise ValueError(f"{key} says nothing here: a {table} is one bit")
    if row.scale_register is not None and (row.bit is not None or row.kind in _NO_NUMBERS):
        what = row.kind if row.bit is None else "single bit"
        raise ValueError(f"scale_register is for numbers, not for a {what}")
    if row.kind != "string" and (row.encoding != "utf-8" or not row.trim):
        raise ValueError(f"encoding and trim are for strings, not for {row.kind}")


def _check_bits(row: Register) -> None:
    kind, width = row.kind, 16 * row.words
    if row.bit is not None:
        if row.mask is not None or row.shift:
            raise ValueError("bit already picks one bit: leave out mask and shift")
        if kind != "bool" and kind not in _BIT_FIELDS:
            raise ValueError(f"bit picks from uint16, uint32 or uint64, not from {kind}")
        if not 0 <= row.bit < width:
            raise ValueError(f"bit is 0 to {width - 1}, not {row.bit}")
    if row.mask is not None or row.shift:
        if kind not in _BIT_FIELDS:
            raise ValueError(f"mask and shift work on uint16, uint32 or uint64, not on {kind}")
        if row.mask is not None and not 0 < row.mask < 1 << width:
            raise ValueError(f"mask must lie within the {width} bits of a {kind}, and not be 0")
        if not 0 <= row.shift < width:
            raise ValueError(f"shift is 0 to {width - 1}, not {row.shift}")
