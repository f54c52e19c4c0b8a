"""The configuration reference says what the code takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from gateway import registry
from gateway.assets import FACTS
from gateway.config.meanings import MEANINGS
from gateway.config.reference import render
from gateway.faults.rule import Settings
from gateway.tables.shape import shape


@dataclass(frozen=True, slots=True)
class BinFull(Settings):
    level: float = 80.0


@pytest.fixture(scope="module")
def page() -> str:
    return render({"bin_full": BinFull})


def test_every_key_of_ours_has_a_meaning() -> None:
    for kind, meanings in MEANINGS.items():
        assert set(meanings) == set(shape(kind).keys), kind.__name__
    assert {kind for kind in FACTS.values() if shape(kind).keys} <= set(MEANINGS)


def test_every_driver_has_its_section(page: str) -> None:
    for driver in registry.drivers().values():
        assert f'### `driver = "{driver.name}"`' in page
        for kind in (driver.options, driver.device, driver.traits, driver.point, driver.command):
            assert all(f"| `{key}` |" in page for key in shape(kind).keys)


@pytest.mark.parametrize(
    "row",
    [
        "| `id` | id | **required** | This gateway's name in every topic and tag. |",
        '| `timezone` | time zone | `"UTC"` |',
        "| `devices` | list of path | none |",
        '| `keepalive` | duration, "1s" to "65535s" | `"30s"` |',
        '| `confirm` | `"auto"` or true or false | `"auto"` |',
        "| `conflicts` | list of [whole number, whole number] | none |",
        '| `supply` | `"permanent"`, `"switched"` | `"permanent"` |',
        "| `rated_power` | number | none |",
        "| `unit` | whole number, 1 to 247 | **required** |",
        '| `delay` | duration, "0s" to "1m" | `"0s"` |',
        "| `level` | number | `80` |",
        "| `enum` | table | none |",
    ],
)
def test_types_and_defaults_are_as_people_write_them(row: str, page: str) -> None:
    assert row in page


def test_tables_are_well_formed(page: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table
