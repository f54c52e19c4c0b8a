"""How far a long work is, in a line now and then; ``bar`` shows it on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

EVERY = 5.0
"""Seconds between two lines."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a scan is: ``done`` of ``total`` steps, most of them units asked."""

    doing: str
    done: int
    total: int
    found: int


Tell: TypeAlias = Callable[[Step], None]


def lines(clock: Callable[[], float], say: Callable[[str], None]) -> Tell:
    """Something to tell each step to, which says how far it is every five seconds."""
    began = told = clock()

    def tell(step: Step) -> None:
        nonlocal told
        now = clock()
        if now - told < EVERY or not step.done:
            return
        told = now
        left = (now - began) / step.done * (step.total - step.done)
        say(f"{step.done} of {step.total} asked, {step.found} found, about {left:.0f} s left")

    return tell
