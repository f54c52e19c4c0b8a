"""Every bus shown to field engineers is one the daemon takes."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import pytest

from tests.docs import DOCS
from tests.parts.bench_site import load, write_site

PAGE = (DOCS / "field.md").read_text()
BLOCKS = re.findall(r"^ *```toml\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
BUSES = [keys for block in BLOCKS for keys in [textwrap.dedent(block)] if keys.startswith("[bus.")]


def test_there_are_buses_shown() -> None:
    drivers = {bus["driver"] for keys in BUSES for bus in tomllib.loads(keys)["bus"].values()}
    assert drivers == {"modbus-rtu", "modbus-ascii"}


@pytest.mark.parametrize("keys", BUSES)
def test_a_bus_of_the_page_is_taken_as_it_stands(keys: str, tmp_path: Path) -> None:
    (name,) = tomllib.loads(keys)["bus"]
    site = load(write_site(tmp_path, {name: (keys.partition("]\n")[2], [1])}))
    shown = tomllib.loads(keys)["bus"][name]
    options = site.buses[name].options
    assert (options.port, options.baudrate) == (shown["port"], shown.get("baudrate", 9600))
