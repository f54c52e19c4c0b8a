"""A command: judged, written, and looked at again, for a person at the line as for the centre.

What the range, the type or the kind of device forbids is refused before anything is sent. A device
that is busy is told again a little later. Then the command's ``read_back`` point is read, before
anything else passes on the bus; if it does not show the value yet, it is looked at a few times
more, for a lamp that fades takes its time. With a ``pulse`` the resting value is written when its
time is over, whatever became of the first write and even if the caller goes away meanwhile: a relay
must not stay on because somebody pressed Ctrl-C.

Nothing of this holds up a bus: pauses are slept between orders, not on the wire.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, TypeVar

from gateway.config.site import Bus
from gateway.diagnosis import finding
from gateway.driver import (
    BadResponse,
    Busy,
    Link,
    LinkDown,
    NoResponse,
    Raw,
    Scaled,
    Symptom,
    Value,
)
from gateway.edge.agenda import LATER
from gateway.edge.orders import Work
from gateway.model import Control, Device, Point
from gateway.values import gather
from gateway.wire.control import Result

T = TypeVar("T")

LOOKS = (0.2, 0.5, 1.0)
"""Seconds before the further looks at what does not show the value yet (an engineering choice:
longer than the fade and the scan cycle of most devices)."""

RESTS = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds before the tries to write a pulse's resting value: it matters more than the pulse did."""

