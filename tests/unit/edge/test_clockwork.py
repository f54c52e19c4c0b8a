"""What the time does to everything else: held, let go in order, begun anew after a step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from gateway.edge.clockwork import KEEP_EVERY, Clockwork, Told
from gateway.edge.hold import Hold
from gateway.edge.intake import Intake
from gateway.edge.journal import Journal
from gateway.edge.outbox.ring import LEAST_BYTES, RingOutbox
from gateway.edge.pulse import Pulse
from gateway.edge.timekeeper import Hardware, Signs, Timekeeper
from gateway.model import AlarmAction, Event, Reading
from tests.parts.virtual import run_virtual

BOOTED = 1_795_384_800_000
T = TypeVar("T")


@dataclass
class World:
    """A board on virtual time whose wall clock is wrong by ``error`` ms until NTP sets it.

    ``story`` is what reached the intake, in order; ``moments`` when its readings were taken.
    """

    folder: Path
    error: int = -BOOTED
    synchronised: bool = False
    refused: bool = False
    story: list[Any] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    flushes: int = 0

    def up(self) -> float:
        return asyncio.get_running_loop().time()

    def true(self) -> int:
        return BOOTED + round(self.up() * 1000)

    def set(self) -> None:
        self.error, self.synchronised = 0, True

    async def on_disk(self, work: Callable[..., T], *arguments: Any) -> T:
        await asyncio.sleep(0.001)
        return work(*arguments)

    async def flush(self) -> None:
        self.flushes += 1
        await asyncio.sleep(0.001)

    def clockwork(self) -> Clockwork:
        signs = Signs(
            boot="boot-1",
            wall=lambda: self.true() + self.error,
            boottime=self.up,
            synchronised=lambda: self.synchronised,
            hardware=lambda _: Hardware.NOTHING,
        )
        intake = SimpleNamespace(
            take=self.story.append,
            note=self.story.append,
            tick=lambda _t: None,
            act=self.story.append,
            restarted=lambda t: self.story.append(("restart", t)),
            clock=lambda before, after: self.story.append(("clock", before, after)),
        )
        world = self

        class Disk:
            on_disk = staticmethod(world.on_disk)

            @property
            def refused(self) -> bool:
                return world.refused

            @staticmethod
            def keep(name: str, value: Any) -> None:
                assert name == "clock"
                world.kept.append(value)

        told = Told(
            intake=cast("Intake", intake),
            journal=cast("Journal", Disk()),
            pulse=Pulse(),
            flush=self.flush,
            shift=lambda by: self.story.append(("shift", by)),
        )
        self.keeper = Timekeeper(signs, kept=self.kept[-1] if self.kept else None)
        held = Hold(
            self.folder / "held.ring", LEAST_BYTES, RingOutbox.open, gateway="gw-1", boot="boot-1"
        )
        work = Clockwork(self.keeper, held, told, gateway="gw-1", period=1.0, monotonic=self.up)
        work.start()
        return work

    def poll(self, work: Clockwork) -> int:
        """A reading, stamped as a poller stamps it; its value is the true time."""
        truth = self.true()
        work.take(Reading("lamp-1", "lamp", self.keeper.now(), {"truth": truth}))
        return truth

    @property
    def readings(self) -> list[Reading]:
        return [one for one in self.story if isinstance(one, Reading)]

    @property
    def events(self) -> list[Event]:
        return [one for one in self.story if isinstance(one, Event)]


async def polling(world: World, work: Clockwork, seconds: int, begin: float = 0.1) -> None:
    await asyncio.sleep(begin)
    for _ in range(seconds):
        world.poll(work)
        await asyncio.sleep(1.0)


def wrong(world: World) -> list[Reading]:
    return [one for one in world.readings if abs(one.t - int(one.values["truth"])) > 5]


def test_with_a_good_clock_everything_goes_straight_on(tmp_path: Path) -> None:
    world = World(tmp_path, error=0, synchronised=True)

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 5)
        task.cancel()

    run_virtual(main())
    assert world.story[0] == ("restart", BOOTED + 1_000_000)
    assert len(world.readings) == 5
    assert not wrong(world)
    assert world.events == []
    assert list(tmp_path.iterdir()) == []


def test_held_readings_go_first_stamped_and_new_ones_wait_behind_them(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 30)
        assert world.story == []
        world.set()
        await polling(world, work, 5)
        task.cancel()

    run_virtual(main())
    shift, restart, first, *_ = world.story
    assert shift[0] == "shift"
    assert restart == ("restart", first.t)
    assert len(world.readings) == 35
    assert not wrong(world)
    times = [one.t for one in world.readings]
    assert times == sorted(set(times))
    (told,) = world.events
    assert told.event == "clock"
    assert (told.values["source"], "from" in told.values) == ("kernel", False)
    assert told.values["held"] >= 30
    assert list(tmp_path.iterdir()) == [], "the file is gone"


def test_killed_while_held_the_next_daemon_lets_all_of_it_go(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 10)
        task.cancel()  # killed: nothing is closed, nothing is said
        work = world.clockwork()
        world.set()
        task = asyncio.create_task(work.run())
        await polling(world, work, 5)
        task.cancel()

    run_virtual(main())
    truths = [int(one.values["truth"]) for one in world.readings]
    assert len(truths) >= 14, "but the second that was not yet written"
    assert truths == sorted(set(truths))
    assert not wrong(world)


def test_killed_while_letting_go_the_same_readings_get_the_same_times(tmp_path: Path) -> None:
    """A correction of the clock meanwhile changes nothing for them: no second row is made."""
    world = World(tmp_path)

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 20)
        world.set()
        world.refused = True  # what is let go is not durable, so it is not released
        await asyncio.sleep(3.0)
        task.cancel()
        world.refused, world.error = False, 700
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await asyncio.sleep(3.0)
        task.cancel()

    run_virtual(main())
    times = [one.t for one in world.readings]
    assert len(times) == 40
    assert times[:20] == times[20:]


def test_while_the_outbox_refuses_nothing_is_released(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 5)
        world.set()
        world.refused = True
        await asyncio.sleep(10.0)
        assert (tmp_path / "held.ring").exists()
        world.poll(work)
        world.refused = False
        await asyncio.sleep(2.0)
        task.cancel()

    run_virtual(main())
    assert len(world.readings) == 6
    assert list(tmp_path.iterdir()) == []


def test_what_people_ask_waits_and_then_takes_effect_at_its_time(tmp_path: Path) -> None:
    world = World(tmp_path)

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        work.act(AlarmAction("id-1", "lamp-1", "lamp_failure", world.keeper.now(), "reset", "ana"))
        await polling(world, work, 2)
        world.set()
        await asyncio.sleep(2.0)
        task.cancel()
        (action,) = [one for one in world.story if isinstance(one, AlarmAction)]
        assert world.true() - 2000 <= action.t <= world.true()
        assert world.story.index(action) > world.story.index(world.readings[-1])

    run_virtual(main())


def test_a_step_begins_everything_anew_and_is_told(tmp_path: Path) -> None:
    world = World(tmp_path, error=0, synchronised=True)
    day = 86_400_000

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 3)
        world.error = -day
        await polling(world, work, 3, begin=1.1)
        task.cancel()
        assert work.figures() == {"clock_synchronised": True, "clock_offset": -86400.0}

    run_virtual(main())
    stepped = [one for one in world.story if isinstance(one, tuple) and one[0] != "restart"]
    (shift, by), (clock, before, after) = stepped
    assert (shift, by, clock, after - before) == ("shift", -day, "clock", -day)
    (told,) = world.events
    assert told.values == {"from": before, "to": after, "by": -86400.0, "source": "kernel"}
    truth = [one.t - int(one.values["truth"]) for one in world.readings]
    assert truth == [0, 0, 0, -day, -day, -day]


def test_the_time_is_kept_for_the_next_run_when_it_changes_and_every_hour(tmp_path: Path) -> None:
    world = World(tmp_path, error=0, synchronised=True)

    async def main() -> None:
        work = world.clockwork()
        assert len(world.kept) == 1, "at once"
        task = asyncio.create_task(work.run())
        await asyncio.sleep(3 * KEEP_EVERY + 10)
        assert len(world.kept) == 4
        world.error = 5000
        await asyncio.sleep(2.0)
        assert len(world.kept) == 5
        task.cancel()
        await work.last(1.0)
        assert world.kept[-1]["last"] == world.keeper.now()

    run_virtual(main())


def test_a_file_that_cannot_be_opened_holds_up_nothing_and_is_tried_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    (tmp_path / "held.ring").mkdir()

    async def main() -> None:
        work = world.clockwork()
        task = asyncio.create_task(work.run())
        await polling(world, work, 5)
        (tmp_path / "held.ring").rmdir()
        await polling(world, work, 5)
        world.set()
        await asyncio.sleep(2.0)
        task.cancel()

    run_virtual(main())
    assert len(world.readings) == 10
    assert not wrong(world)
