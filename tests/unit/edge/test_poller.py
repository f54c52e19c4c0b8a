"""The poller against a scripted bus on virtual time: what happens on the wire, as timelines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pytest

from gateway.driver import BadResponse, Block, Busy, Device, LinkDown, NoResponse, Raw
from gateway.edge.orders import Work
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Reading
from tests.parts.fieldbus import Wire, scripted_device
from tests.parts.virtual import NOON, run_virtual, virtual_clock

ALWAYS = [(0.0, 1e9)]


@dataclass
class Run:
    """What a bus did: its wire's requests and what the poller made of them."""

    wire: Wire
    readings: list[Reading]
    poller: Poller
    broken: list[object]

    def of(self, device: str) -> list[Reading]:
        return [reading for reading in self.readings if reading.device == device]

    def times(self, device: str, *, silent: bool = False) -> list[float]:
        """Seconds since the start, of the device's answered (or silent) readings."""
        return [
            (reading.t - NOON) / 1000
            for reading in self.of(device)
            if (reading.silent is not None) == silent
        ]


def lamps(count: int, every: float = 1.0) -> list[Device]:
    return [scripted_device(f"lamp-{i}", ("power", every, "a")) for i in range(count)]


def dimmed(device: Device, level: float) -> Work[Raw | None]:
    """What one does to dim a device."""
    return lambda link: link.write(device, device.controls["dim"], level)


def _nothing(*_: object) -> None:
    pass


def poll(
    devices: Sequence[Device],
    seconds: float,
    *,
    script: Callable[[Wire], None] = _nothing,
    during: Callable[[Poller, Wire], object] = _nothing,
) -> Run:
    """Poll for that long. ``script`` sets the wire up, ``during`` may return a coroutine to run."""

    async def main() -> Run:
        wire, pulse = Wire(), Pulse()
        script(wire)
        clock = virtual_clock()
        readings: list[Reading] = []
        poller = Poller(
            wire.bus(*devices),
            readings.append,
            clock=clock,
            slots=Slots(clock),
            chance=lambda: 1.0,
            pulse=pulse,
        )
        task = asyncio.create_task(poller.run())
        also = during(poller, wire)
        beside = asyncio.create_task(also) if asyncio.iscoroutine(also) else None
        done, _ = await asyncio.wait({task}, timeout=seconds)
        broken = pulse.broken(clock.monotonic())
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if beside is not None:
            await beside
        assert not done
        return Run(wire, readings, poller, list(broken))

    return run_virtual(main())


def test_every_device_is_read_at_its_period_at_the_moment_the_answer_came() -> None:
    run = poll(lamps(10), 60.0)
    assert not run.wire.refused
    for i in range(10):
        times = run.times(f"lamp-{i}")[2:]
        gaps = [b - a for a, b in pairwise(times)]
        assert gaps == pytest.approx([1.0] * len(gaps), abs=0.0011), "exact, to the millisecond"
    for reading, request in zip(run.readings, run.wire.requests, strict=False):
        assert (reading.t - NOON) / 1000 == pytest.approx(request.ended, abs=0.0011)
    assert run.poller.figures.silent == 0
    assert run.poller.slip == 0
    assert not run.broken


def test_points_that_are_due_together_make_one_reading() -> None:
    device = scripted_device("x", ("power", 1.0, "a"), ("energy", 5.0, "b"))
    run = poll([device], 6.5)
    assert [sorted(reading.values) for reading in run.readings] == [
        ["energy", "power"], *[["power"]] * 4, ["energy", "power"], ["power"]
    ]  # fmt: skip
    assert len(run.wire.requests) == 9


def test_a_dead_device_does_not_delay_its_neighbours_beyond_one_timeout() -> None:
    def script(wire: Wire) -> None:
        wire.silent = {f"lamp-{i}": ALWAYS for i in (3, 11, 27)}

    healthy = poll(lamps(32), 120.0)
    hurt = poll(lamps(32), 120.0, script=script)
    for i in (0, 4, 12, 28, 31):
        name = f"lamp-{i}"
        gaps = [b - a for a, b in pairwise(hurt.times(name))][3:]
        assert median(gaps) == pytest.approx(1.0, abs=0.0011)
        assert max(gaps) <= 1.0 + hurt.wire.timeout + 0.1
        assert len(gaps) >= len(healthy.times(name)) - 6
    dead_time = sum(r.ended - r.began for r in hurt.wire.requests if r.result == "NoResponse")
    assert dead_time <= 0.06 * 120


