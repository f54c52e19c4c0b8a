"""Words that the sentences of several rules share."""

from __future__ import annotations

from gateway.model import Millis

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def lasted(since: Millis, t: Millis) -> str:
    """How long something lasted, to two units: ``"5 min"``, ``"2 h 10 min"``, ``"0 s"``."""
    left = max(0, t - since) // 1000
    parts = []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
