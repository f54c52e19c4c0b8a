"""A command from wish to outcome, on a scripted bus and virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.driver import Bad, BadResponse, Block, Busy, NoResponse, Raw, Scaled, Symptom
from gateway.edge.commanding import Outcome, command, judged, order
from gateway.edge.poller import Poller
from gateway.edge.pulse import Pulse
from gateway.edge.slots import Slots
from gateway.model import Control, Convert, Derived, Device, Point, Value
from gateway.values import converter
from tests.parts.fieldbus import ScriptedLink, Wire, scripted_device
from tests.parts.virtual import run_virtual, virtual_clock


def lamp(control: Control | None = None, *, convert: Convert | None = None, **keys: Any) -> Device:
    """A device whose ``level`` shows what ``dim`` set."""
    point = Point("level", source="a", every=1.0, convert=convert, **keys)
    dim = control or Control("dim", target=None, read_back="level")
    return replace(scripted_device("lamp-0"), points=(point,), controls={"dim": dim})


@dataclass
class Relay:
    """A device's one register: it takes what is written and shows it, ``late`` seconds after."""

    late: float = 0.0
    register: list[tuple[float, Value]] = field(default_factory=lambda: [(-1e9, 0)])

    def attach(self, wire: Wire) -> None:
        wire.written = lambda _control, value, t: self.register.append((t, value))
        wire.answers = self.answers

    def answers(self, block: Block, t: float) -> Sequence[Raw]:
        shown = [value for at, value in self.register if at + self.late <= t][-1]
        return [shown] * len(block.points)


def told(
    device: Device,
    value: Value,
    script: Callable[[Wire], object] = lambda _: None,
) -> tuple[Outcome, Wire]:
    """The outcome of the device's one command on a link that nobody else uses."""

    async def main() -> tuple[Outcome, Wire]:
        wire = Wire()
        script(wire)
        bus = wire.bus(device)
        (control,) = device.controls.values()
        return await command(ScriptedLink(wire), bus, device, control, value), wire

    return run_virtual(main())


def showing(raw: Raw) -> Callable[[Wire], None]:
    """A device that shows this, whatever it is told."""
    return lambda wire: setattr(wire, "answers", lambda *_: [raw])


def asked(wire: Wire) -> list[str]:
    return [request.what for request in wire.requests]


# ---------------------------------------------------------------- written and looked at


def test_a_value_is_written_and_read_back() -> None:
    outcome, wire = told(lamp(), 50, Relay().attach)
    assert outcome == Outcome("done", 50)
    assert asked(wire) == ["dim=50", "level"]


def test_a_lamp_that_fades_is_looked_at_again() -> None:
    outcome, wire = told(lamp(), 50, Relay(late=0.6).attach)
    assert outcome == Outcome("done", 50)
    assert asked(wire) == ["dim=50", "level", "level", "level"]


def test_what_does_not_show_after_two_seconds_failed() -> None:
    outcome, wire = told(lamp(), 50, Relay(late=60.0).attach)
    assert outcome == Outcome("failed", 0, "level shows 0, not 50")
    assert len(wire.requests) == 5


def test_without_a_read_back_the_devices_word_counts() -> None:
    outcome, wire = told(lamp(Control("dim", target=None)), 50)
    assert outcome == Outcome("done")
    assert asked(wire) == ["dim=50"]


def test_what_the_write_itself_brought_is_not_asked_for() -> None:
    outcome, wire = told(lamp(), 50, lambda wire: setattr(wire, "written", lambda *_: 50))
    assert outcome == Outcome("done", 50)
    assert asked(wire) == ["dim=50"]


def test_a_derived_value_may_show_it() -> None:
    half = Derived("half", "level", lambda value, _: float(value) / 2)
    device = replace(lamp(Control("dim", None, read_back="half")), derived=(half,))

    assert told(device, 50, showing(100))[0] == Outcome("done", 50.0)


@pytest.mark.parametrize(
    ("raw", "convert", "value", "done"),
    [
        (50, None, 50, True),
        (49, None, 50, False),
        (1, None, 0, False),
        (True, None, 1, True),
        (False, None, True, False),
        (423, converter(scale=0.1), 42.3, True),
        (42, None, 42.9, True),
        (43, None, 41.9, False),
        (422, converter(scale=0.1), 42.3, False),
        (42.3000011, None, 42.3, True),
        (42.31, None, 42.3, False),
        ("Öl", None, "Öl", True),
        ("Ol", None, "Öl", False),
        (1, converter(enum={0: "off", 1: "auto"}), 1, True),
        (0, converter(enum={0: "off", 1: "auto"}), 1, False),
        (100, converter(low=0, high=100), 100, True),
    ],
)
def test_it_is_compared_as_finely_as_the_point_can_show_it(
    raw: Value, convert: Convert | None, value: Value, done: bool
) -> None:
    device = lamp(convert=convert, codes={"off": 0, "auto": 1})
    outcome, _ = told(device, value, showing(raw))
    assert (outcome.result == "done") == done, outcome