def test_a_dead_device_is_silent_a_few_times_then_tried_now_and_then() -> None:
    run = poll(lamps(3), 300.0, script=lambda wire: wire.silent.update({"lamp-1": ALWAYS}))
    silent = run.of("lamp-1")
    assert {reading.silent for reading in silent} == {"nothing comes back (no answer in 300 ms)"}
    assert all(not reading.values and not reading.bad for reading in silent)
    assert len(silent) == len(run.wire.of("lamp-1")), "what was not attempted is no reading"
    assert 20 <= len(silent) <= 60
    assert run.times("lamp-1", silent=True)[2] < 30.0, "three attempts within comm_loss's 30 s"


def test_a_device_that_comes_back_is_polled_at_its_period_at_once() -> None:
    run = poll(lamps(3), 200.0, script=lambda wire: wire.silent.update({"lamp-1": [(20.0, 100.0)]}))
    back = [t for t in run.times("lamp-1") if t > 100.0]
    assert back[0] <= 100.0 + 8.0 + 1.0, "tried every eight periods at least"
    assert len(back) >= 200 - back[0] - 2


def test_a_lonely_device_is_found_again_soon() -> None:
    run = poll(lamps(1), 100.0, script=lambda wire: wire.silent.update({"lamp-0": [(5.0, 60.0)]}))
    assert min(t for t in run.times("lamp-0") if t > 60.0) < 68.5


def test_one_lost_frame_costs_one_poll() -> None:
    run = poll(lamps(5), 60.0, script=lambda wire: wire.silent.update({"lamp-2": [(10.35, 10.45)]}))
    assert len(run.times("lamp-2", silent=True)) == 1
    assert len(run.times("lamp-2")) >= 59


def test_an_untrustworthy_block_costs_its_own_points_only() -> None:
    def answers(block: Block, _t: float) -> Sequence[Raw]:
        if block.request == "b":
            raise BadResponse("exception 4 (device failure)")
        return [230] * len(block.points)

    device = scripted_device("x", ("voltage", 1.0, "a"), ("energy", 1.0, "b"), ("hours", 1.0, "b"))
    run = poll([device], 5.0, script=lambda wire: setattr(wire, "answers", answers))
    for reading in run.readings:
        assert reading.values == {"voltage": 230}
        assert reading.bad == dict.fromkeys(["energy", "hours"], "exception 4 (device failure)")
        assert reading.silent is None


@pytest.mark.parametrize("times", [1, 2])
def test_a_busy_device_costs_no_sample_and_its_neighbours_no_time(times: int) -> None:
    told = dict.fromkeys(range(100), 0)

    def answers(block: Block, t: float) -> Sequence[Raw]:
        if block.device.id == "lamp-1" and told[int(t)] < times and t > 2.0:
            told[int(t)] += 1
            raise Busy("busy")
        return [1] * len(block.points)

    run = poll(lamps(4), 30.0, script=lambda wire: setattr(wire, "answers", answers))
    assert len(run.times("lamp-1")) >= 28
    assert all(reading.values for reading in run.of("lamp-1"))
    assert run.times("lamp-1", silent=True) == []
    assert run.poller.slip == 0
    for i in (0, 2, 3):
        times_of = run.times(f"lamp-{i}")[1:]
        gaps = [b - a for a, b in pairwise(times_of)]
        assert max(gaps) <= 1.0 + run.wire.takes + 0.011, "at most one request in the way"


def test_a_device_that_stays_busy_is_busy_at_this_tick_and_not_silent_for_the_others() -> None:
    def answers(block: Block, _t: float) -> Sequence[Raw]:
        if block.request == "b":
            raise Busy("busy")
        return [1] * len(block.points)

    device = scripted_device("x", ("power", 1.0, "a"), ("energy", 1.0, "b"))
    run = poll([device], 20.0, script=lambda wire: setattr(wire, "answers", answers))
    assert len(run.readings) >= 19
    for reading in run.readings:
        assert (reading.values, reading.bad) == ({"power": 1}, {"energy": "busy"})
    asked = [round(r.began - run.wire.requests[0].began, 2) for r in run.wire.requests][:6]
    assert asked == pytest.approx([0.0, 0.02, 0.15, 0.17, 0.7, 0.72], abs=0.03)


def test_a_device_whose_every_block_fails_is_silent_for_that_reason_but_keeps_its_turns() -> None:
    def answers(_block: Block, _t: float) -> Sequence[Raw]:
        raise BadResponse("wrong CRC")

    run = poll(lamps(2), 30.0, script=lambda wire: setattr(wire, "answers", answers))
    assert {reading.silent for reading in run.readings} == {
        "what comes back is damaged (wrong CRC)"
    }
    assert len(run.of("lamp-0")) >= 30, "it answers in time, so it costs its neighbours nothing"


