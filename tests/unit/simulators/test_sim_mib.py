"""A controller's objects, by hand from NTCIP 1202's definitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import Value
from simulators.fast.rows import layout
from simulators.town.sitefile import profile_file
from simulators.wires.maps import read_map
from simulators.wires.mib import Mib, read_mib, short_alarm

ASC = (1, 3, 6, 1, 4, 1, 1206, 4, 2, 1)


def asc(*tail: int) -> tuple[int, ...]:
    return (*ASC, *tail)


@pytest.fixture(scope="module")
def mib() -> Mib:
    return read_mib(profile_file("signal/ntcip-1202"))


def test_a_group_is_a_bit_in_each_of_three_bitmaps(mib: Mib) -> None:
    shown = ["dark", "green", "red", "yellow", "red_yellow", "red", "red", "green"]
    held = mib.objects({f"group_{n}": aspect for n, aspect in enumerate(shown, 1)})
    reds, yellows, greens = (held[asc(1, 4, 1, column, 1)] for column in (2, 3, 4))
    assert f"{reds:08b}" == "01110100"
    assert f"{yellows:08b}" == "00011000"
    assert f"{greens:08b}" == "10000010"


def test_what_bitmaps_have_no_word_for_is_the_nearest(mib: Mib) -> None:
    held = mib.objects({"group_1": "green_flash", "group_2": "yellow_flash"})
    assert (held[asc(1, 4, 1, 4, 1)], held[asc(1, 4, 1, 3, 1)]) == (1, 2)


@pytest.mark.parametrize(
    ("mode", "cause", "code"),
    [
        ("control", "none", 2),
        ("flash", "automatic", 3),
        ("flash", "manual", 4),
        ("flash", "fault_monitor", 5),
        ("flash", "mmu", 6),
        ("startup", "startup", 7),
        ("flash", "preempt", 8),
        ("failure", "none", 1),
        ("test", "none", 1),
    ],
)
def test_unit_flash_status_says_mode_and_cause_at_once(
    mib: Mib, mode: str, cause: str, code: int
) -> None:
    assert mib.objects({"mode": mode, "flash_cause": cause})[asc(3, 6, 0)] == code


def test_unit_alarm_status_1(mib: Mib) -> None:
    bits = {
        "cycle_fault": 0, "coordination_fault": 1, "coordination_failed": 2, "cycle_failed": 3,
        "local_free": 6, "coordinated": 7,
    }  # fmt: skip
    for point, bit in bits.items():
        assert mib.objects({point: True})[asc(3, 8, 0)] == 1 << bit
    assert mib.objects({"stop_time": True})[asc(3, 7, 0)] == 1 << 4


def test_short_alarm_status() -> None:
    cases: dict[int, dict[str, Value | None]] = {
        0: {"preempt": True},
        1: {"mode": "flash"},
        4: {"coordination_fault": True},
        5: {"detector_fault_3": True},
        7: {"stop_time": True},
    }
    for bit, values in cases.items():
        assert short_alarm(values, cycle_zero=False) == 1 << bit
    assert short_alarm({}, cycle_zero=True) == 1 << 2


def test_arrays_go_on_in_the_next_object_after_eight_channels(tmp_path: Path) -> None:
    file = tmp_path / "sixteen.toml"
    file.write_text(
        'driver = "ntcip"\n[[points]]\nname = "detector"\ncount = 16\noid = ".2.4.1.2.1"\nbit = 0\n'
        '[[points]]\nname = "x"\ncount = 2\noid = "1.2.3.7"\n'
    )
    mib = read_mib(file)
    held = mib.objects({"detector_8": True, "detector_9": True, "x_2": 5})
    assert held[asc(2, 4, 1, 2, 1)] == 0b1000_0000
    assert held[asc(2, 4, 1, 2, 2)] == 0b0000_0001
    assert (held[1, 2, 3, 7], held[1, 2, 3, 8]) == (0, 5)


def test_a_profile_of_another_driver_is_refused() -> None:
    with pytest.raises(ValueError, match="for modbus, not for SNMP"):
        read_mib(profile_file("signal/generic"))


def test_a_recording_of_a_controller_has_the_points_of_its_profile() -> None:
    plan = read_map(profile_file("signal/ntcip-1202"))
    shown: dict[str, Value | None] = {"group_1": "red", "plan": 2, "door_open": True}
    assert set(layout(plan, shown).as_is) == {"group_1", "plan"}
    assert layout(plan, shown).decimal == []
