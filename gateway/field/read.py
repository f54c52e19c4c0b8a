"""One poll, now: what ``wayside read`` asks and how it prints the answer.

Every bus is opened at once and its devices are asked one after another, all their points, and who
they are. There is no schedule and no breaker here; a device that stays silent costs one timeout,
and one that is busy is asked again twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from gateway import diagnosis
from gateway.config.site import Bus, Site
from gateway.diagnosis import Diagnosis, Finding, finding
from gateway.driver import BadResponse, Block, Busy, Device, Link, LinkDown, NoResponse, Symptom
from gateway.edge.agenda import LATER
from gateway.edge.clock import SYSTEM, Clock
from gateway.edge.exchange import Heard, ask, doubted, fruitless, reading, silent
from gateway.model import NOTHING, Reading

_PARTLY = frozenset({Symptom.GARBLED, Symptom.STRANGER, Symptom.MISMATCH})
"""What is worth a diagnosis even if other requests to the device went well."""


async def poll_once(
    site: Site, device_ids: Collection[str] | None = None, *, clock: Clock = SYSTEM
) -> list[Reading]:
    """A reading of each device, in the order of the site file; all of them, or those named."""
    readings, _ = await examine(site, device_ids, clock=clock)
    return readings


async def examine(
    site: Site, device_ids: Collection[str] | None = None, *, clock: Clock = SYSTEM
) -> tuple[list[Reading], dict[str, Diagnosis]]:
    """As ``poll_once``, and what ails those that gave no good answer, by their ids."""
    wanted = [d for d in site.devices if device_ids is None or d.id in device_ids]
    asked = await asyncio.gather(
        *(
            _poll_bus(bus, [d for d in bus.devices if d in wanted], clock)
            for bus in site.buses.values()
        )
    )
    found = {one.device: (one, ails) for results in asked for one, ails in results}
    return (
        [found[device.id][0] for device in wanted],
        {name: ails for name, (_, ails) in found.items() if ails is not None},
    )


async def _poll_bus(
    bus: Bus, devices: Sequence[Device], clock: Clock
) -> list[tuple[Reading, Diagnosis | None]]:
    done: list[tuple[Reading, Diagnosis | None]] = []

    def take(one: Reading, found: Finding | None) -> None:
        ails = None if found is None else diagnosis.failed(None, found, one.t)
        done.append((one, None if ails is None else ails.diagnosis(bus.driver.advice)))

    if not devices:
        return done
    try:
        async with bus.driver.open(bus.options) as link:
            for device in devices:
                take(*await _poll(link, bus, device, clock))
    except LinkDown as down:
        found = finding(down)
        for device in devices[len(done) :]:
            take(silent(device, clock.now(), found.sentence), found)
    return done


async def _poll(
    link: Link, bus: Bus, device: Device, clock: Clock
) -> tuple[Reading, Finding | None]:
    try:
        heard = await _patiently(link, bus.driver.plan(device, device.points))
        differs = await _verify(link, bus, device, heard)
    except NoResponse as error:
        found = finding(error)
        return silent(device, clock.now(), found.sentence), found
    one = reading(device, clock.now(), heard)
    if differs is not None:
        return doubted(one, differs), Finding(Symptom.MISMATCH, differs)
    wrong = heard.wrong if heard.wrong and heard.wrong.symptom in _PARTLY else None
    return one, fruitless(heard, one) or wrong


async def _patiently(link: Link, blocks: Sequence[Block]) -> Heard:
    """What a device says; one that is busy is asked again a little later."""
    for pause in LATER:
        try:
            return await ask(link, blocks, patient=True)
        except Busy:
            await asyncio.sleep(pause)
    return await ask(link, blocks)


async def _verify(link: Link, bus: Bus, device: Device, heard: Heard) -> str | None:
    """How a device that answered differs from its profile, as far as that can be told now."""
    if bus.driver.verify is None or not heard.anything:
        return None
    try:
        return await bus.driver.verify(link, device)
    except (NoResponse, BadResponse):
        return None


def as_json(one: Reading, ails: Diagnosis | None = None) -> dict[str, object]:
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
    if ails is not None:
        told["diagnosis"] = ails.told()
    return told


def as_text(
    site: Site, readings: Sequence[Reading], ailing: Mapping[str, Diagnosis] = NOTHING
) -> str:
    """Readings for people: a block of lines a device, values with their units, and what to try."""
    devices = {device.id: device for device in site.devices}
    return "\n\n".join(
        "\n".join([_block(devices[one.device], one), *_tries(ailing.get(one.device))])
        for one in readings
    )


def _tries(ails: Diagnosis | None) -> list[str]:
    return [] if ails is None else [f"  try: {advice}" for advice in ails.advice]


def _block(device: Device, one: Reading) -> str:
    head = f"{device.id}  {device.profile}, bus {device.bus}"
    if one.silent is not None:
        return f"{head}\n  silent: {one.silent}"
    units = _units(device)
    units |= {name: "" for name in one.bad if name not in units}  # its identity
    names = [name for name in units if name in one.values or name in one.bad]
    width = max(map(len, names), default=0)
    return "\n".join([head, *(f"  {name:<{width}}  {_value(one, name, units)}" for name in names)])


def shown_value(device: Device, one: Reading, name: str) -> str:
    """One point of a reading for people, with its unit, or why there is none."""
    if name not in one.values and name not in one.bad:
        return "not read"
    return _value(one, name, _units(device))


def _units(device: Device) -> dict[str, str]:
    units = {point.name: point.unit for point in device.points}
    return units | {derived.name: derived.unit for derived in device.derived}


def _value(one: Reading, name: str, units: dict[str, str]) -> str:
    if name in one.bad:
        return f"bad: {one.bad[name]}"
    value = one.values[name]
    shown = f"{value:.10g}" if isinstance(value, float) else str(value).lower()
    if isinstance(value, str):
        shown = value
    doubt = " (uncertain)" if name in one.uncertain else ""
    return f"{shown} {units[name]}".rstrip() + doubt
