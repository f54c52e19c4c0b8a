"""A signal cabinet: controller, inputs, lamps, monitors, power, and the ways each can break.

``plan`` says what a junction may show and ``sequence`` walks through it, step by step and without a
clock; ``detectors`` is the traffic and what the loops and buttons make of it, ``lamps`` the heads
with lamp and conflict monitor, ``power`` battery and climate, ``schedule`` the hours, ``regimes``
what a cabinet does as a whole. Out of these, each knowing only those before it: ``equipment`` is
what stands in a cabinet, ``shown`` its points, ``junction`` its life, ``damage`` what can be done
to it, ``breakages`` its faults and nuisances, and ``model`` the device.
"""

from __future__ import annotations

from simulators.devices.cabinet.breakages import FAULTS
from simulators.devices.cabinet.model import Cabinet

__all__ = ["FAULTS", "Cabinet"]
