"""Simulated devices that always show the same, laid out by the library's own maps."""

from __future__ import annotations

from collections.abc import Mapping

from gateway import registry
from gateway.model import Kind, Value
from simulators.wires.maps import read_map
from simulators.wires.modbus import Unit
from simulators.wires.registers import Image


class Fixed:
    """A simulated device that always shows the same."""

    name = "it"

    def __init__(self, kind: Kind, values: Mapping[str, Value | None]) -> None:
        self.kind = kind
        self.shown = values

    def advance(self, t: int) -> None:
        """Nothing changes."""

    def values(self) -> Mapping[str, Value | None]:
        return self.shown

    def command(self, name: str, value: float) -> None:
        raise AssertionError(f"{name} = {value}")

    def break_down(self, fault: str, over: float, /) -> None:
        raise AssertionError(f"{fault} in {over} s")

    def repair(self, fault: str, /) -> None:
        raise AssertionError(fault)

    def shows(self, fault: str, /) -> bool:
        raise AssertionError(fault)

    def tells(self, fault: str, /) -> bool:
        raise AssertionError(fault)

    def could_show(self, fault: str, /) -> bool:
        raise AssertionError(fault)


def fixed(unit: int, profile: str, values: Mapping[str, Value | None]) -> Unit:
    """A device of the library's profile at that unit number."""
    shown = Image(read_map(registry.folder() / "profiles" / f"{profile}.toml"))
    return Unit(unit, Fixed(shown.map.kind, values), shown)
