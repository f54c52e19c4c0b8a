"""The driver contract: what a field protocol must offer, and the three ways it may fail.

A driver is a value. It names the types of its own tables (bus options, device keys, profile head,
point rows, command rows: frozen dataclasses, which the configuration room validates and reports
on), plans points into blocks, and opens links. A *link* is one open wire with one owner, its
poller. Nothing here knows Modbus; nothing in the gateway imports a driver by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeAlias

from gateway.model import Bad, Command, Control, Device, Point, Uncertain, Value
from gateway.units import Duration, Size

__all__ = [
    "Bad",
    "BadResponse",
    "Block",
    "Command",
    "Control",
    "Device",
    "Driver",
    "Duration",
    "Link",
    "LinkDown",
    "NoResponse",
    "Point",
    "Raw",
    "Scaled",
    "Size",
    "Symptom",
    "Uncertain",
    "Value",
]


class Scaled(NamedTuple):
    """A raw number and the power of ten that belongs to it; ``invalid`` judges the number alone."""

    raw: float
    exponent: float


Raw: TypeAlias = Value | Uncertain | Scaled | Bad


class Symptom(StrEnum):
    """What a wire can tell about a device that gives no good answer; a diagnosis starts here."""

    SILENT = "silent"  # no byte came
    GARBLED = "garbled"  # bytes came, and nothing among them is whole
    STRANGER = "stranger"  # somebody else answered
    SHARED = "shared"  # two devices answer as this one
    REFUSED = "refused"  # it answers, and only to say no
    UNREACHED = "unreached"  # a gateway, or the endpoint, says that it cannot get there
    MISMATCH = "mismatch"  # it answers well, and is not what its profile describes


class _Unanswered(Exception):
    """A question without a good answer: the text says what happened, ``symptom`` of what kind."""

    usual: Symptom

    def __init__(self, *args: object, symptom: Symptom | None = None) -> None:
        super().__init__(*args)
        self.symptom = symptom or self.usual


class LinkDown(_Unanswered):
    """The wire is gone (refused, reset, unplugged): close, back off, reopen."""

    usual = Symptom.UNREACHED


class NoResponse(_Unanswered):
    """One device stayed silent; its neighbours are fine."""

    usual = Symptom.SILENT


class BadResponse(_Unanswered):
    """A device answered, and the answer cannot be trusted; the text says what was wrong."""

    usual = Symptom.GARBLED


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Points of one device that one request reads; ``request`` is the driver's own."""

    device: Device
    points: tuple[Point, ...]
    request: Any


class Link(Protocol):
    """One open wire. At most ``depth`` calls are under way at once (1 unless it can pipeline)."""

    @property
    def depth(self) -> int:
        """How many calls may overlap."""

    async def read(self, block: Block) -> Sequence[Raw]:
        """Read a block: one raw value or ``Bad`` for each of ``block.points``, in their order.

        Raises:
            NoResponse: the device stayed silent.
            BadResponse: it answered, and the answer cannot be trusted.
            LinkDown: the wire is gone.
        """

    async def write(self, device: Device, control: Control, value: Value) -> None:
        """Write a command's value; raises as ``read`` does."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One way to talk to devices, e.g. ``modbus-rtu``.

    The five types are frozen dataclasses with defaults for what may be left out; ``Duration`` and
    ``Size`` fields accept ``"300ms"`` and ``"4KB"``. A ``device`` type with a ``unit`` field means
    many devices share a bus and ``unit`` tells them apart; one with a ``source`` field, that many
    share it and may even be the same; one with neither means one device a bus.

    A ``point`` type may also offer

    - ``element(i) -> row``: then a row may say ``count``; element 0 is the row itself;
    - a field ``bit``: then it may say ``flags``; a row with a bit is a bool;
    - ``kind`` (or ``type``), saying ``"bool"``, ``"string"``, ``"datetime"`` of what is no number;
    - ``complete(traits) -> row``, to take defaults from the profile's head after rows were repeated
      and split; a ``command`` type may offer it too.

    Each of them, and ``__post_init__`` of all five types, may raise ``ValueError`` with a text for
    the user: the problem is shown at the first key it names, and what follows "; " is its hint.
    """

    name: str
    family: str
    summary: str
    options: type
    device: type
    traits: type
    point: type
    command: type
    plan: Callable[[Device, Sequence[Point]], Sequence[Block]]
    open: Callable[[Any], AbstractAsyncContextManager[Link]]
