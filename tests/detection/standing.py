"""Which alarms stood when: what a graver one keeps from being told.

One cause, one alarm (domain §0): while a graver alarm of the same device stands, a vaguer one is
not raised, and while a device or its bus is silent nobody can judge it at all. A label that was
missed for that is not held against its rule, but only if the graver alarm was in fact raised.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from gateway.config.site import Site
from gateway.faults.causes import Key, Kin
from gateway.faults.rule import Rule
from gateway.faults.rules import load_rules
from gateway.model import Millis
from simulators.faults import Label

RULES: Mapping[str, Rule] = {
    code: rule for code, rule in load_rules().items() if isinstance(rule, Rule)
}
Spell: TypeAlias = tuple[Millis, float]
"""From when until when; infinity while it stands."""

Standing: TypeAlias = Mapping[Key, list[Spell]]

MUTE = ("comm_loss", "config_mismatch")
"""Alarms of a device of which nothing can be read."""


def spells(told: Iterable[Mapping[str, Any]]) -> Standing:
    """When each alarm stood, taken in by another or not, by its subject and code."""
    found: dict[Key, list[Spell]] = defaultdict(list)
    since: dict[Key, Millis] = {}
    for one in told:
        key = one["device"], one["code"]
        if one["transition"] in {"raise", "suppress"}:
            since.setdefault(key, one["t"])
        elif one["transition"] in {"clear", "unsuppress"} and key in since:
            found[key].append((since.pop(key), one["t"]))
    for key, t in since.items():
        found[key].append((t, float("inf")))
    return found


class Hiding:
    """What hides the labels of a site, by the alarms that stood."""

    def __init__(self, site: Site, told: Iterable[Mapping[str, Any]]) -> None:
        self._kin = Kin(site.devices)
        self._buses = {device.id: device.bus for device in site.devices}
        self._standing = spells(told)

    def of(self, subject: str, code: str) -> list[Spell]:
        """When an alarm of that code about that subject was kept from being told."""
        keys = {*self._kin.parents(subject, code)}
        keys |= {(subject, name) for name, rule in RULES.items() if code in rule.replaces}
        if subject in self._buses:
            keys |= {(subject, name) for name in MUTE}
            keys.add((f"bus:{self._buses[subject]}", "bus_down"))
        keys.discard((subject, code))
        return [spell for key in keys for spell in self._standing.get(key, ())]

    def stood(self, label: Label) -> bool:
        """Whether a label's alarm was there before it began, and as long as it lasted."""
        spells = self._standing.get((label.subject, str(label.code)), ())
        until = label.until or label.at
        return any(begin < label.at and end > until for begin, end in spells)
