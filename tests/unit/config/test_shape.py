"""Tables against dataclasses: every mistake at once, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from gateway.problems import Problem
from gateway.tables.document import Spot
from gateway.tables.shape import shape
from gateway.units import Between, Duration, Size


@dataclass(frozen=True, slots=True)
class Inner:
    table: Literal["input", "holding"]
    address: int | str
    from_: str = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    count: int = 1
    ratio: float = 1.0
    sure: bool = False
    wait: Duration = 10.0
    room: Size = 1000
    unit: Annotated[int, Between(1, 247)] = 1
    mode: Literal["auto"] | bool = "auto"
    version: Literal[1, 2] = 1
    file: Path | None = None
    inner: Inner | None = None
    rows: tuple[Inner, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    anything: Any = None

    def __post_init__(self) -> None:
        if self.count > 1 and self.ratio != 1:
            raise ValueError("many of a kind need ratio 1, not another; leave out ratio")


@dataclass(frozen=True, slots=True)
class Other:
    colour: str = "grey"
    needed: int = 0


SPOT = Spot(Path("dir/site.toml"), ("bus", "a"), lambda keys: 10 + len(keys))


def read(table: dict[str, Any], *kinds: type) -> Any:
    problems: list[Problem] = []
    parts = shape(*(kinds or (Outer,))).read(table, SPOT, problems)
    assert not problems, problems
    assert parts is not None
    return parts if kinds else parts[0]


def complaints(table: dict[str, Any], *kinds: type) -> dict[str, tuple[str, str]]:
    problems: list[Problem] = []
    assert shape(*(kinds or (Outer,))).read(table, SPOT, problems) is None
    assert {problem.file for problem in problems} == {"dir/site.toml"}
    return {p.path.removeprefix("bus.a."): (p.problem, p.hint) for p in problems}


def complaint(**table: Any) -> tuple[str, str]:
    found = complaints({"name": "x", **table})
    assert len(found) == 1, found
    return next(iter(found.values()))


class TestWhatFits:
    def test_keys_that_are_left_out_have_their_defaults(self) -> None:
        assert read({"name": "x"}) == Outer(name="x")

    def test_values_are_parsed(self) -> None:
        found = read(
            {
                "name": "x",
                "ratio": 2,
                "wait": "5m",
                "room": "4KB",
                "mode": False,
                "file": "certs/ca.pem",
                "inner": {"table": "input", "address": "30013", "from": "there"},
                "rows": [{"table": "holding", "address": 5}],
                "pairs": [[1, 2], [3, 4]],
                "labels": {"0": "off", "0x10": "on"},
            }
        )
        assert found == Outer(
            name="x",
            ratio=2.0,
            wait=300.0,
            room=4000,
            mode=False,
            file=Path("dir/certs/ca.pem"),
            inner=Inner("input", "30013", "there"),
            rows=(Inner("holding", 5),),
            pairs=((1, 2), (3, 4)),
            labels={0: "off", 16: "on"},
        )
        assert isinstance(found.ratio, float)

    def test_an_absolute_path_stays(self) -> None:
        assert read({"name": "x", "file": "/etc/ca.pem"}).file == Path("/etc/ca.pem")

    def test_one_table_may_hold_the_keys_of_several_dataclasses(self) -> None:
        assert read({"name": "x", "colour": "red"}, Outer, Other) == (
            Outer(name="x"),
            Other(colour="red"),
        )

    def test_partly_filled_tables_keep_only_what_stands_there(self) -> None:
        problems: list[Problem] = []
        values = shape(Outer, partial=True).values({"wait": "5m"}, SPOT, problems)
        assert values == {"wait": 300.0}


class TestWhatDoesNot:
    @pytest.mark.parametrize(
        ("key", "value", "problem", "hint"),
        [
            ("name", 5, "expected text in quotes, found 5", 'write "5" in quotes'),
            ("name", ["a"], "expected text in quotes, found a list", ""),
            ("count", "7", 'expected a whole number, found "7"', "write 7 without quotes"),
            ("count", 1.5, "expected a whole number, found 1.5", ""),
            ("count", True, "expected a whole number, found true", ""),
            ("ratio", "1.5", 'expected a number, found "1.5"', "write 1.5 without quotes"),
            ("ratio", False, "expected a number, found false", ""),
            ("ratio", float("nan"), "expected a finite number, found nan", ""),
            ("ratio", float("inf"), "expected a finite number, found inf", ""),
            ("sure", 1, "expected true or false, found 1", ""),
            ("sure", "true", 'expected true or false, found "true"', "write true without quotes"),
            ("unit", 248, "248 is out of range: 1 to 247", ""),
            (
                "mode",
                "aut",
                'expected "auto" or true or false, found "aut"',
                'did you mean "auto"?',
            ),
            ("file", "", 'expected text that is not empty, found ""', ""),
            ("inner", 5, "expected a table, found 5", ""),
            (
                "rows",
                {"table": "input"},
                "expected a list in brackets, found a table",
                "head it [[rows]]",
            ),
            ("pairs", 5, "expected a list in brackets, found 5", "write [5]"),
            ("count", 2**64, f"expected a whole number of 64 bits, found {2**64}", ""),
            ("ratio", 2**2000, "expected a number, found a very long number", ""),
            ("name", 2**200, "expected text in quotes, found a very long number", ""),
            ("labels", {"0x1" + "0" * 20: "x"}, "a whole number has at most 64 bits", ""),
            ("version", True, "expected 1 or 2, found true", ""),
            ("version", 1.0, "expected 1 or 2, found 1.0", ""),
            ("version", 3, "expected 1 or 2, found 3", ""),
            ("version", "1", 'expected 1 or 2, found "1"', "write 1 without quotes"),
            ("ratio", "1,5", 'expected a number, found "1,5"', "write 1.5 with a point"),
            ("pairs", [[1, 2, 3]], "expected 2 items, found 3", ""),
            ("pairs", [[1]], "the list has too few items", ""),
            ("pairs", [[1, "2"]], 'expected a whole number, found "2"', "write 2 without quotes"),
            ("labels", {"x": "off"}, '"x" is not a whole number', ""),
            ("name", "x" * 50, None, None),
        ],
        ids=str,
    )
    def test_a_wrong_value_is_told_what_was_expected(
        self, key: str, value: object, problem: str | None, hint: str
    ) -> None:
        if problem is None:
            assert read({key: value})
        else:
            assert complaint(**{key: value}) == (problem, hint)

    def test_a_number_too_long_to_write_down_is_refused_all_the_same(self) -> None:
        """Python refuses to print it; TOML reads it, in hexadecimal."""
        assert set(complaints(dict.fromkeys(("name", "count", "unit", "wait"), 16**5000))) == {
            "name",
            "count",
            "unit",
            "wait",
        }

    def test_a_duration_and_a_size_say_how_to_write_them(self) -> None:
        problem, hint = complaint(wait=10)
        assert problem == "cannot read 10"
        assert hint.startswith('write it as "10s"')
        problem, hint = complaint(room="12 monkeys")
        assert problem == 'cannot read "12 monkeys"'
        assert hint.startswith('write it as "512MB"')

    def test_a_missing_key_is_named(self) -> None:
        assert complaints({}) == {"name": ('"name" is missing', "add name = …")}

    def test_an_unknown_key_is_answered_with_what_was_meant(self) -> None:
        assert complaint(cuont=5) == ('unknown key "cuont"', 'did you mean "count"?')
        assert complaint(inner={"table": "input", "address": 1, "adress": 2}) == (
            'unknown key "adress"',
            'did you mean "address"?',
        )

    def test_the_name_of_the_field_is_not_the_name_of_the_key(self) -> None:
        inner = {"table": "input", "address": 1, "from_": "x"}
        assert complaint(inner=inner) == ('unknown key "from_"', 'did you mean "from"?')

    @pytest.mark.parametrize(("key", "instead"), [("password", "password_"), ("token", "token_")])
    def test_a_secret_is_sent_to_a_file_of_its_own(self, key: str, instead: str) -> None:
        problem, hint = complaint(**{key: "hunter2"})
        assert "secrets never stand in this file" in problem
        assert f"{instead}file = …" in hint
        assert "hunter2" not in problem + hint

    def test_what_a_dataclass_refuses_is_told_where_the_text_says(self) -> None:
        assert complaints({"name": "x", "count": 2, "ratio": 5}) == {
            "ratio": ("many of a kind need ratio 1, not another", "leave out ratio")
        }

    def test_all_of_it_at_once_with_its_place(self) -> None:
        found = complaints(
            {
                "count": "x",
                "rows": [{"table": "input", "address": 1}, {"table": "inptu", "adr": 1}, 7],
                "colour": 1,
            },
            Outer,
            Other,
        )
        assert set(found) == {
            "name",
            "count",
            "rows[1].table",
            "rows[1].address",
            "rows[1].adr",
            "rows[2]",
            "colour",
        }

    def test_the_line_is_that_of_the_key(self) -> None:
        problems: list[Problem] = []
        shape(Outer).read({"name": "x", "rows": [{"table": "x", "address": 1}]}, SPOT, problems)
        assert [(p.line, p.path) for p in problems] == [(15, "bus.a.rows[0].table")]

    def test_an_annotation_that_no_table_can_hold_is_a_bug_and_says_so(self) -> None:
        with pytest.raises(TypeError, match="no table can hold"):
            shape(Unholdable)


@dataclass(frozen=True, slots=True)
class Unholdable:
    what: set[int]
