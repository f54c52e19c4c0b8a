"""The console as a person sees it: a real Chromium, a real broker, a gateway's voice by hand.

Run in a process of its own (``pytest -m ui tests/ui``): Playwright's synchronous interface keeps an
event loop of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gateway.model import (
    Acknowledgement,
    Event,
    Reading,
    State,
)
from tests.parts.edge import now
from tests.ui.city import (
    DARK,
    EVERYTHING,
    GREENS,
    NOTICE,
    City,
    a_city,
    due,
    opened,
    raised,
    readings,
)

pytestmark = pytest.mark.ui


def test_a_city_comes_alive(browser: Browser, city: City) -> None:
    with opened(browser, city) as page:
        expect(page.get_by_text("Waiting for the first gateway")).to_be_visible()
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


def test_a_demo_says_so_and_hides_nothing(browser: Browser, tmp_path: Path) -> None:
    with a_city(tmp_path, "--notice", NOTICE) as city, opened(browser, city) as page:
        expect(page.get_by_text(NOTICE)).to_be_visible()
        city.alarms(raised(DARK))
        expect(page.locator("#alarms .state")).to_have_text(["pending"])


def test_an_alarm_is_seen_acknowledged_and_clears(browser: Browser, city: City) -> None:
    city.introduce()
    with opened(browser, city) as page:
        alarm = due(DARK)
        city.say(lambda gateway: gateway.alarm(alarm))
        row = page.locator("#alarms tbody tr")
        expect(row).to_contain_text("drawing 0.4 W of the expected 70 W")
        expect(row).to_contain_text("unacknowledged")
        lamp = page.locator('.tile[data-key$="/lamp-0007"]')
        expect(lamp).to_have_attribute("data-severity", "minor")
        expect(page).to_have_title("(1) makati-ayala · Wayside")

        page.get_by_label("Operator").fill("ana")
        heard = city.action()
        row.get_by_role("button", name="Acknowledge").click()
        action = heard.result(20)
        assert (action.device, action.code) == ("lamp-0007", "lamp_failure")
        assert (action.action, action.by) == ("acknowledge", "ana")
        expect(row.locator('[data-action="acknowledge"]')).to_have_text("Acknowledging…")

        noticed = replace(
            alarm, state=State.ACKNOWLEDGED, acknowledged=Acknowledgement(action.by, now())
        )
        city.say(lambda gateway: gateway.alarm(noticed))
        expect(row).to_contain_text("acknowledged by ana")
        expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)

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
        page.get_by_label("Operator").fill("ana")
        heard = city.action()
        reset.click()
        assert heard.result(20).action == "reset"


def test_the_gravest_and_newest_alarm_comes_first(browser: Browser, city: City) -> None:
    older = replace(DARK, t=now() - 90_000, raised=now() - 90_000)
    city.say(
        lambda gateway: gateway.alarm(older),
        lambda gateway: gateway.alarm(replace(due(DARK), device="lamp-0002")),
        lambda gateway: gateway.alarm(raised(GREENS)),
    )
    with opened(browser, city) as page:
        who = page.locator("#alarms .who")
        expect(who).to_have_text(["cabinet-12", "lamp-0002", "lamp-0007"])


def test_what_a_device_writes_is_text_and_never_markup(browser: Browser, city: City) -> None:
    hostile = "<img src=x onerror=alert(1)><b>bold</b>"
    city.say(
        lambda gateway: gateway.alarm(replace(due(DARK), message=hostile)),
        lambda gateway: gateway.event(Event("bin-07", hostile, now(), {hostile: hostile})),
        lambda gateway: gateway.readings(Reading("x", "other", now(), {"label": hostile, "n": 1})),
    )
    with opened(browser, city) as page:
        expect(page.locator("#alarms tbody")).to_contain_text(hostile)
        expect(page.locator("#recent")).to_contain_text("onerror")
        assert page.locator("main img, #alarms b, #recent small b").count() == 0


def test_what_happened_is_told_in_sentences_where_there_is_one(
    browser: Browser, city: City
) -> None:
    begun = now() - 60_000
    silence = {"symptom": "silent", "text": "nothing comes back", "since": begun, "try": ["a", "b"]}
    events = [
        Event("bin-07", "collected", begun - 1, {"since": begun}),
        Event("lamp-0001", "diagnosis", begun, silence),
        Event("lamp-0001", "diagnosis", now(), {**silence, "until": now()}),
    ]
    with opened(browser, city) as page:
        city.events(*events)
        said = page.locator("#recent small")
        clock = re.compile(r"Since \d\d:\d\d:\d\d", re.IGNORECASE)
        expect(said).to_have_text(["nothing comes back: over", "nothing comes back", clock])


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
        lambda gateway: gateway.alarm(due(DARK)), lambda gateway: gateway.alarm(raised(GREENS))
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
    city.say(lambda gateway: gateway.alarm(due(DARK)))
    with opened(browser, city) as page:
        expect(page.get_by_role("table")).to_contain_text("lamp-0007")
        expect(page.get_by_role("button", name="lamp-0007 minor")).to_be_visible()
        expect(page.locator("#alarms").get_by_role("img", name="minor")).to_be_visible()
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, input')]"
            ".filter(one => !(one.innerText || one.ariaLabel || one.labels?.[0]?.innerText)).length"
        )
        assert unnamed == 0
