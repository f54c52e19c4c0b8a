"""What the recorder adds to a device's own points is what the gateway would have added."""

from __future__ import annotations

import pytest

from gateway.model import Bad, Derived, Device, Uncertain, Value
from simulators.fast.rows import derive


def level(distance: Value, _facts: object) -> Value | Uncertain | Bad:
    if distance == 5_000.0:
        return Bad("no echo")
    return Uncertain(0.0) if distance == 3_000.0 else 64.0


BIN = Device("bin-1", "bin", "a", "", None, None, (), (Derived("fill_level", "distance", level),))


@pytest.mark.parametrize(
    ("distance", "shown", "uncertain", "bad"),
    [
        (900.0, {"fill_level": 64.0}, [], []),
        (3_000.0, {"fill_level": 0.0}, ["fill_level"], []),
        (5_000.0, {}, [], ["fill_level"]),
    ],
    ids=["good", "beyond-empty", "bad"],
)
def test_a_level_far_beyond_empty_is_uncertain_and_no_empty_bin(
    distance: float, shown: dict[str, Value], uncertain: list[str], bad: list[str]
) -> None:
    values: dict[str, Value] = {"distance": distance}
    found: list[str] = []
    assert derive(BIN, values, found) == uncertain
    assert (values, found) == ({"distance": distance, **shown}, bad)
