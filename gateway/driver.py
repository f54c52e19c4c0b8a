"""The driver contract: what a field protocol must offer, and the three ways it may fail.

A driver is a value. It names the types of its own tables (bus options, device keys, profile head,
point rows, command rows: frozen dataclasses, which the configuration room validates and reports
on), plans points into blocks, and opens links. A *link* is one open wire with one owner, its
poller. Nothing here knows Modbus; nothing in the gateway imports a driver by name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeAlias

from gateway.model import Bad, Command, Control, Device, Point, Uncertain, Value
from gateway.units import Duration, Size

__all__ = [
    "Bad",
    "BadResponse",
    "Block",
    "Busy",
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
    "Sighting",
    "Size",
    "Survey",
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


class Busy(BadResponse):
    """A device is well and has no time now: it wants to be asked again in a little while."""

    usual = Symptom.REFUSED


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Points of one device that one request reads; ``request`` is the driver's own.

    It may say for people what it asks for (``asks``), and how many registers or objects (``size``).
    """

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
            Busy: it has no time now.
            BadResponse: it answered, and the answer cannot be trusted.
            LinkDown: the wire is gone.
        """

    async def write(self, device: Device, control: Control, value: Value) -> Raw | None:
        """Write a command's value; raises as ``read`` does.

        Returns the raw value of the command's ``read_back`` point, where writing it brought that.
        A ``BadResponse`` with the symptom ``REFUSED`` says that nothing was written.

        Raises:
            ValueError: the value does not fit the command; nothing was sent.
        """


@dataclass(frozen=True, slots=True)
class Sighting:
    """A unit that was asked during a survey: ``latency`` in seconds, ``None`` if nobody is there.

    ``notes`` say what was odd, for people. Whoever is not ``legible`` says nothing that could be
    read, and need not be asked further.
    """

    unit: int
    latency: float | None = None
    notes: tuple[str, ...] = ()
    legible: bool = True


@dataclass(frozen=True, slots=True)
class Survey:
    """How a driver looks at a bus that nobody has described. None of it writes to a device.

    - ``sweep(link, options, units, patience)`` asks each unit whether it is there and yields a
      sighting of each in turn; one that comes again takes the place of the earlier. A text is about
      the wire as a whole. ``patience`` (seconds a unit) is the driver's choice if ``None``.
      Raises LinkDown.
    - ``says(link, unit)``: what a device says of itself, empty if nothing; ``unit`` is its
      ``Driver.device``. Raises LinkDown.
    - ``fits(link, device)``: whether it is what its profile describes, by whatever the profile
      names to tell it from others; ``None`` if that is nothing. Raises LinkDown.
    """

    sweep: Callable[[Link, Any, Sequence[int], float | None], AsyncIterator[Sighting | str]]
    says: Callable[[Link, Any], Awaitable[str]]
    fits: Callable[[Link, Device], Awaitable[bool | None]]


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
    - ``bounds``, the least and the greatest whole number a completed row gives, ``None`` if it does
      not give whole numbers: then a row may say ``rollover = true``;
    - ``as_read(value) -> value``, a raw value somebody wrote as a completed row gives it;
    - ``complete(traits) -> row``, to take defaults from the profile's head after rows were repeated
      and split; a ``command`` type may offer it too.

    A ``command`` type may also offer

    - ``linked(row) -> row``, given the completed row of its ``read_back`` point, or ``None``;
    - ``nearest(value) -> value``: what a device holds that was told this value, e.g. rounded.

    An ``options`` type may offer ``wired(device, traits) -> traits``: a device's traits as its bus
    makes them, e.g. with what a request costs there. ``plan`` then gets those.

    A ``device`` type may offer ``accept(command)``, to refuse a command that its bus cannot carry.

    Each of them, and ``__post_init__`` of all five types, may raise ``ValueError`` with a text for
    the user: the problem is shown at the first key it names, and what follows "; " is its hint.

    ``survey`` is left out where one bus is one device, or devices cannot be asked for.
    ``verify(link, device)`` says in words how a device differs from what its profile says it is,
    ``None`` if it does not or if the profile says nothing; it raises as ``Link.read`` where that
    cannot be told. ``advice`` is what to try, by symptom, the likeliest first: short orders to
    somebody who stands before the cabinet.
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
    survey: Survey | None = None
    verify: Callable[[Link, Device], Awaitable[str | None]] | None = None
    advice: Mapping[Symptom, tuple[str, ...]] = field(default_factory=dict, hash=False)
