"""What a machine tells of its time, from folders like its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway.edge.timekeeper import Hardware
from gateway.edge.timesigns import AGREEMENT, hardware, kernel, machine

NOW = 1_795_384_800_000


def rtc(sys: Path, name: str, since_epoch: str) -> None:
    (sys / "class/rtc" / name).mkdir(parents=True)
    (sys / "class/rtc" / name / "since_epoch").write_text(since_epoch)


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        (["1795384800\n"], Hardware.AGREES),
        ([str((NOW - AGREEMENT) // 1000)], Hardware.AGREES),
        ([str((NOW - AGREEMENT) // 1000 - 1)], Hardware.DISAGREES),
        (["17"], Hardware.DISAGREES),  # a Pi 5 without its battery, after a power cut
        ([""], Hardware.DISAGREES),  # its oscillator stopped: it refuses to be read
        (["17", "1795384800"], Hardware.AGREES),  # a second one, on a hat
    ],
)
def test_an_rtc_is_compared(tmp_path: Path, clocks: list[str], expected: Hardware) -> None:
    for number, clock in enumerate(clocks):
        rtc(tmp_path, f"rtc{number}", clock)
    for processor in ("aarch64", "x86_64"):
        assert hardware(NOW, tmp_path, processor) is expected


@pytest.mark.parametrize(
    ("processor", "dmi", "expected"),
    [
        ("aarch64", False, Hardware.NOTHING),
        ("armv7l", False, Hardware.NOTHING),
        ("riscv64", False, Hardware.NOTHING),
        ("aarch64", True, Hardware.HOST),
        ("x86_64", False, Hardware.HOST),
        ("AMD64".lower(), False, Hardware.HOST),
    ],
)
def test_without_an_rtc_a_pc_is_a_guest_and_a_board_has_nothing(
    tmp_path: Path, processor: str, dmi: bool, expected: Hardware
) -> None:
    if dmi:
        (tmp_path / "class/dmi/id").mkdir(parents=True)
    assert hardware(NOW, tmp_path, processor) is expected


def test_the_kernel_answers_here() -> None:
    """Whatever it says: it can be asked, and without any rights."""
    assert kernel()() in {True, False}


def test_where_the_kernel_may_not_be_asked_timesyncd_left_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.edge.timesigns.ctypes.CDLL", lambda _: object())
    mark = tmp_path / "synchronized"
    assert not kernel(mark)()
    mark.touch()
    assert kernel(mark)()


def test_this_machine_has_a_boot_and_two_clocks() -> None:
    signs = machine()
    assert len(signs.boot) == 36
    assert abs(signs.wall() - time.time() * 1000) < 1000
    assert signs.boottime() >= time.monotonic() - 1.0
