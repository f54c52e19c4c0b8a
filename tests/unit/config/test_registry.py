"""Drivers are found by name: ours by module, other people's by entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import drivers
from gateway import registry
from gateway.driver import Driver
from tests.parts import toy_driver


def test_a_driver_is_found_by_its_name() -> None:
    found = registry.driver("modbus-tcp")
    assert isinstance(found, Driver)
    assert (found.name, found.family) == ("modbus-tcp", "modbus")


def test_only_the_module_that_is_asked_for_is_imported() -> None:
    code = (
        "import sys; from gateway import registry; registry.driver('maxbotix');"
        "print([m for m in sys.modules if m.startswith('drivers.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['drivers.maxbotix']"


def test_every_driver_carries_the_name_it_is_found_by() -> None:
    found = registry.drivers()
    assert {"modbus-rtu", "modbus-tcp", "modbus-rtu-tcp", "maxbotix"} <= set(found)
    assert all(name == driver.name for name, driver in found.items())
    assert registry.driver_names() == tuple(sorted(found))


def test_a_misspelt_name_is_answered_with_what_was_meant() -> None:
    with pytest.raises(
        LookupError, match='no driver is called "modbus-rut"; did you mean "modbus-rtu"'
    ):
        registry.driver("modbus-rut")


@pytest.mark.parametrize("name", ["", "-", "profiles", "..", "modbus/..", "os", "Modbus-tcp", "é"])
def test_odd_names_are_simply_unknown(name: str) -> None:
    with pytest.raises(LookupError, match="no driver is called"):
        registry.driver(name)


def test_a_family_is_served_by_any_of_its_drivers() -> None:
    assert registry.driver_of("modbus").family == "modbus"
    with pytest.raises(LookupError, match='no driver speaks "modbuss"; did you mean "modbus"'):
        registry.driver_of("modbuss")


@pytest.mark.usefixtures("toys")
def test_an_installed_distribution_adds_drivers() -> None:
    assert registry.driver("toy-line") is toy_driver.LINE
    assert registry.driver_of("toy").family == "toy"
    assert {"toy-bus", "toy-line", "modbus-tcp"} <= set(registry.driver_names())


def test_ours_come_before_other_peoples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "[wayside.drivers]\nmodbus-tcp = tests.parts.toy_driver:BUS\n"
    toy_driver.install(tmp_path, monkeypatch, entries)
    assert registry.driver("modbus-tcp").family == "modbus"
    assert registry.drivers()["modbus-tcp"].family == "modbus"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("tests.parts.toy_driver:ENTRIES", "is not a Driver but a str"),
        ("tests.parts.toy_driver:NOTHING", "cannot be loaded"),
        ("nowhere.at.all:X", "cannot be loaded"),
    ],
)
def test_a_broken_entry_point_says_so(
    target: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_driver.install(tmp_path, monkeypatch, f"[wayside.drivers]\nodd = {target}\n")
    with pytest.raises(LookupError, match=f'driver "odd" {reason}'):
        registry.driver("odd")
    assert "modbus-tcp" in registry.driver_names()


def test_a_driver_whose_package_is_missing_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy.py").write_text("import a_package_nobody_has\n")
    monkeypatch.setattr(drivers, "__path__", [*drivers.__path__, str(tmp_path)])
    with pytest.raises(LookupError, match='driver "needy" needs the Python package "a_package_no'):
        registry.driver("needy")
