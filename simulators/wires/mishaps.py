"""What goes wrong on a wire: faults a station carries out, whatever device is behind it."""

from __future__ import annotations

from simulators.devices.contract import EVERY_KIND, Fault

FAULTS = (Fault("silent", EVERY_KIND, "comm_loss"),)
