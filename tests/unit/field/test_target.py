"""What a scan is pointed at: URLs, lists of units, settings to try."""

from __future__ import annotations

import pytest

from drivers.modbus.map.rows import NetworkUnit, SerialUnit
from drivers.modbus.wire.rtu import Serial
from drivers.modbus.wire.rtu_tcp import RtuTcp
from drivers.modbus.wire.tcp import Tcp
from gateway.field.target import duration, parse_units, settings, target
from gateway.problems import ConfigurationError


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "driver", "options"),
        [
            (
                "modbus-tcp://192.0.2.12:502",
                "modbus-tcp",
                Tcp(host="192.0.2.12", port=502),
            ),
            ("modbus-tcp://cabinet", "modbus-tcp", Tcp(host="cabinet")),
            ("modbus-tcp://[::1]:1502", "modbus-tcp", Tcp(host="::1", port=1502)),
            (
                "modbus-tcp://h?timeout=300ms&pipeline=2",
                "modbus-tcp",
                Tcp(host="h", timeout=0.3, pipeline=2),
            ),
            (
                "modbus-rtu:///dev/ttyUSB0?baudrate=19200&parity=E",
                "modbus-rtu",
                Serial(port="/dev/ttyUSB0", baudrate=19200, parity="E"),
            ),
            ("modbus-rtu:tty-a?echo=true", "modbus-rtu", Serial(port="tty-a", echo=True)),
            (
                "modbus-rtu:///dev/serial/by-id/usb%20A",
                "modbus-rtu",
                Serial(port="/dev/serial/by-id/usb A"),
            ),
            (
                "modbus-rtu-tcp://gw:4001",
                "modbus-rtu-tcp",
                RtuTcp(host="gw", port=4001),
            ),
        ],
    )
    def test_names_a_driver_and_its_options(self, url: str, driver: str, options: object) -> None:
        found = target(url)
        assert (found.driver.name, found.options) == (driver, options)

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("/dev/ttyUSB0", ["not a URL"]),
            ("modbus-tpc://h", ['did you mean "modbus-tcp"?']),
            (
                "modbus-rtu:///dev/x?bauderate=1&parity=X",
                ['did you mean "baudrate"?', 'expected "N", "E" or "O", found "X"'],
            ),
            ("modbus-rtu://dev/ttyUSB0", ["three slashes: modbus-rtu:///dev/ttyUSB0"]),
            ("modbus-rtu:", ['"port" is missing']),
            ("modbus-rtu-tcp://h", ['"port" is missing']),
            ("modbus-tcp://h:99999", ["not a port number"]),
            ("modbus-tcp://h/dev/x", ["belongs to no host and port"]),
            ("modbus-tcp://h:1?port=2", ["port: said twice"]),
        ],
    )
    def test_every_mistake_is_told_at_once(self, url: str, told: list[str]) -> None:
        with pytest.raises(ConfigurationError) as caught:
            target(url)
        assert all(text in str(caught.value) for text in told), caught.value
        assert all(problem.file == url for problem in caught.value.problems)


class TestUnits:
    def test_ranges_and_single_ones_keep_their_order(self) -> None:
        assert parse_units("20, 1-3,2", SerialUnit) == (20, 1, 2, 3)

    def test_what_a_unit_may_be_is_the_drivers_affair(self) -> None:
        assert parse_units("0,255", NetworkUnit) == (0, 255)
        with pytest.raises(ConfigurationError, match="0 is out of range: 1 to 247"):
            parse_units("0-3", SerialUnit)

    @pytest.mark.parametrize("text", ["", "a", "5-1", "1-", "1--3", "1,,2"])
    def test_others_are_refused(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match="write it as 1-10,20"):
            parse_units(text, SerialUnit)


class TestSettings:
    WIRE = Serial(port="/dev/ttyUSB0", timeout=0.1)

    def test_every_combination_is_tried(self) -> None:
        choices = {"baudrate": ("--baudrates", "9600,19200"), "parity": ("--parities", "N, E")}
        found = settings(self.WIRE, choices)
        assert [(each.baudrate, each.parity) for each in found] == [
            (9600, "N"),
            (9600, "E"),
            (19200, "N"),
            (19200, "E"),
        ]
        assert {(each.port, each.timeout) for each in found} == {("/dev/ttyUSB0", 0.1)}

    def test_one_is_left_as_it_is(self) -> None:
        assert settings(self.WIRE, {"parity": ("--parities", None)}) == (self.WIRE,)

    def test_what_the_wire_cannot_be_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match=r"--parities.*found \"Q\""):
            settings(self.WIRE, {"parity": ("--parities", "N,Q")})
        with pytest.raises(ConfigurationError, match="no such setting"):
            settings(Tcp(host="h"), {"baudrate": ("--baudrates", "9600")})


def test_a_timeout_is_a_duration() -> None:
    assert duration("--timeout", "300ms") == 0.3
    assert duration("--timeout", None) is None
    with pytest.raises(ConfigurationError, match="--timeout"):
        duration("--timeout", "300")
