"""``[[maintenance]]``: windows at times of the week or once, and what is wrong with others."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.config import load_site
from gateway.config.site import Site
from gateway.edge.judge import window
from gateway.faults.rule import Settings
from gateway.problems import ConfigurationError

MANILA = ZoneInfo("Asia/Manila")
HEAD = """\
schema = 1
[gateway]
id = "gw-1"
site = "s"
latitude = 14.5
longitude = 121.0
data_dir = "data"
[[maintenance]]
"""


def site(folder: Path, keys: str) -> Site:
    (folder / "site.toml").write_text(HEAD + keys)
    return load_site(folder / "site.toml", {"lamp_failure": Settings, "bin_fire": Settings})


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_window_is_open_at_its_times_of_the_week(tmp_path: Path) -> None:
    [options] = site(tmp_path, 'devices = ["lamp-*"]\ntimes = "mon 22:00-02:00"').maintenance
    opened = window(options, MANILA)
    assert opened.open(ms("2026-03-02T23:00:00+08:00")), "a Monday"
    assert opened.open(ms("2026-03-03T01:59:00+08:00")), "it began on Monday"
    assert not opened.open(ms("2026-03-03T23:00:00+08:00"))
    assert opened.concerns("lamp-7", "lamp_failure")
    assert not opened.concerns("bin-7", "bin_full")
    assert not opened.concerns("lamp-7", "pole_down"), "a danger must be named in full"


def test_a_window_is_open_once(tmp_path: Path) -> None:
    keys = 'codes = ["bin_fire"]\nfrom = "2026-03-01T22:00:00+08:00"\nto = "2026-03-02T04:00:00Z"'
    [options] = site(tmp_path, keys).maintenance
    opened = window(options, MANILA)
    assert not opened.open(ms("2026-03-01T21:59:59+08:00"))
    assert opened.open(ms("2026-03-01T22:00:00+08:00"))
    assert not opened.open(ms("2026-03-02T12:00:00+08:00"))
    assert opened.concerns("bin-7", "bin_fire")


@pytest.mark.parametrize(
    ("keys", "path", "problem"),
    [
        ("", "maintenance[0].times", "times is missing"),
        ('times = "late"', "maintenance[0].times", "no time of the week"),
        ('from = "2026-03-01T22:00:00"', "maintenance[0].from", "not a moment"),
        (
            'from = "2026-03-01T22:00:00Z"\nto = "2026-03-01T21:00:00Z"',
            "maintenance[0].to",
            "to is not after from",
        ),
        ('times = "22:00-23:00"\ncodes = ["lamp_fail"]', "maintenance[0].codes[0]", "no rule"),
        ('times = "22:00-23:00"\ndevice = ["a"]', "maintenance[0].device", "unknown key"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, keys: str, path: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        site(tmp_path, keys)
    [found] = caught.value.problems
    assert (found.path, problem in found.problem) == (path, True), found
