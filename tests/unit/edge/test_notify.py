"""What systemd hears."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gateway.edge.notify import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_alive_and_stopping_arrive_as_datagrams(tmp_path: Path, abstract: bool) -> None:
    name = f"wayside-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name if abstract else name)
        notifier = Notifier({"NOTIFY_SOCKET": "@" + name if abstract else name})
        notifier.ready()
        notifier.alive()
        notifier.status("polling 3 devices")
        notifier.stopping()
        heard = [manager.recv(100).decode() for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "STATUS=polling 3 devices", "STOPPING=1"]


def test_the_watchdog_is_fed_twice_an_interval_if_it_is_ours() -> None:
    me = str(os.getpid())
    assert Notifier({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": me}).watchdog == 15.0
    assert Notifier({"WATCHDOG_USEC": "30000000"}).watchdog == 15.0
    assert Notifier({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}).watchdog is None
    assert Notifier({"WATCHDOG_USEC": "soon"}).watchdog is None
    assert Notifier({}).watchdog is None


def test_without_a_manager_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
