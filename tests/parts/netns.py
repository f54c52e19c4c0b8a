"""Another machine for tests: a network namespace at the end of a cable (veth), which can be cut.

Making one takes root, or sudo without a password. Its packets never leave this machine.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.parts.process import program
from tests.parts.reserved import reserved


@dataclass(frozen=True, slots=True)
class Machine:
    """A namespace by name; ``host`` is its address as seen from here."""

    name: str
    host: str

    def command(self, *words: str) -> list[str]:
        """What runs a program there."""
        return [*as_root(), program("ip", "iproute2"), "netns", "exec", self.name, *words]

    def _filter(self, *words: str) -> None:
        _run(*self.command(program("iptables"), "-w", *words))

    def cut(self) -> None:
        """From now on every packet in either direction vanishes, as behind a dead radio link."""
        self._filter("-I", "INPUT", "-j", "DROP")
        self._filter("-I", "OUTPUT", "-j", "DROP")

    def mend(self) -> None:
        """Packets pass again."""
        self._filter("-F")


def as_root() -> list[str]:
    """What to put before a command that needs root; fails the test if nothing helps."""
    if os.geteuid() == 0:
        return []
    if subprocess.run([program("sudo"), "-n", "true"], check=False, capture_output=True).returncode:
        pytest.fail("this takes root: run the tests as root, or allow sudo")
    return [program("sudo"), "-n"]


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}: {done.stderr}")


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """A machine until the block ends; programs started there must have ended by then."""
    number = reserved("network", range(12_800))
    name, ours, theirs = (f"wayside-{what}{number}" for what in ("m", "a", "b"))
    net = f"10.{200 + number // 256}.{number % 256}"
    ip = [*as_root(), program("ip", "iproute2")]
    there = Machine(name, f"{net}.2")
    _run(*ip, "netns", "add", name)
    try:
        _run(*ip, "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        _run(*ip, "address", "add", f"{net}.1/30", "dev", ours)
        _run(*ip, "link", "set", ours, "up")
        _run(*there.command("ip", "address", "add", f"{net}.2/30", "dev", theirs))
        _run(*there.command("ip", "link", "set", theirs, "up"))
        yield there
    finally:
        _run(*ip, "netns", "delete", name)
