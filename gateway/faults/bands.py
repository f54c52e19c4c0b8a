"""Thresholds with a dead band: met beyond one value, normal short of another, else neither."""

from __future__ import annotations

from gateway.faults.rule import BETWEEN, MET, NORMAL, Verdict


def above(value: float, limit: float, back: float) -> Verdict:
    """Met above ``limit``, normal below ``back``."""
    if value > limit:
        return MET
    return NORMAL if value < back else BETWEEN


def below(value: float, limit: float, back: float) -> Verdict:
    """Met below ``limit``, normal above ``back``."""
    if value < limit:
        return MET
    return NORMAL if value > back else BETWEEN
