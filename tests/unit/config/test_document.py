"""A file that cannot be read, or is not TOML, says so with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.problems import ConfigurationError, Problem
from gateway.tables.document import LIMIT, read_document, written


def problem(file: Path) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        read_document(file)
    (found,) = caught.value.problems
    assert found.file == str(file)
    assert found.path == ""
    return found


def saved(folder: Path, content: bytes) -> Path:
    file = folder / "site.toml"
    file.write_bytes(content)
    return file


def test_a_missing_file(tmp_path: Path) -> None:
    found = problem(tmp_path / "none.toml")
    assert (found.line, found.problem) == (0, "cannot be read: No such file or directory")


def test_a_folder(tmp_path: Path) -> None:
    assert problem(tmp_path).problem == "cannot be read: Is a directory"


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    found = problem(saved(tmp_path, b'a = 1\nname = "caf\xe9"\n'))
    assert (found.line, found.problem) == (2, "not UTF-8: byte 0xe9")


def test_a_file_that_is_too_long(tmp_path: Path) -> None:
    found = problem(saved(tmp_path, b"#" * (LIMIT + 1)))
    assert (found.line, found.problem) == (0, "longer than 16 MB")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a = 1\nb = \n", 2, "invalid value"),
        ("a = 1\nb = 2 c\n", 2, "expected newline"),
        ("[bus.a]\n\n[bus.a]\n", 3, "cannot declare bus.a twice"),
        ("a = 1\na = 2\n", 2, "cannot overwrite a value"),
        ('a = "x\n', 1, "illegal character"),
        ('a = """x\n\n', 1, "unterminated string"),
        ("a = [1,\n2\n", 2, "unclosed array"),
        ("a = " + "[" * 10_000, 1, "nested too deeply"),
        ("a = " + "9" * 5000, 1, "limit"),
    ],
)
def test_text_that_is_not_toml(text: str, line: int, said: str, tmp_path: Path) -> None:
    found = problem(saved(tmp_path, text.encode()))
    assert found.line == line
    assert said in found.problem


def test_the_editors_of_other_systems_are_welcome(tmp_path: Path) -> None:
    """A byte-order mark, and lines that end in CR LF."""
    document = read_document(saved(tmp_path, b"\xef\xbb\xbfa = 1\r\n[t]\r\nb = 2\r\n"))
    assert document.table == {"a": 1, "t": {"b": 2}}
    assert document.line(("t", "b")) == 3


def test_a_key_that_is_not_there_stands_where_its_table_does(tmp_path: Path) -> None:
    document = read_document(saved(tmp_path, b"a = 1\n\n[t.u]\nb = 2\n"))
    assert document.line(("t", "u", "missing")) == 3
    assert document.line(("nowhere",)) == 1
    found = document.spot.at("t", "u", "b").problem("is wrong", "write 3")
    assert found == Problem(str(document.file), 4, "t.u.b", "is wrong", "write 3")


def test_paths_are_written_as_people_write_them() -> None:
    assert written(("device", 1, "unit")) == "device[1].unit"
    assert written(("bus", "a.b", "driver")) == 'bus."a.b".driver'
    assert written(("pairs", 0, 1)) == "pairs[0][1]"
    assert written(()) == ""


def test_what_is_quoted_cannot_play_with_the_terminal(tmp_path: Path) -> None:
    document = read_document(saved(tmp_path, b'"\\u001b[2J" = 1\n'))
    found = document.spot.at("\x1b[2J").problem('no "\x1b]0;x\x07"', "é 日 “x”\n")
    assert (found.path, found.line) == ('"\\u001b[2J"', 1)
    assert (found.problem, found.hint) == ('no "\\u001b]0;x\\u0007"', "é 日 “x”\\u000a")
