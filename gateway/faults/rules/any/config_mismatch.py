"""A device answers and is not what its profile describes.

Source: domain §4: identity differs. Whoever polls a device compares what it says of itself with its
profile; where they differ, every reading says so and none of its values is good, so that no other
rule judges by another device's registers. A device that cannot be compared is not judged either.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.faults.rule import MET, NORMAL, UNDECIDED, Rule, Seen, Settings, Verdict
from gateway.model import IDENTITY, KINDS, Millis, Severity, Value


def judge(seen: Seen, _settings: Settings, _memory: None) -> Verdict:
    """Met while a reading says that the identity differs; normal on one with good values."""
    if IDENTITY in seen.bad:
        return MET
    return NORMAL if seen.fresh else UNDECIDED


def tell(
    seen: Seen, _settings: Settings, _memory: None, _since: Millis
) -> tuple[str, Mapping[str, Value]]:
    """What differs."""
    difference = seen.bad.get(IDENTITY, "")
    return f"not the device its profile describes: {difference}", {"difference": difference}


RULE = Rule(
    code="config_mismatch",
    kinds=frozenset(KINDS) - {"gateway"},
    severity=Severity.MINOR,
    settings=Settings,
    judge=judge,
    tell=tell,
    hears_silence=True,
)
