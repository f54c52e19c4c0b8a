"""The gauntlet's referee at single faults, each with daemons killed in the midst of it.

Whatever the fault: what was committed is stored once, no start fails, no stream begins anew.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

from gateway.edge.outbox.ring.block import SIZE
from tests.gauntlet.city import City, Plan, city
from tests.gauntlet.lives import Fate, Moment, now
from tests.gauntlet.referee import Findings
from tests.parts.tmpfs import mounted, remount

GATEWAY = Plan(name="gw-one", devices=20)


async def lives(there: City, *seconds: float, end: Moment = Moment.RUNNING) -> None:
    """The gateway lives for so long and is killed, again and again."""
    (gateway,) = there.gateways
    for after in seconds:
        await gateway.live(Fate(end, after))


async def broker_and_ingest_back(there: City) -> None:
    """The broker again, and ingest at once, which would look for it less and less often."""
    await asyncio.to_thread(there.broker.start)
    await there.ingest.kill()
    await there.ingest.start()


async def judged(there: City, *expected: str) -> Findings:
    """Everything delivered and as it should be, but for errors in the log with these words."""
    found = await there.settle(60.0)
    wrong = [each for each in there.wrong(found) if not any(words in each for words in expected)]
    assert wrong == []
    assert found.committed > 200
    return found


async def test_the_database_is_down_and_ingest_dies_with_it(tmp_path: Path) -> None:
    async with city(tmp_path, [GATEWAY]) as there:
        await lives(there, 1.5)
        await asyncio.to_thread(there.database.kill)
        await lives(there, 1.5)
        await there.ingest.kill()
        await there.ingest.start()
        await lives(there, 1.5)
        await asyncio.to_thread(there.database.start)
        await judged(there)


async def test_ingest_is_down_and_the_broker_forgets_its_session(tmp_path: Path) -> None:
    """What a broker without a subscriber acknowledges is gone: only ``confirm`` tells."""
    async with city(tmp_path, [GATEWAY]) as there:
        await lives(there, 1.5)
        await there.ingest.kill()
        await asyncio.to_thread(there.broker.kill)
        await asyncio.to_thread(there.broker.start)
        await lives(there, 2.0, 1.0)
        await there.ingest.start()
        assert await there.ingest.ready()
        await judged(there)


async def test_a_frozen_broker(tmp_path: Path) -> None:
    async with city(tmp_path, [GATEWAY]) as there:
        await lives(there, 1.5)
        await asyncio.to_thread(there.broker.freeze)
        await lives(there, 5.0, 3.0, 2.0)
        there.broker.thaw()
        await judged(there)


async def test_a_full_outbox(tmp_path: Path) -> None:
    """What had to go is on record at the centre, whenever the daemon died or was stopped."""
    small = replace(GATEWAY, devices=40, flush=0.03, max_bytes="600KB")
    async with city(tmp_path, [small]) as there:
        there.broker.kill()
        await lives(there, 3.0, 2.0)
        await lives(there, 0.1, 0.5, end=Moment.STOPPING)
        await lives(there, 1.0)
        await broker_and_ingest_back(there)
        found = await judged(there, "'event': 'lost'")
    assert found.on_record["the outbox is full"] > 100


async def test_a_full_disk(tmp_path: Path) -> None:
    """Pre-written blocks take what is committed; what needs more room waits for it, or is told."""
    with mounted(tmp_path / "disk", "size=2m") as disk:
        async with city(tmp_path, [GATEWAY], data=disk) as there:
            await lives(there, 1.5)
            there.broker.kill()
            free = os.statvfs(disk).f_bavail * SIZE
            (disk / "somebody-else").write_bytes(bytes(free))
            await lives(there, 2.5, 2.5)
            (disk / "somebody-else").unlink()
            await broker_and_ingest_back(there)
            await judged(there, "cannot be saved", "cannot be kept", "the disk refuses")


async def test_a_disk_that_was_remounted_read_only(tmp_path: Path) -> None:
    """As after an error of the card: it starts, keeps readings in memory, writes when it may."""
    with mounted(tmp_path / "disk", "size=8m") as disk:
        async with city(tmp_path, [GATEWAY], data=disk) as there:
            await lives(there, 1.5)
            remount(disk, "ro")
            await lives(there, 1.5)
            gateway = there.gateways[0]
            await gateway.daemon.start()
            assert await gateway.daemon.ready()
            since = now()
            await asyncio.sleep(1.5)
            refused = there.field.numbers("gw-one-x-1", since, now())
            remount(disk, "rw")
            await asyncio.sleep(1.5)
            await gateway.daemon.kill()
            await judged(there, "cannot be saved", "cannot be kept", "the disk refuses")
            stored = {
                row["number"] for row in there.readings("other") if row["device"] == "gw-one-x-1"
            }
            assert len(refused) > 4
            assert set(refused) <= stored, "what was in memory is written as soon as it may"


FILES = ("lock", "state.db", "outbox.ring.new", "outbox.ring")


async def test_killed_while_it_makes_its_files(tmp_path: Path) -> None:
    """The very first start, ended as each file appears; the next one begins as if nothing was."""
    async with city(tmp_path, [GATEWAY]) as there:
        (gateway,) = there.gateways
        data = gateway.witness.path.parent
        for name in FILES:
            shutil.rmtree(data, ignore_errors=True)
            await gateway.daemon.start()
            assert await asyncio.to_thread(appears, data / name), name
            assert await gateway.daemon.kill()
            await gateway.daemon.start()
            assert await gateway.daemon.ready(), gateway.daemon.log.read_text()[-2000:]
            await gateway.daemon.kill()
        await lives(there, 1.5)
        await judged(there)


def appears(file: Path, patience: float = 30.0) -> bool:
    """Wait until there is such a file, or the one it becomes."""
    becomes = file.with_suffix("") if file.suffix == ".new" else file
    deadline = time.monotonic() + patience
    while not (file.exists() or becomes.exists()) and time.monotonic() < deadline:
        time.sleep(0.0002)
    return file.exists() or becomes.exists()
