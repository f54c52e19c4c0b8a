"""One poll, now: what ``wayside read`` asks and how it prints the answer.

Every bus is opened at once and its devices are asked one after another, all their points. There is
no schedule and no breaker here; a device that stays silent costs one timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from gateway.config.site import Bus, Site
from gateway.driver import Device, Link, LinkDown, NoResponse
from gateway.edge.clock import SYSTEM, Clock
from gateway.edge.exchange import ask, reading, silent
from gateway.model import Reading


async def poll_once(
    site: Site, device_ids: Collection[str] | None = None, *, clock: Clock = SYSTEM
) -> list[Reading]:
    """A reading of each device, in the order of the site file; all of them, or those named."""
    wanted = [d for d in site.devices if device_ids is None or d.id in device_ids]
    asked = await asyncio.gather(
        *(
            _poll_bus(bus, [d for d in bus.devices if d in wanted], clock)
            for bus in site.buses.values()
        )
    )
    found = {result.device: result for results in asked for result in results}
    return [found[device.id] for device in wanted]


async def _poll_bus(bus: Bus, devices: Sequence[Device], clock: Clock) -> list[Reading]:
    done: list[Reading] = []
    if not devices:
        return done
    try:
        async with bus.driver.open(bus.options) as link:
            for device in devices:
                done += [await _poll(link, bus, device, clock)]
    except LinkDown as down:
        reason = str(down) or "link down"
        done += [silent(device, clock.now(), reason) for device in devices[len(done) :]]
    return done


async def _poll(link: Link, bus: Bus, device: Device, clock: Clock) -> Reading:
    blocks = bus.driver.plan(device, device.points)
    try:
        answers, _ = await ask(link, blocks)
    except NoResponse as error:
        return silent(device, clock.now(), str(error))
    return reading(device, clock.now(), answers)


def as_json(one: Reading) -> dict[str, object]:
    """A reading as ``wayside read --json`` prints it (contracts §2)."""
    told: dict[str, object] = {
        "device": one.device,
        "t": one.t,
        "values": dict(one.values),
        "uncertain": sorted(one.uncertain),
        "bad": dict(one.bad),
    }
    if one.silent is not None:
        told["silent"] = one.silent
    return told


def as_text(site: Site, readings: Sequence[Reading]) -> str:
    """Readings for people: a block of lines a device, values with their units."""
    devices = {device.id: device for device in site.devices}
    return "\n\n".join(_block(devices[one.device], one) for one in readings)


def _block(device: Device, one: Reading) -> str:
    head = f"{device.id}  {device.profile}, bus {device.bus}"
    if one.silent is not None:
        return f"{head}\n  silent: {one.silent}"
    units = {point.name: point.unit for point in device.points}
    units |= {derived.name: derived.unit for derived in device.derived}
    names = [name for name in units if name in one.values or name in one.bad]
    width = max(map(len, names), default=0)
    return "\n".join([head, *(f"  {name:<{width}}  {_value(one, name, units)}" for name in names)])


def _value(one: Reading, name: str, units: dict[str, str]) -> str:
    if name in one.bad:
        return f"bad: {one.bad[name]}"
    value = one.values[name]
    shown = f"{value:.10g}" if isinstance(value, float) else str(value).lower()
    if isinstance(value, str):
        shown = value
    doubt = " (uncertain)" if name in one.uncertain else ""
    return f"{shown} {units[name]}".rstrip() + doubt
