"""Is a device what its profile describes? The registers of ``identity``, read and compared.

A profile names a few registers whose content tells its device from others. A device that refuses
to show one of them proves nothing: then it cannot be checked, which is no difference.
"""

from __future__ import annotations

from drivers.modbus.map.rows import Identity, Register
from drivers.modbus.plan import single
from gateway.driver import Bad, BadResponse, Block, Device, Link, Raw, Symptom

_BARE = frozenset({"uint16", "uint32", "uint64"})


async def verify(link: Link, device: Device) -> str | None:
    """How a device differs from its profile, in words; None if it does not.

    Raises:
        BadResponse: its answer cannot be trusted, or it refuses to show what would tell.
        NoResponse, LinkDown: as ``gateway.driver.Link.read``.
    """
    refused = None
    for identity in device.traits.identity:
        row = identity.register(device.traits)
        (found,) = await link.read(Block(device, (), single(row)))
        if isinstance(found, Bad) and found.refused:
            refused = f"{_place(row)}: {found.reason}"
            continue
        difference = differs(identity, row, found)
        if difference is not None:
            return difference
    if refused is not None:
        raise BadResponse(refused, symptom=Symptom.REFUSED)
    return None


def differs(identity: Identity, row: Register, found: Raw) -> str | None:
    """How what was found in an identity's register differs from what it should be, if it does.

    ``row`` is the identity's own completed row.
    """
    expected = identity.equals
    if found == expected:
        return None
    held = found.reason if isinstance(found, Bad) else _shown(row, found)
    return f"{_place(row)} holds {held}, the profile says {_shown(row, expected)}"


def _place(row: Register) -> str:
    table, address = row.place
    return f"{table} {address}"


def _shown(row: Register, value: object) -> str:
    """Bare registers as people write them down, 0x5753; everything else as it is."""
    if isinstance(value, int) and row.kind in _BARE:
        return f"0x{value:0{4 * row.words}X}"
    return f'"{value}"' if isinstance(value, str) else str(value)
