"""What the words of ``wayside write`` mean, and what is refused before a device hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_site
from gateway.config.site import Site
from gateway.field.write import Forbidden, amount, order
from gateway.model import Value
from gateway.problems import ConfigurationError

PROFILE = """\
schema = 1
kind = "{kind}"
vendor = "V"
model = "M"
driver = "modbus"
points = [
  {{ name = "dim_level", table = "holding", address = 1, unit = "%" }},
  {{ name = "mode", table = "holding", address = 2, enum = {{ 0 = "off", 2 = "night" }} }},
]
[commands.dim]
table = "holding"
address = 1
unit = "%"
min = 0
max = 100
read_back = "dim_level"
[commands.mode]
table = "holding"
address = 2
read_back = "mode"
[commands.relay]
table = "coil"
address = 3
[commands.label]
table = "holding"
address = 10
type = "string"
length = 2
[commands.setpoint]
table = "holding"
address = 20
type = "float32"
"""
SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.b]
driver = "modbus-tcp"
host = "127.0.0.1"
[[device]]
id = "lamp-1"
profile = "map.toml"
bus = "b"
unit = 1
{more}
"""


def site(folder: Path, kind: str = "other", more: str = "") -> Site:
    (folder / "map.toml").write_text(PROFILE.format(kind=kind))
    file = folder / "site.toml"
    file.write_text(SITE.format(more=more))
    return load_site(file, {})


@pytest.mark.parametrize(
    ("command", "text", "value"),
    [
        ("dim", "50", 50),
        ("dim", "50.5", 50.5),
        ("mode", "night", 2),
        ("mode", "off", 0),  # the label of the point that shows it, not "no"
        ("mode", "1", 1),
        ("relay", "on", True),
        ("relay", "FALSE", False),
        ("relay", "1", 1),
        ("label", "007", "007"),
        ("label", "on", "on"),
        ("setpoint", "21.5", 21.5),
    ],
)
def test_a_word_means_what_the_command_takes(
    command: str, text: str, value: Value, tmp_path: Path
) -> None:
    found = order(site(tmp_path), "lamp-1", command, text).value
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("command", "text", "why"),
    [
        ("dim", "140", "140 is above 100"),
        ("dim", "-1", "-1 is below 0"),
        ("dim", "nan", "nan is not a number"),
        ("dim", "bright", "bright is not a number"),
        ("mode", "70000", "70000"),
        ("relay", "2", "2"),
        ("label", "much too long", "much too long"),
        ("setpoint", "warm", "warm"),
    ],
)
def test_what_the_command_cannot_take_is_refused(
    command: str, text: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(Forbidden, match=why):
        order(site(tmp_path), "lamp-1", command, text)


def test_what_nobody_knows_is_answered_with_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match='did you mean "lamp-1"'):
        order(site(tmp_path), "lmap-1", "dim", "1")
    with pytest.raises(ConfigurationError, match='did you mean "dim"'):
        order(site(tmp_path), "lamp-1", "dimm", "1")


def test_a_signal_takes_commands_only_where_its_device_says_so(tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="allow_commands"):
        order(site(tmp_path, "signal"), "lamp-1", "relay", "on")
    assert order(site(tmp_path, "signal", "allow_commands = true"), "lamp-1", "relay", "on").value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(True, "", "on"), (50, "%", "50 %"), (21.50, "°C", "21.5 °C"), ("auto", "", "auto")],
)
def test_amounts_are_written_as_people_do(value: Value, unit: str, text: str) -> None:
    assert amount(value, unit) == text
