"""A command from the command line: what ``wayside write`` sends, and what it asks before.

The words a person writes become the value here; judging, writing and reading back are the same as
for a command from the centre (``gateway.edge.commanding``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.config.site import Bus, Site
from gateway.driver import LinkDown
from gateway.edge.commanding import Outcome, command, judged
from gateway.edge.lock import holder
from gateway.field.read import examine, shown_value
from gateway.model import Control, Device, Value
from gateway.problems import ConfigurationError, Problem, suggest

_TRUTH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


class Forbidden(Exception):
    """What the device, its kind or the command's range forbids; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command a person means to give."""

    bus: Bus
    device: Device
    control: Control
    value: Value


def order(site: Site, device_id: str, name: str, text: str) -> Order:
    """The command of these words.

    Raises:
        ConfigurationError: the site has no such device, or the device no such command.
        Forbidden: the device does not take it, or not this value.
    """
    device = next((each for each in site.devices if each.id == device_id), None)
    if device is None:
        hint = suggest(device_id, [each.id for each in site.devices])
        raise ConfigurationError([Problem(device_id, 0, "", "no device has this id", hint)])
    control = device.controls.get(name)
    if control is None:
        problem = f"{device_id} takes no such command"
        hint = suggest(name, device.controls) or f"its profile {device.profile} has none"
        raise ConfigurationError([Problem(name, 0, "", problem, hint)])
    return Order(site.buses[device.bus], device, control, _value(device, control, text))


def _value(device: Device, control: Control, text: str) -> Value:
    """The first meaning of a word that the command takes."""
    nearest: Callable[[Value], Value] | None = getattr(control.target, "nearest", None)
    wrong = ""
    for meant in _meanings(device, control, text):
        try:
            value = judged(device, control, meant)
            if nearest is not None:
                nearest(value)
        except ValueError as error:
            wrong = wrong or str(error)
        else:
            return value
    raise Forbidden(wrong)


def _meanings(device: Device, control: Control, text: str) -> Iterator[Value]:
    """A label of the point that shows it, yes or no, a number, or just text."""
    if getattr(control.target, "kind", None) == "string":
        yield text
        return
    labels = {
        label for point in device.points if point.name == control.read_back for label in point.codes
    }
    if text in labels:
        yield text
    if text.casefold() in _TRUTH:
        yield _TRUTH[text.casefold()]
    for number in (int, float):
        try:
            yield number(text)
        except ValueError:
            continue
    yield text


async def carry_out(site: Site, what: Order) -> Outcome:
    """Give the command, on a wire of our own.

    Raises:
        LinkDown: the wire cannot be opened; the text says who may be holding it.
    """
    bus = what.bus
    try:
        async with bus.driver.open(bus.options) as link:
            return await command(link, bus, what.device, what.control, what.value)
    except LinkDown as down:
        process = holder(site.gateway.data_dir)
        if process is None:
            raise
        raise LinkDown(
            f"{down}; wayside run (process {process}) works on this site and keeps its serial "
            "ports to itself: stop it first"
        ) from None


async def question(site: Site, what: Order) -> str:
    """What a person should know before saying yes; the device is asked what it shows now."""
    device, control = what.device, what.control
    lines = [
        f"{device.id}  {device.profile}, bus {device.bus}",
        f"  {control.name}: {amount(what.value, control.unit)}{_allowed(control)}{_pulse(control)}",
    ]
    if getattr(control.target, "broadcast", False):
        lines.append("  every device on this bus will obey, not only this one")
    if control.read_back is not None:
        lines.append(f"  {control.read_back} now: {await _now(site, device, control.read_back)}")
    return "\n".join(lines)


async def _now(site: Site, device: Device, point: str) -> str:
    ((reading,), _) = await examine(site, [device.id])
    if reading.silent is not None:
        return f"unknown ({reading.silent})"
    return shown_value(device, reading, point)


def _allowed(control: Control) -> str:
    low, high = control.min, control.max
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f" (at least {low:g})" if low is not None else f" (at most {high:g})"
    return f" ({low:g} to {high:g})"


def _pulse(control: Control) -> str:
    if control.pulse is None:
        return ""
    return f" for {control.pulse:g} s, then {amount(control.rest, control.unit)}"


def amount(value: Value, unit: str) -> str:
    """A value and its unit as people write them."""
    if isinstance(value, bool):
        return "on" if value else "off"
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}".rstrip()


def as_json(outcome: Outcome) -> dict[str, object]:
    """What became of a command, as ``wayside write --json`` prints it."""
    return {
        "result": outcome.result,
        "read_back": outcome.read_back,
        "reason": outcome.reason,
    }


def as_text(device: str, command: str, value: str, outcome: Outcome) -> str:
    """The same for people, after the words they wrote."""
    text = f"{device} {command} {value}: {outcome.result}"
    if outcome.reason is not None:
        return f"{text}, {outcome.reason}".replace("; ", "\n    → ")
    if outcome.read_back is not None:
        return f"{text}, it shows {amount(outcome.read_back, '')}"
    return text
