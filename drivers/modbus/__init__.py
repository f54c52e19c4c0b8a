"""Modbus, the field bus of most devices, on TCP, serial lines and serial servers.

``map`` is what people write about a device and what its registers mean, ``frame`` the bytes,
``wire`` who may speak when. Between them, ``plan`` makes requests of points, and ``link`` makes
values of answers, whatever a device refuses (``reading``, ``refusals``). Nearly all of it is
functions of their arguments; only the wires know clocks and ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from drivers.modbus import advice
from drivers.modbus.identity import verify
from drivers.modbus.map.rows import NetworkUnit, Register, SerialUnit, Traits
from drivers.modbus.map.setting import Setting
from drivers.modbus.plan import plan
from drivers.modbus.survey import fits, says, sweep
from drivers.modbus.wire.ascii import SerialAscii, open_ascii
from drivers.modbus.wire.rtu import Serial, open_rtu
from drivers.modbus.wire.rtu_tcp import RtuTcp, open_rtu_tcp
from drivers.modbus.wire.tcp import Tcp, open_tcp
from gateway.driver import Driver, Survey

_modbus = partial(
    Driver,
    family="modbus",
    traits=Traits,
    point=Register,
    command=Setting,
    plan=plan,
    survey=Survey(sweep, says, fits),
    verify=verify,
)

DRIVERS: Mapping[str, Driver] = {
    driver.name: driver
    for driver in (
        _modbus(
            name="modbus-tcp",
            summary="Modbus TCP (MBAP), one connection for all units of an endpoint",
            options=Tcp,
            device=NetworkUnit,
            open=open_tcp,
            advice=advice.TCP,
        ),
        _modbus(
            name="modbus-rtu",
            summary="Modbus RTU on a serial line (RS-485, RS-232)",
            options=Serial,
            device=SerialUnit,
            open=open_rtu,
            advice=advice.SERIAL,
        ),
        _modbus(
            name="modbus-ascii",
            summary="Modbus ASCII on a serial line",
            options=SerialAscii,
            device=SerialUnit,
            open=open_ascii,
            advice=advice.SERIAL,
        ),
        _modbus(
            name="modbus-rtu-tcp",
            summary="Modbus RTU frames over TCP, as transparent serial servers carry them",
            options=RtuTcp,
            device=SerialUnit,
            open=open_rtu_tcp,
            advice=advice.THROUGH_TCP,
        ),
    )
}
