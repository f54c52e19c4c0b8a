"""How events are held against what crews did."""

from __future__ import annotations

import pytest

from simulators.faults import Label
from simulators.faults.happenings import COLLECTION
from tests.detection import collections
from tests.detection.collections import Told

HOUR = 3_600_000


def emptied(at: int, device: str = "bin-1", *, seen: bool = True) -> Label:
    return Label(device, COLLECTION, None, device, at, at if seen else None, at)


@pytest.mark.parametrize(
    ("labels", "events", "counts"),
    [
        ([emptied(HOUR)], [Told("bin-1", HOUR - 1, HOUR + 1)], (1, 1, 1, 1)),
        ([emptied(HOUR)], [Told("bin-1", HOUR + 1, HOUR + 2)], (1, 1, 1, 1)),
        ([emptied(HOUR)], [Told("bin-1", 2 * HOUR, 2 * HOUR + 1)], (1, 0, 1, 0)),
        ([emptied(HOUR)], [Told("bin-2", HOUR - 1, HOUR + 1)], (1, 0, 1, 0)),
        ([emptied(HOUR)], [Told("bin-1", HOUR - 1, HOUR + 1)] * 2, (1, 1, 2, 1)),
        ([emptied(HOUR)], [Told("bin-1", HOUR - 2, HOUR - 1)], (1, 0, 1, 0)),
        ([emptied(HOUR, seen=False)], [Told("bin-1", HOUR - 1, HOUR + 1)], (0, 0, 1, 1)),
        ([emptied(9 * HOUR)], [Told("bin-1", 8 * HOUR, 12 * HOUR)], (0, 0, 1, 1)),
    ],
    ids=["told", "late-for-an-echo", "later", "another", "twice", "before", "small", "unheard"],
)
def test_an_event_tells_of_one_collection(
    labels: list[Label], events: list[Told], counts: tuple[int, ...]
) -> None:
    found = collections.judge(labels, events, [("bin-1", 8 * HOUR, 12 * HOUR)])
    assert (found.due, found.found, found.events, found.true) == counts


def test_a_bound_that_is_not_kept_is_said() -> None:
    well = collections.Tally(1000, 1000, 995, 1000, 995)
    assert not collections.verdict(well, []).broken
    poor = collections.Tally(1000, 1000, 985, 1000, 980)
    assert collections.verdict(poor, []).broken == [
        "recall 98.50%, not 99%",
        "precision 98.00%, not 99%",
    ]
