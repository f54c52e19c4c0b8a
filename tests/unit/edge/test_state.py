"""Small state through restarts, damage and disks that refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.edge.state import State


def test_values_are_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = State(path)
    state.put({"alarms": {"a": [1, 2.5, "ü", None]}, "seen": 3})
    state.put({"seen": 4})
    state.close()
    again = State(path)
    assert again.get("alarms") == {"a": [1, 2.5, "ü", None]}
    assert again.get("seen") == 4
    assert again.get("never") is None
    assert again.set_aside is None
    again.close()


def test_what_is_of_nobody_any_more_is_dropped(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    state.put({"learnt/a": 1, "learnt/b": 2, "alarms": 3})
    state.keep_only("learnt/", ["b", "c"])
    assert [state.get(name) for name in ("learnt/a", "learnt/b", "alarms")] == [None, 2, 3]
    state.close()


def test_what_put_returned_after_is_there_without_a_close(tmp_path: Path) -> None:
    first = State(tmp_path / "state.db")
    first.put({"seen": 1})
    second = State(tmp_path / "state.db")
    assert second.get("seen") == 1
    first.close()
    second.close()


@pytest.mark.parametrize("junk", [b"no database", b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_damaged_file_is_set_aside_and_a_fresh_one_begins(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "state.db"
    for number in (1, 2):
        path.write_bytes(junk)
        state = State(path)
        assert f"state.db.damaged-{number}" in str(state.set_aside)
        state.put({"seen": number})
        assert state.get("seen") == number
        state.close()
        assert (tmp_path / f"state.db.damaged-{number}").read_bytes() == junk


def test_flipped_bits_anywhere_never_stop_a_start_nor_pass_for_a_value(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = State(path)
    written = {f"name-{i}": "x" * 100 for i in range(20)}
    state.put(written)
    state.close()
    sound = path.read_bytes()
    for place in [*range(100), *range(100, len(sound), 101)]:
        torn = bytearray(sound)
        torn[place] ^= 0xFF
        path.write_bytes(torn)
        for companion in ("-wal", "-shm"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
        state = State(path)
        assert all(state.get(name) in {value, None} for name, value in written.items())
        state.put({"alive": True})
        assert state.get("alive") is True
        state.close()


def test_a_disk_that_refuses_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        State(tmp_path / "missing" / "state.db")
