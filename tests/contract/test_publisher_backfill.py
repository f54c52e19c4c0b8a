"""After an outage: nothing lost, in order, and never at the cost of what is live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gauntlet import flapping
from tests.gauntlet.outage import Scene, broken, outage

pytestmark = pytest.mark.alone


async def test_72_hours_without_a_broker(tmp_path: Path) -> None:
    """A minute's record for a second's, so that it fits a test; the long form: make gauntlet."""
    scene = Scene(every=60, alarm_every=10, period=0.5, max_bytes=8_000_000, rate=300_000)
    found = await outage(tmp_path, scene, seed=1)
    assert broken(found, scene) == []
    assert found.lost > 0, "the bound was reached"
    assert found.alarms >= 432


async def test_over_a_link_that_carries_little_more_than_what_is_live(tmp_path: Path) -> None:
    """32 kbit/s, where a backlog sent at once would hold up what is live for half a minute."""
    scene = Scene(hours=0.02, every=1, period=1.0, alarm_every=20, max_bytes=1_000_000, rate=4_000)
    found = await outage(tmp_path, scene, seed=2)
    assert broken(found, scene) == []


async def test_a_flapping_link(tmp_path: Path) -> None:
    """Twelve rounds of an hour's hundred and twenty-eight; the long form: make gauntlet."""
    found = await flapping.flapping(tmp_path, cycles=12, speed=30, seed=3)
    assert flapping.broken(found) == []
    assert found.sessions > 6
    print(found)
