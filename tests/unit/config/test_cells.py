"""Spreadsheet cells become the TOML values they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from gateway.tables.cells import from_cells, reader
from gateway.tables.words import Latitude
from gateway.units import Duration


@pytest.mark.parametrize(
    ("hint", "cell", "value"),
    [
        (str, "007", "007"),
        (int, "7", 7),
        (int, "-7", -7),
        (float, "7", 7.0),
        (float, "14.5549", 14.5549),
        (float, "1e3", 1000.0),
        (bool, "true", True),
        (bool, "No", False),
        (bool, "1", True),
        (Latitude, "14.5", 14.5),
        (int | None, "7", 7),
        (str | None, "7", "7"),
        (int | str, "7", 7),
        (int | str, "x", "x"),
        (Literal["L1", "L2"] | None, "L2", "L2"),
        (Literal[1, 2], "2", 2),
        (Duration, "20m", "20m"),
        (Path | None, "a/b", "a/b"),
        (tuple[int, ...], "1;2; 3", [1, 2, 3]),
        (tuple[int, ...], "1", [1]),
        (tuple[str, ...], "a;b", ["a", "b"]),
        (tuple[tuple[int, int], ...], "1-3; 1-4", [[1, 3], [1, 4]]),
    ],
)
def test_a_cell_means_what_its_key_asks_for(hint: object, cell: str, value: object) -> None:
    assert reader(hint)(cell) == value


@pytest.mark.parametrize(
    ("hint", "cell"),
    [
        (int, "1.5"),
        (int, "x"),
        (int, "1_000"),
        (int, "٣"),
        (float, "1,5"),
        (float, "nan"),
        (float, "9" * 400),
        (bool, "maybe"),
        (Literal[1, 2], "3"),
    ],
)
def test_a_cell_that_does_not_fit_stays_text_to_be_complained_about(hint: Any, cell: str) -> None:
    assert reader(hint)(cell) == cell


def test_a_row_keeps_what_has_no_meaning_here() -> None:
    row = from_cells({"unit": "7", "colour": "red", "rules": {}}, {"unit": int, "id": str})
    assert row == {"unit": 7, "colour": "red", "rules": {}}
