"""The simulated district without wires: recordings with labels, as fast as the machine allows.

The same world, devices and scenario as on wires, on a stepped clock: nothing waits. ``stage`` is
the district without its wires, ``rows`` turns what a device shows into lines of a recording
(contracts §5) with its registers' rounding, ``sink`` writes them, ``record`` is the loop.
"""

from __future__ import annotations

from simulators.fast.record import Options, Result, record

__all__ = ["Options", "Result", "record"]
