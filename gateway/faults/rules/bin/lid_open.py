"""A bin's lid stands open.

Source: domain §3: open for 30 min. A lid that a crew left open while it empties the bin is not
told of for 15 min after a collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.faults.bins import AROUND_COLLECTION, Collections
from gateway.faults.rule import MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.faults.words import lasted
from gateway.model import Millis, Severity, Value
from gateway.units import Duration


@dataclass(frozen=True, slots=True)
class LidOpen(Settings):
    """``mask`` in s after a collection."""

    on_delay: Duration = 1800.0
    mask: Duration = AROUND_COLLECTION


def judge(seen: Seen, settings: LidOpen, collections: Collections) -> Verdict:
    """By the lid's switch."""
    lid = seen.fresh.get("lid_open")
    if lid is True:
        return UNDECIDED if collections.lately(seen.t, settings.mask) else MET
    return NORMAL if lid is False else UNDECIDED


def tell(
    seen: Seen, _settings: LidOpen, _collections: Collections, since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """Since when."""
    return f"the lid has been open for {lasted(since, seen.t)}", {"lid_open": True}


RULE = Rule(
    code="lid_open",
    kinds=frozenset({"bin"}),
    severity=Severity.WARNING,
    settings=LidOpen,
    judge=judge,
    tell=tell,
    points=("lid_open",),
    memory=Collections,
)
