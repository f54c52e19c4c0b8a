"""What the poller says of devices that are not well, on a scripted bus and virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gateway.driver import Bad, BadResponse, Block, Device, Link, NoResponse, Raw, Symptom
from gateway.edge.checkup import VERIFY_AGAIN, VERIFY_EVERY
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Event, Reading
from tests.parts.fieldbus import Wire, scripted_device
from tests.parts.virtual import NOON, run_virtual, virtual_clock

Answers = Callable[[Block, float], Sequence[Raw]]
SUPPLY = {Symptom.SILENT: ("Check its supply.",)}


@dataclass
class Run:
    """What came of a bus: readings, and events of what ails its devices."""

    wire: Wire
    readings: list[Reading] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def told(self) -> list[tuple[float, str, bool]]:
        """Of each event the second, the symptom, and whether it is over."""
        return [
            ((one.t - NOON) // 1000, one.values["symptom"], "until" in one.values)
            for one in self.events
        ]

    def at(self, second: float) -> Reading:
        """The first reading from then on."""
        return next(one for one in self.readings if one.t >= NOON + 1000 * second)


def poll(seconds: float, script: Callable[[Wire], object], *devices: Device) -> Run:
    async def main() -> Run:
        wire = Wire()
        script(wire)
        clock = virtual_clock()
        run = Run(wire)
        poller = Poller(
            wire.bus(*(devices or (scripted_device("x"),))),
            run.readings.append,
            clock=clock,
            slots=Slots(clock),
            chance=lambda: 1.0,
            pulse=Pulse(),
            tell=run.events.append,
        )
        task = asyncio.create_task(poller.run())
        done, _ = await asyncio.wait({task}, timeout=seconds)
        assert not done
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return run

    return run_virtual(main())


def answering(answers: Answers) -> Callable[[Wire], None]:
    return lambda wire: setattr(wire, "answers", answers)


def failing(error: Exception, begin: float, end: float) -> Callable[[Wire], None]:
    """One value, except from ``begin`` to ``end``."""

    def answers(block: Block, t: float) -> Sequence[Raw]:
        if begin <= t < end:
            raise error
        return [1] * len(block.points)

    return answering(answers)


def test_a_diagnosis_begins_is_told_with_what_to_try_and_ends() -> None:
    def script(wire: Wire) -> None:
        wire.silent["x"] = [(10.0, 60.0)]
        wire.advice = SUPPLY

    run = poll(120.0, script)
    begun, over = run.events
    assert begun.device == "x"
    assert begun.event == "diagnosis"
    assert begun.values == {
        "symptom": "silent",
        "text": "nothing comes back (no answer in 300 ms)",
        "since": next(one.t for one in run.readings if one.silent),
        "try": ["Check its supply."],
    }
    assert over.values == {**begun.values, "until": over.t}
    assert over.t == run.at(60).t


def test_two_polls_that_fail_are_no_diagnosis() -> None:
    assert not poll(60.0, failing(BadResponse("bad CRC"), 10.0, 12.0)).events


def test_it_is_told_again_when_it_becomes_something_else() -> None:
    def answers(_block: Block, t: float) -> Sequence[Raw]:
        if t > 20.0:
            raise BadResponse("unit 7 answered for 5", symptom=Symptom.STRANGER)
        raise BadResponse("bad CRC")

    run = poll(60.0, answering(answers))
    assert [symptom for _, symptom, _ in run.told()] == ["garbled", "stranger"]
    assert run.events[0].values["since"] == run.events[1].values["since"]


def test_while_two_devices_share_a_number_readings_say_so_whatever_a_poll_saw() -> None:
    def answers(_block: Block, t: float) -> Sequence[Raw]:
        if round(t) % 3 == 0:
            raise BadResponse("unit 5 answered twice", symptom=Symptom.SHARED)
        raise BadResponse("bad CRC")

    run = poll(30.0, answering(answers))
    assert [symptom for _, symptom, _ in run.told()] == ["shared"]
    later = {one.silent for one in run.readings[5:]}
    assert later == {
        "two devices answer as this one (unit 5 answered twice)",
        "two devices answer as this one (this time: bad CRC)",
    }


def test_a_second_answer_spoils_the_whole_poll() -> None:
    def answers(block: Block, _t: float) -> Sequence[Raw]:
        if block.request == "b":
            raise BadResponse("unit 5 answered twice", symptom=Symptom.SHARED)
        return [1] * len(block.points)

    device = scripted_device("x", ("power", 1.0, "a"), ("energy", 1.0, "b"), ("hours", 1.0, "c"))
    run = poll(5.0, answering(answers), device)
    assert {one.silent for one in run.readings} == {
        "two devices answer as this one (unit 5 answered twice)"
    }
    assert {request.what for request in run.wire.requests} == {"power", "energy"}


def test_a_device_that_refuses_everything_is_not_well_and_its_points_say_why() -> None:
    device = scripted_device("x", ("power", 1.0, "a"), ("hours", 1.0, "a"))
    refused = [Bad("illegal address", refused=True)] * 2
    run = poll(10.0, answering(lambda *_: refused), device)
    assert {one.silent for one in run.readings} == {None}
    assert run.readings[0].bad == {"power": "illegal address", "hours": "illegal address"}
    (begun,) = run.events
    assert begun.values["text"] == "it answers only to refuse (illegal address)"


def test_a_sensor_without_a_value_is_well() -> None:
    assert not poll(20.0, answering(lambda *_: [Bad("no value (65535)")])).events


def test_what_is_refused_at_some_ticks_only_says_nothing_of_the_device() -> None:
    """Points every second that do not exist, and one every five that does."""

    def answers(block: Block, _t: float) -> Sequence[Raw]:
        return [Bad("illegal address", refused=True)] if block.request == "a" else [1]

    device = scripted_device("x", ("odd", 1.0, "a"), ("power", 5.0, "b"))
    assert not poll(30.0, answering(answers), device).events


def test_everybody_of_a_bus_that_is_down_has_a_diagnosis() -> None:
    devices = [scripted_device(f"lamp-{i}") for i in range(3)]
    run = poll(90.0, lambda wire: setattr(wire, "down", [(10.0, 40.0)]), *devices)
    begun = [one for one in run.events if "until" not in one.values]
    assert {one.device for one in begun} == {"lamp-0", "lamp-1", "lamp-2"}
    assert {one.values["text"] for one in begun} == {"it cannot be reached (refused)"}
    assert len(run.events) == 6


# ---------------------------------------------------------------- who it is


@dataclass
class Verify:
    """A check of who a device is: what it finds, or raises, and when it was asked."""

    wire: Wire
    finds: Callable[[float], str | Exception | None] = lambda _: None
    asked: list[float] = field(default_factory=list)

    async def __call__(self, _link: Link, _device: Device) -> str | None:
        self.asked.append(self.wire.now())
        found = self.finds(self.wire.now())
        if isinstance(found, Exception):
            raise found
        return found


def verified(seconds: float, finds: Any = lambda _: None, **wire: Any) -> tuple[Run, Verify]:
    made: list[Verify] = []

    def script(subject: Wire) -> None:
        for name, value in wire.items():
            setattr(subject, name, value)
        subject.verify = Verify(subject, finds)
        made.append(subject.verify)

    return poll(seconds, script), made[0]


def test_a_device_is_looked_at_when_it_is_first_heard_and_every_ten_minutes() -> None:
    _, verify = verified(2 * VERIFY_EVERY + 10.0)
    gaps = [round(b - a) for a, b in zip(verify.asked, verify.asked[1:], strict=False)]
    assert verify.asked[0] < 1.0
    assert gaps == [VERIFY_EVERY, VERIFY_EVERY]


def test_it_is_looked_at_again_after_silence_and_on_a_new_link() -> None:
    run, verify = verified(60.0, silent={"x": [(10.0, 20.0)]}, down=[(40.0, 41.0)])
    assert len(run.wire.opened) == 2
    assert len(verify.asked) == 3
    assert verify.asked[1] > 20.0
    assert verify.asked[2] > 41.0


def test_the_values_of_another_device_are_shown_and_not_judged_by() -> None:
    difference = "holding 0 holds 0x1234, the profile says 0x5753"
    run, _ = verified(
        60.0, lambda t: difference if t < 30.0 else None, silent={"x": [(29.0, 35.0)]}
    )
    wrong, right = run.at(5), run.at(50)
    assert wrong.values == right.values == {"power": 1}
    assert wrong.uncertain == {"power"}
    assert wrong.bad == {"identity": difference}
    assert run.readings[0].bad == {"identity": difference}, "not one good value before the check"
    assert (right.uncertain, dict(right.bad)) == (frozenset(), {})
    assert run.events[0].values["text"] == f"it is not what its profile describes ({difference})"
    assert run.events[-1].values["until"] == run.at(35).t


def test_who_cannot_be_checked_is_not_accused_and_asked_again_later() -> None:
    refusal = BadResponse("holding 0: illegal address", symptom=Symptom.REFUSED)
    run, verify = verified(VERIFY_AGAIN + 10.0, lambda _: refusal)
    assert {frozenset(one.bad) for one in run.readings} == {frozenset()}
    assert len(verify.asked) == 2
    assert not run.events


def test_what_is_known_of_a_device_stays_known_while_it_cannot_be_checked() -> None:
    def finds(t: float) -> str | Exception:
        return "it differs" if t < 10.0 else NoResponse("no answer in 1 s")

    run, _ = verified(60.0, finds, silent={"x": [(20.0, 25.0)]})
    assert run.at(40).bad == {"identity": "it differs"}
