"""Recordings: what is written is read again, in order; what is wrong is named by file and line."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as sized
from hypothesis import strategies as st

from gateway.model import Reading
from gateway.recording import (
    LONGEST_LINE,
    Note,
    Recorder,
    RecordingError,
    Row,
    encode,
    parse,
    read,
    record,
)

T = 1_774_004_400_000
ROWS: list[Row] = [
    Reading("lamp-1", "lamp", T, {"power": 68.2, "on": True, "mode": "auto", "n": 3}),
    Reading("lamp-1", "lamp", T + 10, {"power": 1.0, "x": 2.0}, frozenset({"x"}), {"v": "timeout"}),
    Note(T + 20, "restart"),
    Reading("bin-7", "bin", T + 20, silent="no answer"),
    Note(T + 30, "action", {"device": "lamp-1", "code": "lamp_failure", "by": "ana"}),
]
KINDS = {"lamp-1": "lamp", "bin-7": "bin"}


def written(file: Path, *rows: Row) -> Path:
    with record(file) as recorder:
        for row in rows:
            recorder.write(row)
    return file


def rows_of(file: Path) -> list[Row]:
    return list(read(file, KINDS))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / name, *ROWS)
    assert rows_of(file) == ROWS
    assert (file.read_bytes()[:2] == b"\x1f\x8b") is name.endswith(".gz")


def test_the_contracts_own_row(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '{"t": 1763800000123, "device": "lamp-0001", "values": {"power": 68.2, "x": 1},'
        ' "uncertain": ["x"], "bad": ["voltage"]}\n'
        '{"t": 1763800000124, "device": "lamp-0001", "silent": true}\n'
        '{"t": 1763800000125, "device": "lamp-0001", "values": {}, "bad": {"voltage": "NaN"}}\n'
    )
    assert list(read(file, {"lamp-0001": "lamp"})) == [
        Reading(
            "lamp-0001",
            "lamp",
            1763800000123,
            {"power": 68.2, "x": 1},
            frozenset({"x"}),
            {"voltage": "bad"},
        ),
        Reading("lamp-0001", "lamp", 1763800000124, silent="no answer"),
        Reading("lamp-0001", "lamp", 1763800000125, bad={"voltage": "NaN"}),
    ]


scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)


@given(st.integers(0, 2**45), st.dictionaries(st.text(min_size=1, max_size=8), scalars, max_size=6))
def test_any_reading_comes_back_as_it_was(
    t: int, values: dict[str, bool | int | float | str]
) -> None:
    reading = Reading("lamp-1", "lamp", t, values, frozenset(list(values)[:1]))
    back = parse(encode(reading), {"lamp-1": "lamp"})
    assert back == reading


WRONG = {
    "not json": ("{", "not JSON"),
    "not an object": ("[1]", "row: expected a JSON object"),
    "no time": ('{"device": "a", "values": {}}', "t: expected integer milliseconds"),
    "time in seconds as text": ('{"t": "12", "device": "a"}', "t: expected integer"),
    "time is a bool": ('{"t": true, "device": "a"}', "t: expected integer"),
    "time far away": ('{"t": 99999999999999999, "device": "a"}', "t: expected integer"),
    "no device": ('{"t": 1, "values": {}}', "device: expected"),
    "values are a list": ('{"t": 1, "device": "a", "values": [1]}', "values: expected"),
    "a value is null": ('{"t": 1, "device": "a", "values": {"p": null}}', "values.p: expected"),
    "a value is a list": ('{"t": 1, "device": "a", "values": {"p": [1]}}', "values.p: expected"),
    "uncertain is a word": ('{"t": 1, "device": "a", "uncertain": "p"}', "uncertain: expected"),
    "bad is a number": ('{"t": 1, "device": "a", "bad": 3}', "bad: expected"),
    "a reason is a number": ('{"t": 1, "device": "a", "bad": {"p": 3}}', "bad: expected"),
    "silent is a number": ('{"t": 1, "device": "a", "silent": 3}', "silent: expected"),
    "note is empty": ('{"t": 1, "note": ""}', "note: expected"),
    "not text": ('{"t": 1, "device": "\\ud800"}', "not JSON"),
}


@pytest.mark.parametrize(("line", "problem"), WRONG.values(), ids=WRONG)
def test_a_wrong_row_is_named_by_file_and_line(tmp_path: Path, line: str, problem: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(f'{{"t": 0, "note": "restart"}}\n\n{line}\n')
    found: list[Row] = []
    with pytest.raises(RecordingError) as told:
        found.extend(read(file))
    assert found == [Note(0, "restart")], "the rows before it are given"
    assert told.value.line == 3
    assert problem in told.value.problem
    assert str(told.value).startswith(f"{file}:3: ")


def test_rows_out_of_order_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"t": 5, "device": "a"}\n{"t": 4, "device": "a"}\n')
    with pytest.raises(RecordingError, match=r":2: out of time order: 4 after 5"):
        rows_of(file)


def test_a_clock_note_may_set_the_time_back(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"t": 9, "device": "a"}\n{"t": 4, "note": "clock"}\n{"t": 5, "device": "a"}\n')
    assert [row.t for row in rows_of(file)] == [9, 4, 5]


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    file = tmp_path / "bomb.jsonl.gz"
    with gzip.open(file, "wb") as out:
        for _ in range(20):
            out.write(b" " * LONGEST_LINE)
    with pytest.raises(RecordingError, match="longer than"):
        rows_of(file)


def test_what_a_power_cut_left_is_read_up_to_its_last_whole_row(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.jsonl", *ROWS)
    plain.write_bytes(plain.read_bytes()[:-9])
    assert rows_of(plain) == ROWS[:-1]
    packed = written(tmp_path / "a.jsonl.gz", *ROWS)
    packed.write_bytes(packed.read_bytes()[:-12])
    assert rows_of(packed) == ROWS[: len(rows_of(packed))]


def test_what_is_not_gzip_is_said(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(b"this is not gzip")
    with pytest.raises(RecordingError, match="not gzip"):
        rows_of(file)


def test_a_recording_is_continued_after_its_last_whole_row(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", *ROWS[:3])
    with file.open("ab") as out:
        out.write(b'{"t": 17740044')
    written(file, *ROWS[3:])
    assert rows_of(file) == ROWS


def test_a_file_that_is_no_recording_is_not_written_to(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("schema = 1\n[gateway]")
    with pytest.raises(RecordingError, match=r"site\.toml:1: "):
        written(file, *ROWS)
    assert file.read_text() == "schema = 1\n[gateway]"


def test_a_compressed_recording_is_not_overwritten(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl.gz", *ROWS)
    with pytest.raises(FileExistsError):
        written(file, *ROWS)
    assert rows_of(file) == ROWS


def test_readings_of_several_buses_are_put_in_order(tmp_path: Path) -> None:
    late = [Reading("lamp-1", "lamp", T + t, {"power": 1.0}) for t in (0, 40, 20, 900, 60, 2000)]
    file = written(tmp_path / "a.jsonl", *late)
    assert [row.t - T for row in rows_of(file)] == [0, 20, 40, 60, 900, 2000]


def test_a_clock_set_back_is_noted(tmp_path: Path) -> None:
    steps = [Reading("lamp-1", "lamp", T + t, {"power": 1.0}) for t in (0, 5000, 9000, 100, 3000)]
    file = written(tmp_path / "a.jsonl", *steps)
    assert rows_of(file) == [
        *steps[:3],
        Note(T + 100, "clock", {"from": T + 9000}),
        *steps[3:],
    ]


@sized(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 20_000), max_size=40))
def test_whatever_order_rows_come_in_the_file_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, times: list[int]
) -> None:
    out = BytesIO()
    recorder = Recorder(out)
    for t in times:
        recorder.write(Reading("lamp-1", "lamp", T + t, {"power": 1.0}))
    recorder.finish()
    file = tmp_path_factory.mktemp("order") / "a.jsonl"
    file.write_bytes(out.getvalue())
    back = [row.t - T for row in rows_of(file) if isinstance(row, Reading)]
    assert sorted(back) == sorted(times)