def test_a_device_that_ignores_one_request_still_gives_the_others() -> None:
    def answers(block: Block, _t: float) -> Sequence[Raw]:
        if block.request == "a":
            raise NoResponse
        return [1] * len(block.points)

    device = scripted_device("x", ("odd", 1.0, "a"), ("power", 1.0, "b"), ("hours", 1.0, "c"))
    run = poll([device], 10.0, script=lambda wire: setattr(wire, "answers", answers))
    later = run.readings[2:]
    assert len(later) >= 6
    for reading in later:
        assert reading.values == {"power": 1, "hours": 1}
        assert reading.bad == {"odd": "no response"}


def test_a_lost_wire_silences_the_whole_bus_once_an_attempt_and_backs_off() -> None:
    run = poll(lamps(3), 200.0, script=lambda wire: setattr(wire, "down", [(10.0, 130.0)]))
    attempts = run.wire.refused
    waits = [b - a for a, b in pairwise(attempts)]
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0])
    for i in range(3):
        silent = run.times(f"lamp-{i}", silent=True)
        assert silent == pytest.approx(attempts, abs=0.02)
        assert {r.silent for r in run.of(f"lamp-{i}") if r.silent} == {
            "it cannot be reached (refused)"
        }
        back = [t for t in run.times(f"lamp-{i}") if t > 130.0]
        assert back[0] <= attempts[-1] + 30.5, "whole and at once when the wire is back"
    assert not run.broken


def test_a_server_that_hangs_up_now_and_then_costs_no_sample() -> None:
    """An idle close, a restart of a serial server: the poll is made again on a new link."""
    cuts = [(t, t + 0.001) for t in (10.01, 20.01, 30.01)]
    run = poll(lamps(1), 60.0, script=lambda wire: setattr(wire, "down", cuts))
    assert len(run.wire.opened) == 4
    assert run.times("lamp-0", silent=True) == []
    assert len(run.times("lamp-0")) >= 60


def test_a_device_that_makes_its_server_hang_up_does_not_take_the_others_with_it() -> None:
    def answers(block: Block, _t: float) -> Sequence[Raw]:
        if block.device.id == "lamp-1":
            raise LinkDown("reset")
        return [1]

    run = poll(lamps(3), 120.0, script=lambda wire: setattr(wire, "answers", answers))
    assert {r.silent for r in run.of("lamp-1")} == {"it cannot be reached (reset)"}
    for name in ("lamp-0", "lamp-2"):
        assert run.times(name, silent=True) == []
        assert len(run.times(name)) >= 110


def test_a_server_that_only_hangs_up_is_a_bus_that_is_down() -> None:
    def answers(_block: Block, _t: float) -> Sequence[Raw]:
        raise LinkDown("reset")

    run = poll(lamps(3), 60.0, script=lambda wire: setattr(wire, "answers", answers))
    assert len(run.wire.opened) <= 12, "backed off"
    for i in range(3):
        silent = run.times(f"lamp-{i}", silent=True)
        assert 6 <= len(silent) <= 12
        assert len(set(silent)) == len(silent)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_link_that_the_other_end_forgot_is_opened_anew(depth: int) -> None:
    def script(wire: Wire) -> None:
        def answers(_block: Block, t: float) -> Sequence[Raw]:
            if t > 10.0 and wire.opened[-1] < 10.0:
                raise NoResponse("no answer in 1 s")
            return [1]

        wire.answers, wire.depth = answers, depth

    run = poll(lamps(2), 120.0, script=script)
    assert len(run.wire.opened) == 2
    assert run.times("lamp-0", silent=True)
    assert min(t for t in run.times("lamp-0") if t > 11.0) < 85.0


def test_with_depth_two_the_next_request_waits_at_the_wire() -> None:
    def script(wire: Wire) -> None:
        wire.depth = 2

    run = poll(lamps(32, every=0.1), 20.0, script=script)
    assert run.wire.most_at_once == 2
    gaps = [b.began - a.ended for a, b in pairwise(run.wire.requests)]
    assert max(gaps) < 1e-6, "the wire is never idle"
    assert len(run.readings) == pytest.approx(20.0 / 0.02, abs=4)


def test_a_link_that_pipelines_asks_many_devices_at_once() -> None:
    def script(wire: Wire) -> None:
        wire.depth, wire.one_at_a_time, wire.takes = 16, False, 0.5

    run = poll(lamps(8), 30.0, script=script)
    assert 2 <= run.wire.most_at_once <= 8
    assert run.poller.slip == 0
    assert all(len(run.of(f"lamp-{i}")) >= 29 for i in range(8))


def test_a_dead_device_holds_up_nobody_on_a_link_that_pipelines() -> None:
    def script(wire: Wire) -> None:
        wire.depth, wire.one_at_a_time = 4, False
        wire.silent = {"lamp-0": ALWAYS}

    run = poll(lamps(4), 30.0, script=script)
    for i in (1, 2, 3):
        gaps = [b - a for a, b in pairwise(run.times(f"lamp-{i}")[1:])]
        assert gaps == pytest.approx([1.0] * len(gaps), abs=0.0011)


