"""The gateway's own figures."""

from __future__ import annotations

from pathlib import Path

from gateway.edge.health import machine


def test_the_machine_says_what_it_knows_and_leaves_out_what_it_does_not(tmp_path: Path) -> None:
    figures = machine(tmp_path)
    assert {"rss", "load", "disk_free"} <= figures.keys()
    assert 5 < float(figures["rss"]) < 1000
    assert "disk_free" not in machine(tmp_path / "gone")
