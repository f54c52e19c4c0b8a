"""What to try with a Modbus device that gives no good answer, by symptom, the likeliest first.

Three wires, three lists: a serial line with its adapter, an endpoint that speaks Modbus TCP itself,
and one that passes frames on to a serial line behind it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.driver import Symptom

Advice = Mapping[Symptom, tuple[str, ...]]

_SUPPLY = "Check that the device has power: does anything light up on it?"
_UNIT = "Compare its unit number with the one in the site file."
_SWAPPED = "Swap A and B: makers do not agree which is which."
_BAUD = "Compare baud rate, parity and stop bits with the device's own settings."
_TERMINATION = "Fit 120 ohm at both ends of the line and nowhere else; join the grounds."
_BREAK = "Look who else is silent: if it is everybody behind one place, the line is broken there."
_NOISE = "Look where the cable runs beside mains or motor cables, and move it away."
_MASTER = "Look for another master on the line, such as a display or an old controller."
_TWIN = "Switch this device off: if its number still answers, find the other one and renumber it."
_LATE = "If it is only slow, give it a longer timeout."
_ECHO = "If the adapter hears what it sends, set echo = true on the bus."

_DEVICE: dict[Symptom, tuple[str, ...]] = {
    Symptom.REFUSED: (
        "Compare the profile with the device's own register map and firmware.",
        "If it says busy, ask it less often (every) or give it a delay.",
        "Check whether it wants to be unlocked or switched to remote before it may be read.",
    ),
    Symptom.MISMATCH: (
        "Compare the label on the device with the profile named in the site file.",
        _UNIT,
        "If it is the right one, look for a profile of its firmware, or correct identity.",
    ),
}

SERIAL: Advice = {
    Symptom.SILENT: (_SUPPLY, _UNIT, _SWAPPED, _BAUD, _BREAK, _LATE),
    Symptom.GARBLED: (_BAUD, _SWAPPED, _TERMINATION, _TWIN, _MASTER, _NOISE),
    Symptom.STRANGER: (_UNIT, _MASTER, _LATE),
    Symptom.SHARED: (_TWIN, _MASTER, _ECHO),
    Symptom.UNREACHED: (
        "Check that the adapter is plugged in: ls -l /dev/serial/by-id",
        "Check that no other program has the port open.",
        "Check that the gateway's user may open it: group dialout.",
    ),
    **_DEVICE,
}

_SERVER = "Check power and network cable of the endpoint: does ping reach its host?"
_PORT = "Compare host and port with the endpoint's own settings."
_CLIENTS = "Close other clients: many endpoints serve one or a few at a time."
_BEHIND = "Behind a gateway, look at its serial side: power, A and B, baud rate, its timeout."

TCP: Advice = {
    Symptom.SILENT: (_UNIT, _BEHIND, _CLIENTS, _LATE),
    Symptom.GARBLED: (
        "If the endpoint passes RTU frames on instead of Modbus TCP, use driver modbus-rtu-tcp.",
        _PORT,
        _CLIENTS,
    ),
    Symptom.STRANGER: (_UNIT, "Set pipeline = 1: the endpoint may mix its answers up.", _LATE),
    Symptom.UNREACHED: (_SERVER, _PORT, _CLIENTS, _BEHIND),
    **_DEVICE,
}

THROUGH_TCP: Advice = {
    Symptom.SILENT: (_SUPPLY, _UNIT, _BEHIND, _LATE),
    Symptom.GARBLED: (
        "If the server speaks Modbus TCP instead of passing RTU frames on, use driver modbus-tcp.",
        "Compare baud rate, parity and stop bits of the server's serial side with the device's.",
        _SWAPPED,
        _TERMINATION,
        _TWIN,
        _MASTER,
    ),
    Symptom.STRANGER: (_UNIT, _MASTER, _LATE),
    Symptom.SHARED: (_TWIN, _MASTER, _CLIENTS),
    Symptom.UNREACHED: (_SERVER, _PORT, _CLIENTS),
    **_DEVICE,
}