def test_a_power_of_ten_is_a_step_too() -> None:
    device = lamp(convert=lambda raw: raw.raw * 10.0**raw.exponent)  # type: ignore[union-attr]
    for raw, result in ((Scaled(42, -1), "done"), (Scaled(41, -1), "failed")):
        outcome, _ = told(device, 4.25, showing(raw))
        assert outcome.result == result


def test_a_label_of_the_point_is_written_as_its_number() -> None:
    labels = {"off": 0, "auto": 1}
    device = lamp(convert=converter(enum={0: "off", 1: "auto"}), codes=labels)
    outcome, wire = told(device, "auto", Relay().attach)
    assert outcome == Outcome("done", "auto")
    assert asked(wire)[0] == "dim=1"


def test_what_cannot_be_looked_at_may_have_been_done() -> None:
    outcome, _ = told(lamp(), 50, showing(Bad("no value (65535)")))
    assert outcome == Outcome("failed", None, "written, but not read back: no value (65535)")

    def silent(wire: Wire) -> None:
        def answers(_block: Block, _t: float) -> Sequence[Raw]:
            raise NoResponse("no answer in 0.3 s")

        wire.answers = answers

    outcome, _ = told(lamp(), 50, silent)
    assert outcome == Outcome("failed", None, "written, but not read back: no answer in 0.3 s")


# ---------------------------------------------------------------- refused, silent, busy


def no(error: Exception, times: int = 10**9) -> Callable[[Wire], None]:
    """A device that says so to the first commands."""

    def script(wire: Wire) -> None:
        def written(*_: object) -> None:
            if len(wire.requests) < times:
                raise error

        wire.written = written

    return script


def test_a_device_that_refuses_refused_and_one_that_is_silent_failed() -> None:
    refusal = BadResponse("refused: illegal address", symptom=Symptom.REFUSED)
    assert told(lamp(), 1, no(refusal))[0] == Outcome("refused", None, "refused: illegal address")
    assert told(lamp(), 1, no(NoResponse("no answer")))[0] == Outcome("failed", None, "no answer")
    assert told(lamp(), 1, no(BadResponse("bad CRC")))[0] == Outcome("failed", None, "bad CRC")
    outcome, wire = told(lamp(), 1, no(ValueError("70000 does not fit uint16")))
    assert outcome == Outcome("refused", None, "70000 does not fit uint16")
    assert len(wire.requests) == 1, "none of them is tried twice"


def test_a_busy_device_is_told_again_a_little_later() -> None:
    outcome, wire = told(lamp(Control("dim", None)), 1, no(Busy("busy"), 2))
    assert outcome == Outcome("done")
    began = [round(request.began, 2) for request in wire.requests]
    assert began == [0.0, 0.12, 0.64]
    assert told(lamp(), 1, no(Busy("busy")))[0] == Outcome("refused", None, "busy")


@pytest.mark.parametrize(
    ("value", "says"),
    [(101, "101 is above 100"), (-0.5, "-0.5 is below 0"), ("full", "full is not a number")],
)
def test_what_is_out_of_range_is_never_sent(value: Value, says: str) -> None:
    outcome, wire = told(lamp(Control("dim", None, min=0, max=100)), value)
    assert outcome == Outcome("refused", None, says)
    assert not wire.requests


def test_what_no_register_can_hold_is_never_sent() -> None:
    class Target:
        @staticmethod
        def nearest(value: Value) -> Value:
            if value == 70000:
                raise ValueError("70000 does not fit uint16")
            return round(float(value))

    device = lamp(Control("dim", Target, read_back="level"))
    outcome, wire = told(device, 70000)
    assert outcome == Outcome("refused", None, "70000 does not fit uint16")
    assert not wire.requests
    outcome, _ = told(device, 41.7, showing(42))
    assert outcome == Outcome("done", 42), "the device rounds"


def test_a_signal_takes_no_command_unless_its_device_says_so() -> None:
    signal = replace(lamp(), kind="signal")
    outcome, wire = told(signal, 1)
    assert outcome.result == "refused"
    assert "allow_commands" in str(outcome.reason)
    assert not wire.requests
    assert judged(replace(signal, allow_commands=True), signal.controls["dim"], 1) == 1


# ---------------------------------------------------------------- pulses


PULSE = Control("dim", None, read_back="level", pulse=0.5)


def test_a_pulse_stands_for_its_time() -> None:
    relay = Relay()
    outcome, wire = told(lamp(PULSE), True, relay.attach)
    assert outcome == Outcome("done", True)
    assert asked(wire) == ["dim=True", "level", "dim=False"]
    (_, (on, _), (off, _)) = relay.register
    assert off - on == pytest.approx(0.5, abs=0.021)


def test_a_pulse_may_rest_at_another_value() -> None:
    relay = Relay()
    told(lamp(replace(PULSE, rest=20)), 80, relay.attach)
    assert [value for _, value in relay.register[1:]] == [80, 20]


