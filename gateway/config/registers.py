"""Asset registers: devices in a CSV file, one row each, columns named as ``[[device]]`` keys.

Comma-separated UTF-8, with or without a byte-order mark. An empty cell is a key left out. Lists are
``a;b``, pairs of signal groups ``1-3;1-4``; a rule's setting for one device has a column such as
``rules.lamp_failure.on_delay``. Problems name the file, the line, and the column as
``device[row].column``, rows counted from zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.assets import FACTS
from gateway.config.devices import DeviceKeys, Roster
from gateway.problems import ConfigurationError, Problem, suggest
from gateway.tables.cells import from_cells
from gateway.tables.document import Spot, printable, read_text
from gateway.tables.shape import shape


def read_register(file: Path, named: Spot, roster: Roster, problems: list[Problem]) -> None:
    """Add every row of a register to the roster; ``named`` is where the site file names it."""
    if not file.is_file():
        hint = "a relative path starts at the file that names it"
        problems.append(named.problem(f"there is no file {file}", hint))
        return
    try:
        rows = _rows(file, read_text(file))
        header = next(rows, None)
    except ConfigurationError as error:
        problems.extend(error.problems)
        return
    if header is None:
        problems.append(
            Problem(str(file), 1, "", "the file is empty", "its first line names the columns")
        )
        return
    columns = _Columns(header[1], file, roster, problems)
    if columns.usable:
        try:
            for row, (line, cells) in enumerate(rows):
                columns.add(row, line, cells)
        except ConfigurationError as error:
            problems.extend(error.problems)


def _rows(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that has any, and the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield line, stripped
            line = reader.line_num + 1
    except csv.Error as error:
        wrong = Problem(str(file), line, "", f"not CSV: {error}", "look for an unclosed quote")
        raise ConfigurationError([wrong]) from error


class _Columns:
    """The columns of one register, and how its rows become devices."""

    def __init__(
        self, names: Sequence[str], file: Path, roster: Roster, problems: list[Problem]
    ) -> None:
        self._file = file
        self._names = tuple(names)
        self._roster = roster
        self._problems = problems
        self._ignored: set[str] = set()
        self.usable = self._check()

    def _check(self) -> bool:
        """Whether the rows can be read; a column that means nothing is left out of them."""
        if len(self._names) == 1 and ";" in self._names[0]:
            self._blame("", 'the columns are separated by ";"', "save the file with commas")
            return False
        before = len(self._problems)
        for name in ("id", "profile", "bus"):
            if name not in self._names:
                self._blame(name, f'the column "{name}" is missing', "every device needs one")
        for i, name in enumerate(self._names):
            if not name:
                self._blame("", f"column {i + 1} has no name", "name it, or remove the column")
            elif name in self._names[:i]:
                self._blame(name, f'a second column is called "{name}"', "remove one of them")
        usable = len(self._problems) == before
        known = self._known()
        for name in dict.fromkeys(self._names):
            if name and known and name not in known:
                rule = name.startswith("rules.")
                alike = [key for key in known if key.startswith("rules.") is rule]
                self._blame(name, f'unknown column "{name}"', suggest(name, alike))
                self._ignored.add(name)
        return usable

    def _known(self) -> set[str]:
        """Every column that could mean something here; empty while a bus's driver is unknown."""
        drivers = [wire.driver for wire in self._roster.wires.values()]
        if None in drivers:
            return set()
        kinds = [DeviceKeys, *FACTS.values(), *(d.device for d in drivers if d is not None)]
        known = {key for kind in kinds for key in shape(kind).keys} - {"rules"}
        for code, settings in self._roster.rules.items():
            known |= {f"rules.{code}.{key}" for key in shape(settings).keys}
        return known

    def add(self, row: int, line: int, cells: Sequence[str]) -> None:
        """One row as a device."""
        spot = Spot(self._file, ("device", row), lambda _: line)
        if len(cells) != len(self._names):
            problem = f"{len(cells)} cells, and the first line names {len(self._names)} columns"
            hint = "an empty cell keeps its comma; text with a comma stands in double quotes"
            self._problems.append(spot.problem(problem, hint))
            return
        table = {
            name: cell
            for name, cell in zip(self._names, cells, strict=True)
            if cell and name not in self._ignored
        }
        self._roster.add(self._with_rules(table), spot, cells=True)

    def _with_rules(self, table: Mapping[str, Any]) -> Mapping[str, Any]:
        """The row with its ``rules.CODE.KEY`` columns as tables."""
        rules: dict[str, dict[str, Any]] = {}
        for name in table:
            prefix, _, setting = name.partition(".")
            if prefix == "rules":
                code, _, key = setting.partition(".")
                rules.setdefault(code, {})[key] = table[name]
        if not rules:
            return table
        typed = {
            code: from_cells(cells, shape(self._roster.rules[code]).keys)
            if code in self._roster.rules
            else cells
            for code, cells in rules.items()
        }
        rest = {name: cell for name, cell in table.items() if not name.startswith("rules.")}
        return {**rest, "rules": typed}

    def _blame(self, column: str, problem: str, hint: str) -> None:
        told = Problem(str(self._file), 1, printable(column), printable(problem), printable(hint))
        self._problems.append(told)
