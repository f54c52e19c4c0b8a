"""NTCIP 1202 traffic-signal controllers over SNMP: ``ntcip``, which needs the extra ``ntcip``.

``rows`` is what people write and which requests read it, ``message`` the bytes, ``link`` the
socket. Any other SNMP agent can be read as well; a profile's ``base`` is only a short way to write.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.ntcip.link import Snmp, open_ntcip
from drivers.ntcip.rows import Controller, NoCommand, Object, Traits, plan
from gateway.driver import Driver, Symptom

ADVICE: Mapping[Symptom, tuple[str, ...]] = {
    Symptom.SILENT: (
        "Compare the community with the controller's own: a wrong one is met with silence.",
        "Compare version (1 or 2c) with what the controller speaks.",
        "Check that the controller's list of allowed hosts holds this gateway.",
        "Check power and network cable of the controller: does ping reach its host?",
    ),
    Symptom.GARBLED: (
        "Compare version (1 or 2c) with what the controller speaks.",
        "Check that nothing but SNMP listens at that port.",
    ),
    Symptom.REFUSED: (
        "Compare the profile with the objects of the controller's own MIB and firmware.",
        "Check that its community may read what the profile asks for.",
    ),
    Symptom.UNREACHED: (
        "Switch SNMP on in the controller's settings: its host answers, its port does not.",
        "Compare host and port with the controller's own settings.",
        "Check power and network cable of the controller: does ping reach its host?",
        "Check that community_file is there and can be read.",
    ),
    Symptom.MISMATCH: ("Compare the label on the controller with the profile.",),
}

DRIVERS: Mapping[str, Driver] = {
    "ntcip": Driver(
        name="ntcip",
        family="ntcip",
        summary="NTCIP 1202 signal controller over SNMP (v1, v2c), one a bus",
        options=Snmp,
        device=Controller,
        traits=Traits,
        point=Object,
        command=NoCommand,
        plan=plan,
        open=open_ntcip,
        advice=ADVICE,
    )
}
