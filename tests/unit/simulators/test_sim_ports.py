"""Ports of simulated devices: free, below those of clients, and nobody else's."""

from __future__ import annotations

import socket
import subprocess
import sys
from itertools import islice

from simulators.ports import FIRST, LAST, STRETCH, free_ports


def test_they_are_free_and_below_those_of_clients() -> None:
    found = list(islice(free_ports(), 20))
    assert len(set(found)) == 20
    assert all(FIRST <= port < LAST for port in found)
    for port in found:
        socket.create_server(("127.0.0.1", port)).close()


def test_two_districts_of_one_process_do_not_meet() -> None:
    one, other = free_ports(), free_ports()
    assert not {next(one), next(one)} & {next(other), next(other)}


def test_nor_do_those_of_two_processes_though_nobody_listens_yet() -> None:
    ours = next(free_ports()) // STRETCH * STRETCH
    code = f"from simulators import ports; print(ports._take({ours}))"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout == "False\n", "the stretch is ours, until we end"


def test_one_that_is_taken_is_passed_over() -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", next(ports) + 1)) as squatter:
        assert next(ports) != squatter.getsockname()[1]