def test_a_wire_lost_under_several_requests_loses_no_device() -> None:
    def script(wire: Wire) -> None:
        wire.depth, wire.one_at_a_time, wire.takes = 4, False, 0.4
        wire.down = [(10.3, 10.31)]

    run = poll(lamps(4), 30.0, script=script)
    assert len(run.wire.opened) == 2
    for i in range(4):
        assert run.times(f"lamp-{i}", silent=True) == []
        assert len(run.times(f"lamp-{i}")) >= 29


def test_a_command_passes_between_two_blocks() -> None:
    device = scripted_device("x", *((f"p{i}", 1.0, f"block-{i}") for i in range(5)))

    async def dim(poller: Poller) -> None:
        await asyncio.sleep(5.03)
        await poller.orders.submit(dimmed(device, 50))

    run = poll([device], 6.9, during=lambda poller, _: dim(poller))
    asked = [request.what for request in run.wire.requests if 5.0 <= request.began < 6.0]
    assert asked == ["p0", "p1", "dim=50", "p2", "p3", "p4"]
    assert {len(reading.values) for reading in run.readings} == {5}


def test_a_command_on_an_idle_bus_does_not_wait_for_a_poll() -> None:
    device = scripted_device("x", ("p", 600.0, "a"))

    async def dim(poller: Poller, wire: Wire) -> None:
        await asyncio.sleep(10.0)
        await poller.orders.submit(dimmed(device, 50))
        assert wire.now() < 10.1

    run = poll([device], 20.0, during=dim)
    assert [request.what for request in run.wire.requests] == ["p", "dim=50"]


def test_commands_go_ahead_of_polls_on_a_busy_bus() -> None:
    devices = lamps(20, every=0.1)

    async def dim(poller: Poller, wire: Wire) -> None:
        await asyncio.sleep(5.0)
        asked = [poller.orders.submit(dimmed(d, i)) for i, d in enumerate(devices[:5])]
        await asyncio.gather(*asked)
        assert wire.now() < 5.0 + 7 * wire.takes

    run = poll(devices, 10.0, during=dim)
    written = [request.what for request in run.wire.requests if "dim" in request.what]
    assert written == [f"dim={i}" for i in range(5)]


def test_a_command_is_told_how_it_went() -> None:
    async def dim(poller: Poller, wire: Wire) -> list[str]:
        device = lamp
        told = []
        for at in (5.0, 15.0, 25.0):
            await asyncio.sleep(at - wire.now())
            try:
                await poller.orders.submit(dimmed(device, 1))
                told.append("done")
            except (NoResponse, LinkDown) as error:
                told.append(type(error).__name__)
        outcomes.extend(told)
        return told

    def script(wire: Wire) -> None:
        wire.silent = {"lamp-0": [(14.5, 16.5)]}
        wire.down = [(24.0, 1e9)]

    (lamp,) = lamps(1)
    outcomes: list[str] = []
    poll([lamp], 30.0, script=script, during=dim)
    assert outcomes == ["done", "NoResponse", "LinkDown"]


def test_a_command_whose_sender_went_away_is_not_written() -> None:
    def script(wire: Wire) -> None:
        wire.down = [(0.0, 0.1)]

    async def dim(poller: Poller, wire: Wire) -> None:
        await asyncio.sleep(10.0)
        wire.takes = 1.0
        await asyncio.sleep(1.05)  # a request is under way
        asked = asyncio.create_task(poller.orders.submit(dimmed(lamp, 1)))
        await asyncio.sleep(0.1)
        asked.cancel()

    (lamp,) = lamps(1)
    run = poll([lamp], 20.0, script=script, during=dim)
    assert not [request for request in run.wire.requests if "dim" in request.what]


def test_stamps_never_repeat_and_never_run_backwards_by_a_small_step_of_the_clock() -> None:
    def script(wire: Wire) -> None:
        wire.takes = 0.0

    device = scripted_device("x", ("p", 0.01, "a"))
    run = poll([device], 3.0, script=script)
    stamps = [reading.t for reading in run.readings]
    assert all(b > a for a, b in pairwise(stamps))


def test_a_driver_that_hangs_is_seen_as_stuck() -> None:
    run = poll(lamps(1), 120.0, script=lambda wire: setattr(wire, "takes", 1e6))
    assert run.broken


def test_a_bus_polled_once_an_hour_is_not() -> None:
    run = poll([scripted_device("x", ("p", 3600.0, "a"))], 7000.0)
    assert not run.broken
    assert len(run.readings) == 2
