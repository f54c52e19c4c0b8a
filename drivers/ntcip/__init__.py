"""NTCIP 1202 traffic-signal controllers over SNMP: ``ntcip``, which needs the extra ``ntcip``.

``rows`` is what people write and which requests read it, ``message`` the bytes, ``link`` the
socket. Any other SNMP agent can be read as well; a profile's ``base`` is only a short way to write.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.ntcip.link import Snmp, open_ntcip
from drivers.ntcip.rows import Controller, NoCommand, Object, Traits, plan
from gateway.driver import Driver

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
    )
}
