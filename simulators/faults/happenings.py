"""What happens in a sound city and must be told all the same: bins that are emptied.

Nobody injects a collection, so the devices keep them; here they become labels like the faults'.
One that the bin's sensors cannot tell (domain §3, ``collected``) never ``shows``.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulators.devices.bin import Bin
from simulators.devices.contract import Simulated
from simulators.faults.labels import Label

COLLECTION = "collection"


def collections(devices: Iterable[Simulated]) -> list[Label]:
    """Every emptying so far, in the order of their times."""
    found = [
        Label(
            device.name,
            COLLECTION,
            None,
            device.name,
            one.at,
            shows=one.at if one.visible else None,
            until=one.at,
            event="collected",
        )
        for device in devices
        if isinstance(device, Bin)
        for one in device.collections
    ]
    return sorted(found, key=lambda label: (label.at, label.device))
