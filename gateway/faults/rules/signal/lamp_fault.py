"""A signal group's lamp monitor reports a lamp.

Source: domain §2: a group's bit for 10 s; major for a red, else minor (RSMP A0201 and A0202). The
bits do not say which colour, so a fault counts as a red's where the controller calls it serious
(``alarm_lamp_serious``) or the group is seen dark while the junction works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.rule import Rule, Seen, Settings, Verdict
from gateway.faults.signals import Lasting, controlled, members, numbers
from gateway.model import Millis, Severity, Value
from gateway.units import Duration

PATIENCE = 30_000
"""ms: a bit that is missing for longer begins anew (E)."""


@dataclass(frozen=True, slots=True)
class LampFault(Settings):
    """Each group's own ``on_delay`` counts."""

    on_delay: Duration = 10.0
    readings: int = 1


def bits(seen: Seen) -> Lasting:
    """For how long each group's bit is set."""
    return Lasting(members(seen, "lamp_fault_"), frozenset({True}), PATIENCE)


def judge(seen: Seen, settings: LampFault, faulty: Lasting) -> Verdict:
    """By the monitor's bits."""
    return faulty.verdict(seen, lambda _: settings.on_delay)


def parts(seen: Seen, settings: LampFault, faulty: Lasting) -> list[str]:
    """The bits that are set."""
    return faulty.overdue(seen, lambda _: settings.on_delay)


def grade(seen: Seen, settings: LampFault, faulty: Lasting) -> Severity:
    """Major for a red."""
    names = parts(seen, settings, faulty)
    groups = (name.replace("lamp_fault", "group") for name in names)
    dark = controlled(seen) and any(seen.good.get(group) == "dark" for group in groups)
    serious = seen.good.get("alarm_lamp_serious") is True
    return Severity.MAJOR if dark or serious else Severity.MINOR


def tell(
    seen: Seen, settings: LampFault, faulty: Lasting, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Which groups, for how long."""
    names = parts(seen, settings, faulty)
    red = grade(seen, settings, faulty) is Severity.MAJOR
    message = (
        f"lamp fault{', a red,' if red else ''} reported of {faulty.told(names, 'group', seen.t)}"
    )
    return message, {"groups": numbers(names), "since": faulty.since(names, since)}


RULE = Rule(
    code="lamp_fault",
    kinds=frozenset({"signal"}),
    severity=Severity.MINOR,
    settings=LampFault,
    judge=judge,
    tell=tell,
    points=("lamp_fault_*",),
    memory=bits,
    grade=grade,
    parts=parts,
)
