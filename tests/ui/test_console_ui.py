"""The console as a person sees it: a real Chromium, a real broker, a gateway's voice by hand.

Run in a process of its own (``pytest -m ui tests/ui``): Playwright's synchronous interface keeps an
event loop of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.model import (
    Acknowledgement,
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
from tests.parts.chromium import chromium
from tests.parts.edge import LAMP, Edge, edge, now
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port, running

pytestmark = pytest.mark.ui

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    port = free_port()
    with mosquitto(tmp_path / "broker") as broker, ThreadPoolExecutor() as threads:
        file = tmp_path / "centre.toml"
        file.write_text(
            f'schema = 1\n[centre]\ndata_dir = "."\n[mqtt]\nurl = "{broker.url}"\n'
            f'[console]\nlisten = "127.0.0.1:{port}"\n'
        )
        command = [sys.executable, "-m", "gateway", "console", str(file), "--notice", NOTICE]
        with running(command, log=tmp_path / "console.log", port=port):
            yield City(broker, f"http://127.0.0.1:{port}", threads)


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


def test_a_city_comes_alive(browser: Browser, city: City) -> None:
    with opened(browser, city) as page:
        expect(page.get_by_text("Waiting for the first gateway")).to_be_visible()
        expect(page.get_by_text(NOTICE)).to_be_visible()
        city.introduce()
        expect(page.locator(".tile")).to_have_count(len(EVERYTHING))
        expect(page.locator("#gateways")).to_have_text("1 of 1 online")
        expect(page.locator("#devices-count")).to_have_text("11 of 11 answering")
        expect(page.locator("#site")).to_have_text("makati-ayala")
        expect(page.get_by_text("Nothing needs you.")).to_be_visible()

        lamp = page.locator('.tile[data-key$="/lamp-0001"]')
        expect(lamp).to_contain_text("68W")
        expect(lamp).to_contain_text("230.4V")
        heads = page.locator('.tile[data-key$="/cabinet-12"] figure')
        assert [head.get_attribute("title") for head in heads.all()] == [
            "group 1: green",
            "group 2: red",
            "group 3: yellow",
            "group 4: dark",
        ]
        expect(heads.nth(0).locator("i.green")).to_be_visible()
        fill = page.locator('.tile[data-key$="/bin-07"] .level')
        assert fill.evaluate("bar => bar.style.getPropertyValue('--level')") == "62"
        expect(page.locator('.tile[data-key$="/pillar-1"]')).to_contain_text("3.42kW")

        city.say(readings(lamp_power=35.0))
        expect(lamp).to_contain_text("35W")


def test_an_alarm_is_seen_acknowledged_and_clears(browser: Browser, city: City) -> None:
    city.introduce()
    with opened(browser, city) as page:
        alarm = raised(DARK)
        city.say(lambda gateway: gateway.alarm(alarm))
        row = page.locator("#alarms tbody tr")
        expect(row).to_contain_text("drawing 0.4 W of the expected 70 W")
        expect(row).to_contain_text("unacknowledged")
        lamp = page.locator('.tile[data-key$="/lamp-0007"]')
        expect(lamp).to_have_attribute("data-severity", "minor")
        expect(page).to_have_title("(1) makati-ayala · Wayside")

        heard = city.action()
        row.get_by_role("button", name="Acknowledge").click()
        action = heard.result(20)
        assert (action.device, action.code) == ("lamp-0007", "lamp_failure")
        assert (action.action, action.by) == ("acknowledge", "console")
        expect(row.locator('[data-action="acknowledge"]')).to_have_text("Acknowledging…")

        noticed = replace(
            alarm, state=State.ACKNOWLEDGED, acknowledged=Acknowledgement(action.by, now())
        )
        city.say(lambda gateway: gateway.alarm(noticed))
        expect(row).to_contain_text("acknowledged by console")
        expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)

        heard = city.action()
        row.get_by_role("button", name="Shelve 1 h").click()
        action = heard.result(20)
        assert (action.device, action.action) == ("lamp-0007", "shelve")

        normal = replace(noticed, state=State.NORMAL, cleared=now(), t=now())
        city.say(lambda gateway: gateway.alarm(normal), lambda gateway: gateway.no_alarm(normal))
        expect(row).to_have_count(0)
        expect(lamp).not_to_have_attribute("data-severity", "minor")
        expect(page.locator("#recent li").first).to_contain_text("lamp failure: back to normal")


def test_a_latched_alarm_offers_reset_once_it_is_over(browser: Browser, city: City) -> None:
    alarm = raised(GREENS)
    city.say(lambda gateway: gateway.alarm(alarm))
    with opened(browser, city) as page:
        reset = page.get_by_role("button", name="Reset")
        expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
        expect(reset).to_have_count(0)
        over = replace(alarm, state=State.ACKNOWLEDGED, cleared=now(), t=now())
        city.say(lambda gateway: gateway.alarm(over))
        heard = city.action()
        reset.click()
        assert heard.result(20).action == "reset"


def test_the_gravest_and_newest_alarm_comes_first(browser: Browser, city: City) -> None:
    older = replace(DARK, t=now() - 60_000, raised=now() - 60_000)
    city.say(
        lambda gateway: gateway.alarm(older),
        lambda gateway: gateway.alarm(replace(raised(DARK), device="lamp-0002")),
        lambda gateway: gateway.alarm(raised(GREENS)),
    )
    with opened(browser, city) as page:
        who = page.locator("#alarms .who")
        expect(who).to_have_text(["cabinet-12", "lamp-0002", "lamp-0007"])


def test_what_a_device_writes_is_text_and_never_markup(browser: Browser, city: City) -> None:
    hostile = "<img src=x onerror=alert(1)><b>bold</b>"
    city.say(
        lambda gateway: gateway.alarm(replace(raised(DARK), message=hostile)),
        lambda gateway: gateway.event(Event("bin-07", hostile, now(), {hostile: hostile})),
        lambda gateway: gateway.readings(Reading("x", "other", now(), {"label": hostile, "n": 1})),
    )
    with opened(browser, city) as page:
        expect(page.locator("#alarms tbody")).to_contain_text(hostile)
        expect(page.locator("#recent")).to_contain_text("onerror")
        assert page.locator("main img, #alarms b, #recent small b").count() == 0


def test_a_click_on_a_device_draws_its_curve(browser: Browser, city: City) -> None:
    city.introduce()
    with opened(browser, city) as page:
        page.locator('.tile[data-key$="/lamp-0003"]').click()
        expect(page.locator("#trend-title")).to_have_text("lamp-0003")
        expect(page.locator("#figure")).to_have_text("68W")
        for power in (60.0, 66.0, 70.0):
            city.say(readings(power))
            expect(page.locator("#figure")).to_have_text(f"{power:.0f}W")
        inked = """canvas => {
            const box = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return box.data.filter((byte, n) => n % 4 === 3 && byte > 0).length;
        }"""
        canvas = page.locator("#chart canvas")
        assert canvas.evaluate(inked) > 500
        values = "() => document.querySelectorAll('#points .chip').length"
        assert page.evaluate(values) == 3
        page.locator("#points").get_by_text("voltage").click()
        expect(page.locator("#figure")).to_have_text("230.4V")


def test_silence_and_a_lost_gateway_are_told_apart(browser: Browser, city: City) -> None:
    city.introduce()
    with opened(browser, city) as page:
        silent = Reading("lamp-0002", "lamp", now(), silent="no answer within 300 ms")
        city.say(lambda gateway: gateway.readings(silent))
        quiet = page.locator('.tile[data-key$="/lamp-0002"]')
        expect(quiet).to_have_attribute("data-condition", "silent")
        expect(page.locator("#devices-count")).to_have_text("10 of 11 answering")
        page.get_by_label("needing attention").check()
        expect(page.locator(".tile:visible")).to_have_count(1)
        page.get_by_label("needing attention").uncheck()
        page.get_by_placeholder("Find a device").fill("bin-")
        expect(page.locator(".tile:visible")).to_have_count(1)
        city.say(lambda gateway: gateway.status(online=False))
        expect(page.locator("#gateways")).to_have_text("0 of 1 online")
        bin_tile = page.locator('.tile[data-key$="/bin-07"]')
        expect(bin_tile).to_have_attribute("data-condition", "stale")


def test_a_lost_broker_is_told(browser: Browser, city: City) -> None:
    city.introduce()
    with opened(browser, city) as page:
        expect(page.locator(".tile")).to_have_count(len(EVERYTHING))
        city.broker.kill()
        expect(page.get_by_role("alert")).to_contain_text("lost its broker")
        city.broker.start()
        expect(page.get_by_role("alert")).to_be_hidden(timeout=15_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900), (2560, 1440)])
def test_nothing_sticks_out_on_any_screen(
    browser: Browser, city: City, scheme: str, width: int, height: int
) -> None:
    city.introduce()
    city.say(
        lambda gateway: gateway.alarm(raised(DARK)), lambda gateway: gateway.alarm(raised(GREENS))
    )
    size = {"width": width, "height": height}
    with opened(browser, city, viewport=size, color_scheme=scheme) as page:
        expect(page.locator(".tile")).to_have_count(len(EVERYTHING))
        expect(page.locator("#alarms tbody tr")).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(ground.removeprefix("rgb(").split(",")[0])
        assert (red > 128) is (scheme == "light")


def test_the_page_reads_to_those_who_cannot_see_it(browser: Browser, city: City) -> None:
    city.introduce()
    city.say(lambda gateway: gateway.alarm(raised(DARK)))
    with opened(browser, city) as page:
        expect(page.get_by_role("table")).to_contain_text("lamp-0007")
        expect(page.get_by_role("button", name="lamp-0007 minor")).to_be_visible()
        expect(page.locator("#alarms").get_by_role("img", name="minor")).to_be_visible()
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, input')]"
            ".filter(one => !(one.innerText || one.ariaLabel || one.labels?.[0]?.innerText)).length"
        )
        assert unnamed == 0