def test_a_pulse_whose_caller_goes_away_is_ended_at_once() -> None:
    async def main() -> Wire:
        wire = Wire()
        Relay().attach(wire)
        device = lamp(replace(PULSE, pulse=60.0))
        task = asyncio.create_task(
            command(ScriptedLink(wire), wire.bus(device), device, device.controls["dim"], True)
        )
        await asyncio.sleep(5.0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return wire

    wire = run_virtual(main())
    assert asked(wire) == ["dim=True", "level", "dim=False"]
    assert wire.requests[-1].began == pytest.approx(5.0)


def test_a_pulse_that_may_have_begun_is_ended_as_well() -> None:
    """Its answer was lost; nobody knows whether the relay is on."""
    relay = Relay()

    def script(wire: Wire) -> None:
        relay.attach(wire)
        wire.silent = {"lamp-0": [(0.0, 0.01)]}

    outcome, wire = told(lamp(PULSE), True, script)
    assert outcome == Outcome("failed", None, "no answer in 300 ms")
    assert asked(wire) == ["dim=True", "dim=False"]


def test_a_resting_value_is_tried_again_and_again() -> None:
    relay = Relay()

    def script(wire: Wire) -> None:
        relay.attach(wire)
        wire.silent = {"lamp-0": [(0.3, 5.0)]}

    outcome, wire = told(lamp(PULSE), True, script)
    assert outcome == Outcome("done", True)
    assert relay.register[-1][1] is False
    assert wire.requests[-1].ended < 10.0

    def gone(wire: Wire) -> None:
        relay.attach(wire)
        wire.silent = {"lamp-0": [(0.3, 1e9)]}

    outcome, _ = told(lamp(PULSE), True, gone)
    assert outcome.result == "failed"
    assert "resting value" in str(outcome.reason)


def test_a_pulse_the_device_refuses_is_not_waited_for() -> None:
    refusal = BadResponse("refused: illegal address", symptom=Symptom.REFUSED)
    outcome, wire = told(lamp(replace(PULSE, pulse=60.0)), True, no(refusal))
    assert outcome.result == "refused"
    assert wire.requests[-1].ended < 1.0


# ---------------------------------------------------------------- beside polls


def polled(
    devices: Sequence[Device], during: Callable[[Poller, Wire], Any], seconds: float
) -> tuple[Any, Wire]:
    async def main() -> tuple[Any, Wire]:
        wire = Wire()
        Relay().attach(wire)
        clock = virtual_clock()
        poller = Poller(
            wire.bus(*devices),
            lambda _: None,
            clock=clock,
            slots=Slots(clock),
            chance=lambda: 1.0,
            pulse=Pulse(),
        )
        task = asyncio.create_task(poller.run())
        found = asyncio.create_task(during(poller, wire))
        await asyncio.sleep(seconds)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return await found, wire

    return run_virtual(main())


def test_a_command_is_read_back_before_anything_else_passes_and_a_pulse_holds_nobody_up() -> None:
    devices = [
        replace(scripted_device(f"n-{i}", ("power", 0.2, "a")), kind="lamp") for i in range(10)
    ]
    target = lamp(PULSE)

    async def during(poller: Poller, wire: Wire) -> Outcome:
        await asyncio.sleep(3.0)
        bus = wire.bus(target)
        return await order(poller.orders, bus, target, target.controls["dim"], True)

    outcome, wire = polled([*devices, target], during, 6.0)
    assert outcome == Outcome("done", True)
    names = [request.what for request in wire.requests]
    on, off = names.index("dim=True"), names.index("dim=False")
    assert names[on + 1] == "level"
    assert wire.requests[on].began < 3.0 + 2 * wire.takes + 0.011
    between = wire.requests[on + 2 : off]
    assert len(between) >= 20, "the others are polled meanwhile"
    assert wire.requests[off].began - wire.requests[on].ended <= 0.5 + 2 * wire.takes
    for device in devices:
        times = [request.began for request in wire.of(device.id) if request.began > 1.0]
        assert max(b - a for a, b in itertools.pairwise(times)) <= 0.2 + 3 * wire.takes


def test_an_order_still_waiting_when_its_caller_goes_away_changes_nothing() -> None:
    target = lamp(replace(PULSE, pulse=60.0))

    async def during(poller: Poller, wire: Wire) -> None:
        await asyncio.sleep(3.05)
        wire.takes = 1.0
        await asyncio.sleep(1.0)  # a request is under way
        control = target.controls["dim"]
        task = asyncio.create_task(order(poller.orders, wire.bus(target), target, control, True))
        await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    _, wire = polled([target], during, 10.0)
    assert not [what for what in asked(wire) if "dim" in what]


def test_what_waits_when_the_bus_is_closed_is_refused_and_a_pulse_begun_says_so() -> None:
    target = lamp(replace(PULSE, pulse=1.0))

    async def during(poller: Poller, wire: Wire) -> Outcome:
        await asyncio.sleep(3.0)
        return await order(poller.orders, wire.bus(target), target, target.controls["dim"], True)

    outcome, _ = polled([target], during, 3.5)
    assert outcome.result == "failed"
    assert "resting value" in str(outcome.reason)
