"""``wayside demo`` as a newcomer runs it: a minute of the mixed scenario, and its summary."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.parts.process import free_port

KEYS = {
    *("polls", "readings", "published", "stored", "lost", "duplicates"),
    *("alarms", "injected", "missed", "false_alarms"),
}
FAULTS = {
    *("silent", "day_burner", "lamp_failure", "bin_fire", "conflicting_greens", "bin_full"),
    "feeder_outage",
}


def demo(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gateway", "demo", "--port", str(free_port()), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.timeout(240)
def test_a_minute_loses_nothing_misses_nothing_and_invents_nothing() -> None:
    out, err = demo("--for", "60", "--json").communicate(timeout=180)
    summary = json.loads(out)
    assert set(summary) == KEYS
    assert summary["lost"] == 0, summary
    assert summary["duplicates"] == 0, summary
    assert summary["missed"] == 0, (summary, err)
    assert summary["false_alarms"] == 0, (summary, err)
    assert summary["stored"] == summary["readings"] > 1500
    assert summary["published"] > 0
    assert {one["fault"] for one in summary["injected"]} == FAULTS
    assert all(0 < one["detected_after_ms"] < 15_000 for one in summary["injected"])
    assert summary["alarms"] == {one["code"]: 1 for one in summary["injected"]}


@pytest.mark.timeout(120)
def test_it_tells_where_its_page_is_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    process = demo("--scenario", "quiet", "--devices", "30", "--dir", str(tmp_path / "demo"))
    assert process.stdout is not None
    url = None
    for line in process.stdout:
        url = url or (re.search(r"http://127\.0\.0\.1:\d+/", line) or [None])[0]
        if "Ctrl-C" in line:
            break
    assert url is not None
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # loopback
        assert "Wayside" in answer.read().decode()
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert re.search(r" 0 lost, 0 duplicates; 0 of 0 faults found, 0 false alarms", rest)
    assert (tmp_path / "demo" / "site.toml").exists()


def test_what_cannot_be_is_refused() -> None:
    for words in (("--devices", "3"), ("--scenario", "nonesuch")):
        process = demo(*words)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "12 to 2000" in err or ("known here: " in err and "mixed, quiet" in err)
