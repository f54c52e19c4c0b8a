"""The question before a command: Ctrl-C is heard whenever it comes."""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import Any

import pytest

from gateway.cli import field


def test_a_signal_that_came_just_before_the_wait_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handler has run by then, and nothing but the byte it left behind can tell of it."""
    wait = select.select
    heard: list[str] = []

    def late(reading: list[Any], writing: list[Any], odd: list[Any]) -> None:
        signal.raise_signal(signal.SIGINT)
        ready, _, _ = wait(reading, writing, odd, 5.0)
        heard.append("woken" if ready else "still waiting")

    reading, writing = os.pipe()
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("Ctrl-C"))
    monkeypatch.setattr(select, "select", late)
    try:
        with os.fdopen(reading) as nobody_types, os.fdopen(writing, "w"):
            monkeypatch.setattr(sys, "stdin", nobody_types)
            began = signal.set_wakeup_fd(-1)
            field._await_a_line()
            assert signal.set_wakeup_fd(began) == -1, "as it was"
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["Ctrl-C", "woken"]
