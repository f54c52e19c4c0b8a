"""Who belongs together: which devices share a feeder, a bus, a stand, a kind or the site.

A group is known by its scope and name. The feeder's pillar is its *head*; an alarm of a feeder
names the pillar if there is one, else ``feeder:F1`` (contracts §6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.faults.rule import Scope
from gateway.model import Device

WIDER: tuple[Scope, ...] = ("feeder", "bus", "stand", "kind", "site")
PARENTS: tuple[Scope, ...] = ("feeder", "bus", "site")
"""Those whose alarms may explain their members'."""

UTILITY = "utility"
"""Whom an alarm of the whole site names: what it hangs on."""


def name(device: Device, scope: Scope) -> str | None:
    """The name of the feeder, bus, stand or kind a device belongs to; None if to none.

    A pillar that gives no feeder's name is a feeder of its own.
    """
    if scope == "bus":
        return device.bus
    if scope == "kind":
        return device.kind
    if scope == "site":
        return UTILITY
    if scope == "device":
        return device.id
    found: str | None = getattr(device.facts, scope, None)
    if found is None and scope == "feeder" and device.kind == "feeder":
        return device.id
    return found


def groups(devices: Iterable[Device]) -> Mapping[tuple[Scope, str], tuple[Device, ...]]:
    """Every group of the site, its members in the order of the site file."""
    found: dict[tuple[Scope, str], list[Device]] = {}
    for device in devices:
        for scope in WIDER:
            belongs = name(device, scope)
            if belongs is not None:
                found.setdefault((scope, belongs), []).append(device)
    return {key: tuple(members) for key, members in found.items()}


def head(scope: Scope, members: Iterable[Device]) -> Device | None:
    """The pillar of a feeder; other groups have none."""
    if scope != "feeder":
        return None
    return next((device for device in members if device.kind == "feeder"), None)


def subject(scope: Scope, belongs: str, leader: Device | None) -> str:
    """Whom an alarm of the group names."""
    if scope == "site":
        return belongs
    return f"{scope}:{belongs}" if leader is None else leader.id