_EXACT = 1e-6  # of a value: what a float32 keeps


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command.

    ``done``; ``refused`` by the gateway or the device, which changed nothing; or ``failed``, and
    then nobody can say whether it was done. ``read_back`` is what the device shows now, if it was
    asked and answered.
    """

    result: Result
    read_back: Value | None = None
    reason: str | None = None


class Access(Protocol):
    """A way to a link: whoever owns it does the work when its turn comes."""

    async def submit(self, work: Work[T]) -> T:
        """Do the work on the open link; what it returned, raising as it does."""


@dataclass(frozen=True, slots=True)
class Alone:
    """Access to a link that nobody else uses."""

    link: Link

    async def submit(self, work: Work[T]) -> T:
        """Do it now."""
        return await work(self.link)


async def command(link: Link, bus: Bus, device: Device, control: Control, value: Value) -> Outcome:
    """Carry out a command on an open link that nobody else uses; never raises for the field."""
    return await order(Alone(link), bus, device, control, value)


async def order(
    access: Access, bus: Bus, device: Device, control: Control, value: Value
) -> Outcome:
    """Carry out a command on a bus that is being polled: ``access`` is its ``Orders``.

    To be cancelled before the bus is closed, so that no pulse is left standing.
    """
    try:
        value = judged(device, control, value)
        job = _Job(access, bus, device, control, value, _nearest(control, value))
    except ValueError as why:
        return Outcome("refused", reason=str(why))
    return await (job.pulse(control.pulse) if control.pulse else job.set(LOOKS))


def judged(device: Device, control: Control, value: Value) -> Value:
    """The value to write: a label of the ``read_back`` point counts as its number.

    Raises:
        ValueError: the device takes no commands, or cannot hold this value; the text says why.
    """
    if device.kind == "signal" and not device.allow_commands:
        raise ValueError("a signal takes no commands unless its [[device]] says allow_commands")
    point = _source(device, control)
    if isinstance(value, str) and point is not None and value in point.codes:
        value = point.codes[value]
    if control.min is not None or control.max is not None:
        _check_range(control, value)
    _nearest(control, value)
    return value


def _check_range(control: Control, value: Value) -> None:
    if isinstance(value, str) or not math.isfinite(value):
        raise ValueError(f"{value} is not a number")
    if control.min is not None and value < control.min:
        raise ValueError(f"{value:g} is below {control.min:g}")
    if control.max is not None and value > control.max:
        raise ValueError(f"{value:g} is above {control.max:g}")


def _nearest(control: Control, value: Value) -> Value:
    """What the device holds when it was told the value; ValueError if it cannot be told."""
    nearest: Callable[[Value], Value] | None = getattr(control.target, "nearest", None)
    return value if nearest is None else nearest(value)


def _source(device: Device, control: Control) -> Point | None:
    """The point a command is read back from, if need be what that one is computed from."""
    name = control.read_back
    source = next((d.source for d in device.derived if d.name == name), name)
    return next((point for point in device.points if point.name == source), None)


@dataclass(slots=True)
class _Job:
    """One command on its way; ``begun`` (loop time) once the device may have heard of it."""

    access: Access
    bus: Bus
    device: Device
    control: Control
    value: Value
    nearest: Value
    begun: float | None = None

    async def set(self, looks: Sequence[float]) -> Outcome:
        """Write, and look until it shows."""
        try:
            outcome = await self._patiently()
        except ValueError as why:
            return Outcome("refused", reason=str(why))
        except (NoResponse, BadResponse, LinkDown) as error:
            refused = isinstance(error, BadResponse) and error.symptom is Symptom.REFUSED
            return Outcome("refused" if refused else "failed", reason=finding(error).text)
        for pause in looks:
            if outcome.result == "done":
                break
            await asyncio.sleep(pause)
            try:
                outcome = await self.access.submit(self._look)
            except LinkDown as down:
                return _unseen(down)
        return outcome

    async def pulse(self, seconds: float) -> Outcome:
        """Write, wait, and write the resting value."""
        clock = asyncio.get_running_loop().time
        try:
            outcome = await self.set(LOOKS[: sum(upto < seconds for upto in accumulate(LOOKS))])
            if self.begun is None:
                return outcome
            if outcome.result == "refused":
                await self._rest(RESTS[:1])  # a device failure may come after the deed
                return outcome
            await asyncio.sleep(self.begun + seconds - clock())
        except asyncio.CancelledError:
            if self.begun is not None:
                await self._rest(RESTS[:3])
            raise
        wrong = await self._rest(RESTS)
        if wrong is None:
            return outcome
        return Outcome("failed", reason=f"the resting value could not be written: {wrong}")

    async def _rest(self, pauses: Sequence[float]) -> str | None:
        """Write the resting value; why not, if that did not work."""
        wrong = ""
        for pause in pauses:
            await asyncio.sleep(pause)
            try:
                await self.access.submit(
                    lambda link: link.write(self.device, self.control, self.control.rest)
                )
            except ValueError as why:
                return str(why)
            except (NoResponse, BadResponse, LinkDown) as error:
                wrong = finding(error).text
            else:
                return None
        return wrong

    async def _patiently(self) -> Outcome:
        """Write and look at once; a busy device is told again."""
        for pause in LATER:
            try:
                return await self.access.submit(self._write)
            except Busy:
                await asyncio.sleep(pause)
        return await self.access.submit(self._write)

    async def _write(self, link: Link) -> Outcome:
        self.begun = self.begun or asyncio.get_running_loop().time()
        return await self._look(link, await link.write(self.device, self.control, self.value))

    async def _look(self, link: Link, raw: Raw | None = None) -> Outcome:
        """What the ``read_back`` point shows; ``raw`` if that came by itself."""
        name, point = self.control.read_back, _source(self.device, self.control)
        if name is None or point is None:
            return Outcome("done")
        (block,) = self.bus.driver.plan(self.device, [point])
        try:
            if raw is None:
                (raw,) = await link.read(block)
        except (NoResponse, BadResponse) as error:
            return _unseen(error)
        shown = gather(self.device, 0, [(block, [raw])])
        if name not in shown.values:
            return _unseen(shown.bad.get(name, "not there"))
        value = shown.values[name]
        if _agrees(point, raw, value, self.nearest):
            return Outcome("done", value)
        return Outcome("failed", value, f"{name} shows {value}, not {self.nearest}")


def _unseen(why: object) -> Outcome:
    return Outcome("failed", reason=f"written, but not read back: {why}")


def _agrees(point: Point, raw: Raw, shown: Value, told: Value) -> bool:
    """Whether what is shown is what was told, as finely as the point can show it."""
    if isinstance(shown, str):
        if isinstance(told, str):
            return shown == told
        shown = point.codes.get(shown, shown)
    if isinstance(told, str) or isinstance(shown, str):
        return str(shown) == str(told)
    return abs(shown - told) < max(_step(point, raw), _EXACT * max(abs(shown), abs(told), _EXACT))


def _step(point: Point, raw: Raw) -> float:
    """What one more of the raw number is worth in engineering units; 0 if that says nothing.

    A device that is told tenths and shows whole numbers may show the number below. A difference of
    a whole step is one.
    """
    following: Raw
    if isinstance(raw, Scaled):
        following = Scaled(raw.raw + 1, raw.exponent)
    elif type(raw) is int:
        following = raw + 1
    else:
        return 0.0
    if point.convert is None:
        return 1.0
    here, there = (point.convert(each) for each in (raw, following))  # type: ignore[arg-type]  # raws
    if isinstance(here, float | int) and isinstance(there, float | int):
        return abs(there - here) * (1 - _EXACT)
    return 0.0
