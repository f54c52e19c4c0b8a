"""How the streets are lit: a circuit for each feeder, by turns.

Most are LED on a permanent supply; there are sodium and metal halide streets too, and some whose
supply is switched by the pillar, with a photocell or by the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.assets import LampFacts
from simulators.world import PHASES


@dataclass(frozen=True, slots=True)
class Circuit:
    """What the lamps of one feeder have in common; ``power`` in W."""

    technology: Literal["led", "hps", "mh", "other"]
    power: float
    control: Literal["command", "photocell", "calendar"] = "photocell"
    supply: Literal["permanent", "switched"] = "permanent"
    tunnel: bool = False


TUNNEL = Circuit("led", 150.0, "command", tunnel=True)
CIRCUITS = (
    Circuit("led", 100.0),
    Circuit("led", 40.0),
    Circuit("hps", 150.0),
    Circuit("led", 70.0, "calendar", "switched"),
    Circuit("mh", 250.0),
    Circuit("hps", 100.0, "photocell", "switched"),
    Circuit("led", 70.0, "calendar"),
)
"""The streets of a town, from the first on."""


def lamp_facts(feeder: str, position: int, circuit: Circuit) -> LampFacts:
    """A lamp along a street; the phases by turns."""
    return LampFacts(
        rated_power=circuit.power,
        technology=circuit.technology,
        supply=circuit.supply,
        control=circuit.control,
        feeder=feeder,
        phase=PHASES[(position - 1) % 3],
        position=position,
        tunnel=circuit.tunnel,
    )
