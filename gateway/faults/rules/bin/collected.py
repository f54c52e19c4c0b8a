"""A bin was emptied: an event, told when a second reading shows that it stays empty.

Source: domain §3; see ``gateway.faults.bins.Collections``.
"""

from __future__ import annotations

from gateway.faults.bins import Collections, number
from gateway.faults.rule import Notice, Seen, Switch, Told


def notice(seen: Seen, _settings: Switch, collections: Collections) -> Told | None:
    """From which level to which."""
    if not collections.news or collections.at is None:
        return None
    level, was = number(seen, "fill_level") or 0.0, collections.fell_from
    values = {"from": round(was, 1), "to": round(level, 1), "at": collections.at}
    return f"emptied, from {was:.0f} to {level:.0f} %", values


NOTICE = Notice(
    event="collected",
    kinds=frozenset({"bin"}),
    notice=notice,
    points=("fill_level",),
    memory=Collections,
)
