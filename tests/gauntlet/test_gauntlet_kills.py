"""The gauntlet's short form: a few kills, all else as in the long one (``make gauntlet``)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.gauntlet.city import city
from tests.gauntlet.kills import PLANS, run

SEED = int(os.environ.get("GAUNTLET_SEED", "1"))


@pytest.mark.alone
@pytest.mark.timeout(240)
async def test_every_committed_reading_is_stored_once_whoever_is_killed(tmp_path: Path) -> None:
    """A mosquitto at its defaults, which loses on kill -9 what it has acknowledged."""
    print(f"GAUNTLET_SEED={SEED}")
    async with city(tmp_path, PLANS) as there:
        toll = await run(there, SEED, 16, quiet=(1.0, 3.0), longest=3.0)
        found = await there.settle(100.0)
        assert there.wrong(found) == []
    assert min(toll.broker, toll.ingest) >= 2
    assert found.committed > 500
    assert found.alarms > 5
