"""A city for the browser's tests: a real broker, a console, and a gateway's voice by hand."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.model import (
    Alarm,
    AlarmAction,
    Device,
    Event,
    Kind,
    Point,
    Reading,
    Severity,
    State,
)
from gateway.wire import decode_action, parse_topic
from tests.parts.broker import Broker
from tests.parts.edge import LAMP, Edge, edge, now
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port, running

NOTICE = "Demo: the delays of the fault rules are shortened."


def device(name: str, kind: Kind, facts: object, **units: str) -> Device:
    points = tuple(Point(point, None, 1.0, unit) for point, unit in units.items())
    return replace(LAMP, id=name, kind=kind, profile=f"{kind}/generic", points=points, facts=facts)


LAMPS = [replace(LAMP, id=f"lamp-{n:04}", facts=LampFacts(rated_power=70.0)) for n in range(1, 9)]
PILLAR = device(
    "pillar-1",
    "feeder",
    FeederFacts("F1"),
    **dict.fromkeys(("voltage_l1", "voltage_l2", "voltage_l3"), "V"),
    power="W",
)
CABINET = device("cabinet-12", "signal", SignalFacts(), cycle_time="s")
BIN = device("bin-07", "bin", BinFacts(), fill_level="%", temperature="°C")
EVERYTHING = [*LAMPS, PILLAR, CABINET, BIN]
DARK = Alarm(
    "lamp-0007",
    "lamp_failure",
    0,
    State.UNACKNOWLEDGED,
    Severity.MINOR,
    "On at 230 V, drawing 0.4 W of the expected 70 W",
    0,
)
GREENS = Alarm(
    "cabinet-12",
    "conflicting_greens",
    0,
    State.UNACKNOWLEDGED,
    Severity.CRITICAL,
    "Groups 1 and 3 green together in two reads",
    0,
)


@dataclass
class City:
    """A broker, a console, and what a gateway says at our word."""

    broker: Broker
    address: str
    _threads: ThreadPoolExecutor

    def say(self, *words: Callable[[Edge], Awaitable[None]]) -> None:
        """Publish, in a thread with a loop of its own, and wait until the broker has it."""

        async def speak() -> None:
            async with edge(self.broker) as gateway:
                for word in words:
                    await word(gateway)

        self._threads.submit(asyncio.run, speak()).result(20)

    def alarms(self, *alarms: Alarm) -> None:
        """Say how these alarms stand."""

        async def told(gateway: Edge) -> None:
            for alarm in alarms:
                await gateway.alarm(alarm)

        self.say(told)

    def events(self, *events: Event) -> None:
        """Say what happened."""

        async def told(gateway: Edge) -> None:
            for event in events:
                await gateway.event(event)

        self.say(told)

    def action(self) -> Future[AlarmAction]:
        """The next action on an alarm that reaches the gateway; listening when this returns."""
        listening: Future[None] = Future()

        async def listen() -> AlarmAction:
            async with edge(self.broker) as gateway:
                await gateway.connection.subscribe(gateway.root.filter("alarm-action", "#"))
                listening.set_result(None)
                message = await asyncio.wait_for(anext(gateway.connection.messages()), 20)
                at = parse_topic(message.topic)
                assert at is not None
                _, about, code = at.parts
                return decode_action(message.payload, about, code, now())

        heard = self._threads.submit(asyncio.run, listen())
        listening.result(20)
        return heard

    def introduce(self) -> None:
        """Everybody online, introduced and answering once."""

        async def cards(gateway: Edge) -> None:
            await gateway.status()
            for each in EVERYTHING:
                await gateway.card(each)

        self.say(cards, readings())


def readings(lamp_power: float = 68.2) -> Callable[[Edge], Awaitable[None]]:
    """A second of the city."""

    async def told(gateway: Edge) -> None:
        t = now()
        lit = {"power": lamp_power, "voltage": 230.4, "switch_state": True}
        aspects = {"group_1": "green", "group_2": "red", "group_3": "yellow", "group_4": "dark"}
        phases = {"voltage_l1": 231.0, "voltage_l2": 230.2, "voltage_l3": 229.9}
        await gateway.readings(
            *(Reading(lamp.id, "lamp", t, lit) for lamp in LAMPS),
            Reading("pillar-1", "feeder", t, {**phases, "power": 3420.0, "contactor_state": True}),
            Reading("cabinet-12", "signal", t, {**aspects, "mode": "control", "cycle_time": 72}),
            Reading("bin-07", "bin", t, {"fill_level": 62.0, "temperature": 27.4}),
        )

    return told


def raised(alarm: Alarm) -> Alarm:
    return replace(alarm, t=now(), raised=now())


def due(alarm: Alarm) -> Alarm:
    """Raised more than a minute ago: nothing has explained it."""
    return replace(alarm, t=now() - 61_000, raised=now() - 61_000)


def listening(port: int) -> None:
    """Wait until the console hears the broker: no reading is kept for who comes later."""
    deadline = time.monotonic() + 20
    while True:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as asking:
            asking.request("GET", "/healthz")
            if asking.getresponse().status == 200:
                return
        assert time.monotonic() < deadline, "the console does not hear its broker"
        time.sleep(0.05)


@contextlib.contextmanager
def opened(browser: Browser, city: City, **options: object) -> Iterator[Page]:
    """The page, whose every request must go to the console and whose console stays empty."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(city.address)
    try:
        yield page
    finally:
        context.close()
    assert asked
    assert all(url.startswith(city.address) for url in asked), "a foreign host was asked"
    assert not complaints


@contextlib.contextmanager
def a_city(folder: Path, *words: str) -> Iterator[City]:
    """A broker and a console, which was started with these words more."""
    port = free_port()
    with mosquitto(folder / "broker") as broker, ThreadPoolExecutor() as threads:
        file = folder / "centre.toml"
        file.write_text(
            f'schema = 1\n[centre]\ndata_dir = "."\n[mqtt]\nurl = "{broker.url}"\n'
            f'[console]\nlisten = "127.0.0.1:{port}"\n'
        )
        command = [sys.executable, "-m", "gateway", "console", str(file), *words]
        with running(command, log=folder / "console.log", port=port):
            listening(port)
            yield City(broker, f"http://127.0.0.1:{port}", threads)
