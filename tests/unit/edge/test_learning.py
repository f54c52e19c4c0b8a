"""What rules learnt is saved by turns, and taken up after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from gateway.edge.journal import Journal
from gateway.edge.learning import TURNS, Keeper
from gateway.edge.state import State
from gateway.faults.learning import Learning


class Learnt:
    def __init__(self, count: int) -> None:
        self.values: dict[str, Any] = {f"lamp-{n}": {"power/1": n} for n in range(count)}
        self.loaded: dict[str, Any] = {}

    def subjects(self) -> tuple[str, ...]:
        return tuple(self.values)

    def dump(self, subject: str) -> Any:
        return self.values[subject]

    def load(self, subject: str, saved: Any) -> None:
        self.loaded[subject] = saved


class Kept:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def keep(self, name: str, value: Any) -> None:
        self.values[name] = value


def keeper(learnt: Learnt) -> tuple[Keeper, Kept]:
    kept = Kept()
    return Keeper(cast("Learning", learnt), cast("Journal", kept)), kept


def test_everybody_has_had_a_turn_after_so_many_savings() -> None:
    keeps, kept = keeper(Learnt(100))
    for turn in range(TURNS):
        before = len(kept.values)
        keeps.save_some()
        assert len(kept.values) - before <= 100 / TURNS + 1, f"turn {turn} is no burst"
    assert len(kept.values) == 100
    keeps.save_some()
    assert len(kept.values) == 100


def test_a_restart_takes_up_what_was_saved_of_those_that_are_there(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    keeps, kept = keeper(Learnt(3))
    keeps.save_all()
    state.put({**kept.values, "learnt/lamp-9": {"power/1": 9}})
    after = Learnt(2)
    keeper(after)[0].resume(state)
    assert after.loaded == {"lamp-0": {"power/1": 0}, "lamp-1": {"power/1": 1}}
    assert state.get("learnt/lamp-9") is None
    state.close()
