"""Modbus, the field bus of most devices: ``modbus-tcp``, ``modbus-rtu``, ``modbus-rtu-tcp``.

``pdu`` and ``framing`` know the bytes, ``rows`` what people write, ``codec`` the values, ``plan``
the requests; all of them are functions of their arguments. ``link`` reads blocks over any wire;
``tcp``, ``rtu`` and ``rtu_tcp`` are the wires.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.modbus.plan import plan
from drivers.modbus.rows import NetworkUnit, Register, SerialUnit, Setting, Traits
from drivers.modbus.rtu import Serial, open_rtu
from drivers.modbus.rtu_tcp import RtuTcp, open_rtu_tcp
from drivers.modbus.tcp import Tcp, open_tcp
from gateway.driver import Driver

DRIVERS: Mapping[str, Driver] = {
    "modbus-tcp": Driver(
        name="modbus-tcp",
        family="modbus",
        summary="Modbus TCP (MBAP), one connection for all units of an endpoint",
        options=Tcp,
        device=NetworkUnit,
        traits=Traits,
        point=Register,
        command=Setting,
        plan=plan,
        open=open_tcp,
    ),
    "modbus-rtu": Driver(
        name="modbus-rtu",
        family="modbus",
        summary="Modbus RTU on a serial line (RS-485, RS-232)",
        options=Serial,
        device=SerialUnit,
        traits=Traits,
        point=Register,
        command=Setting,
        plan=plan,
        open=open_rtu,
    ),
    "modbus-rtu-tcp": Driver(
        name="modbus-rtu-tcp",
        family="modbus",
        summary="Modbus RTU frames over TCP, as transparent serial servers carry them",
        options=RtuTcp,
        device=SerialUnit,
        traits=Traits,
        point=Register,
        command=Setting,
        plan=plan,
        open=open_rtu_tcp,
    ),
}
