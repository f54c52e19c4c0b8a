"""Alarms as people in an operations centre meet them: in a real Chromium, by day and by night."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from gateway.model import (
    Acknowledgement,
    Event,
    Severity,
    State,
)
from tests.parts.edge import now
from tests.ui.city import (
    DARK,
    GREENS,
    City,
    due,
    opened,
    raised,
)

pytestmark = pytest.mark.ui


class TestTheFirstMinute:
    """What a parent may still take in is kept from the table, the tally, the title and the horn."""

    def test_an_alarm_is_pending_and_a_danger_is_not(self, browser: Browser, city: City) -> None:
        city.introduce()
        with opened(browser, city) as page:
            city.alarms(raised(DARK), raised(GREENS))
            who = page.locator("#alarms .who")
            expect(who).to_have_text(["cabinet-12"])
            expect(page).to_have_title("(1) makati-ayala · Wayside")
            expect(page.locator("#tally li[title='minor: 0']")).to_be_visible()
            lamp = page.locator('.tile[data-key$="/lamp-0007"]')
            expect(lamp).not_to_have_attribute("data-severity", "minor")
            page.get_by_role("button", name="1 pending").click()
            expect(who).to_have_text(["cabinet-12", "lamp-0007"])
            expect(page.locator("tr.pending-row .state")).to_have_text("pending")

    def test_it_comes_by_itself_when_nothing_has_explained_it(
        self, browser: Browser, city: City
    ) -> None:
        with opened(browser, city) as page:
            begun = now() - 58_000
            city.alarms(replace(DARK, t=begun, raised=begun))
            expect(page.get_by_role("button", name="1 pending")).to_be_visible()
            expect(page.get_by_text("Nothing needs you.")).to_be_visible()
            expect(page.locator("#alarms .who")).to_have_text(["lamp-0007"])
            expect(page.locator("#spoken")).to_contain_text("minor: lamp-0007, lamp failure")
            expect(page.get_by_role("button", name="pending")).to_have_count(0)

    def test_what_is_explained_meanwhile_stands_below_its_parent_and_is_never_told(
        self, browser: Browser, city: City
    ) -> None:
        outage = raised(
            replace(DARK, device="pillar-1", code="feeder_outage", severity=Severity.CRITICAL)
        )
        taken = replace(raised(DARK), state=State.SUPPRESSED, cause="pillar-1/feeder_outage")
        told = [replace(taken, device=f"lamp-000{n}") for n in (2, 1)]
        with opened(browser, city) as page:
            city.alarms(*told, replace(outage, suppressed=2))
            who = page.locator("#alarms .who")
            expect(who).to_have_text(["pillar-1"])
            fold = page.get_by_role("button", name="explains 2 more")
            expect(fold).to_have_attribute("aria-expanded", "false")
            fold.click()
            expect(fold).to_have_attribute("aria-expanded", "true")
            expect(who).to_have_text(["pillar-1", "lamp-0001", "lamp-0002"])
            expect(page.locator("#spoken")).to_contain_text("critical: pillar-1")
            assert "lamp" not in page.locator("#spoken").inner_text().split(",")[0]
            page.get_by_role("button", name="More about pillar-1").click()
            below = page.locator('#sheet [data-part="children"] li')
            expect(below).to_have_count(2)
            expect(below.first).to_contain_text("drawing 0.4 W of the expected 70 W")


OFFERED = {
    "unacknowledged": ["Acknowledge", "Shelve", "Out of service", "Work order", "Comment"],
    "acknowledged": ["Shelve", "Out of service", "Work order", "Comment"],
    "returned": ["Acknowledge", "Shelve", "Out of service", "Work order", "Comment"],
    "shelved": ["Bring back", "Out of service", "Work order", "Comment"],
    "suppressed": ["Shelve", "Out of service", "Work order", "Comment"],
    "out-of-service": ["Back in service", "Shelve", "Work order", "Comment"],
}


class TestActions:
    @pytest.mark.parametrize("state", OFFERED)
    def test_only_what_the_state_allows_is_offered(
        self, browser: Browser, city: City, state: str
    ) -> None:
        cleared = now() if state == "returned" else None
        alarm = replace(due(DARK), state=State(state), cleared=cleared)
        city.alarms(alarm)
        with opened(browser, city) as page:
            aside = page.get_by_role("button", name="1 set aside")
            if state in {"shelved", "suppressed", "out-of-service"}:
                aside.click()
            expect(aside).to_have_count(
                1 if state in {"shelved", "suppressed", "out-of-service"} else 0
            )
            page.get_by_role("button", name="More about lamp-0007").click()
            expect(page.locator("#sheet .choice")).to_have_text(OFFERED[state])
            quick = page.locator("#alarms tbody td:last-child button:not([aria-haspopup])")
            wanted = [text for text in OFFERED[state] if text in QUICK]
            expect(quick).to_have_text(wanted)

    def test_the_name_is_asked_once_and_remembered(self, browser: Browser, city: City) -> None:
        city.alarms(raised(GREENS))
        with opened(browser, city) as page:
            page.get_by_role("button", name="Acknowledge").click()
            sheet = page.get_by_role("dialog")
            expect(sheet.get_by_label("Your name")).to_be_focused()
            expect(sheet.get_by_role("radio", name="Acknowledge")).to_be_checked()
            sheet.get_by_role("button", name="Acknowledge").click()
            expect(sheet).to_be_visible()  # without a name nothing goes
            sheet.get_by_label("Your name").fill(" Maria ")
            heard = city.action()
            sheet.get_by_role("button", name="Acknowledge").click()
            assert heard.result(20).by == "Maria"
            expect(sheet).to_be_hidden()
            page.reload()
            expect(page.get_by_label("Operator")).to_have_value("Maria")
            heard = city.action()
            page.get_by_role("button", name="Acknowledge").click()
            assert heard.result(20).by == "Maria"
            expect(sheet).to_be_hidden()

    def test_shelving_wants_a_reason_and_a_time(self, browser: Browser, city: City) -> None:
        city.alarms(due(DARK))
        with opened(browser, city) as page:
            page.get_by_label("Operator").fill("ana")
            page.get_by_role("button", name="More about lamp-0007").click()
            sheet = page.get_by_role("dialog")
            expect(sheet.get_by_label("Reason")).to_be_hidden()
            sheet.get_by_role("radio", name="Shelve").check()
            sheet.get_by_role("combobox").select_option("4 hours")
            sheet.get_by_role("button", name="Shelve").click()
            expect(sheet).to_be_visible()  # without a reason nothing goes
            sheet.get_by_label("Reason").fill("a driver is on order")
            heard = city.action()
            sheet.get_by_role("button", name="Shelve").click()
            action = heard.result(20)
            assert (action.action, action.by, action.period, action.text) == (
                "shelve", "ana", 4 * 3600, "a driver is on order",
            )  # fmt: skip
            row = page.locator("#alarms tbody tr")
            expect(row).to_contain_text("Shelving…")
            shelved = replace(due(DARK), state=State.SHELVED, until=now() + 4 * 3_600_000)
            city.alarms(shelved)
            expect(row).to_have_count(0)
            expect(page.get_by_role("button", name="1 set aside")).to_be_visible()

    def test_a_critical_alarm_is_shelved_for_an_hour_at_most(
        self, browser: Browser, city: City
    ) -> None:
        city.alarms(raised(GREENS))
        with opened(browser, city) as page:
            page.get_by_role("button", name="More about cabinet-12").click()
            page.get_by_role("radio", name="Shelve").check()
            offered = page.locator('#sheet [data-part="period"] option')
            expect(offered).to_have_text(["15 minutes", "30 minutes", "1 hour"])

    def test_who_did_what_when_is_on_the_alarm(self, browser: Browser, city: City) -> None:
        def deed(by: str, action: str, *, done: bool = True, **more: object) -> Event:
            told = {"code": "lamp_failure", "action": action, "by": by, "done": done}
            return Event("lamp-0007", "alarm-action", now(), {**told, **more})

        city.alarms(due(DARK))
        with opened(browser, city) as page:
            row = page.locator("#alarms tbody tr")
            expect(row).to_have_count(1)
            city.events(deed("ben", "reset", done=False))
            city.events(deed("ana", "comment", text="seen dark"))
            expect(row).to_contain_text("ana commented: seen dark")
            page.get_by_role("button", name="More about lamp-0007").click()
            done = page.locator('#sheet [data-part="deeds"] li')
            expect(done).to_contain_text(
                ["ana commented: seen dark", "ben asked for “Reset”: not done"]
            )
            city.events(deed("eva", "work-order", text="WO 4711"))
            expect(done.first).to_contain_text("eva ordered work: WO 4711")
            page.keyboard.press("Escape")
            expect(page.locator("#recent li").first).to_contain_text("work-order by eva")

    def test_a_refusal_of_the_gateway_is_told(self, browser: Browser, city: City) -> None:
        city.alarms(due(DARK))
        with opened(browser, city) as page:
            page.get_by_label("Operator").fill("ana")
            heard = city.action()
            page.get_by_role("button", name="Acknowledge").click()
            asked = heard.result(20)
            told = {"code": asked.code, "action": asked.action, "by": asked.by, "done": False}
            told["reason"] = "it is acknowledged"
            refusal = Event(asked.device, "alarm-action", now(), told)
            city.events(refusal)
            expect(page.locator("#alarms tbody tr")).to_contain_text(
                "The gateway did not do it: it is acknowledged."
            )

    def test_a_sheet_follows_its_alarm(self, browser: Browser, city: City) -> None:
        alarm = due(DARK)
        city.alarms(alarm)
        with opened(browser, city) as page:
            page.get_by_role("button", name="More about lamp-0007").click()
            sheet = page.get_by_role("dialog")
            sheet.get_by_role("radio", name="Comment").check()
            noticed = replace(
                alarm, state=State.ACKNOWLEDGED, acknowledged=Acknowledgement("ben", now())
            )
            city.alarms(noticed)
            expect(sheet.get_by_role("radio", name="Acknowledge")).to_have_count(0)
            expect(sheet.get_by_role("radio", name="Comment")).to_be_checked()
            expect(sheet).to_contain_text("by ben")
            normal = replace(noticed, state=State.NORMAL, cleared=now(), t=now())
            city.alarms(normal)
            expect(sheet.get_by_role("alert")).to_have_text("This alarm is over.")
            expect(sheet.get_by_role("radio")).to_have_count(0)


class TestAtThreeInTheMorning:
    def test_everything_can_be_done_from_the_keyboard(self, browser: Browser, city: City) -> None:
        city.alarms(raised(GREENS))
        with opened(browser, city) as page:
            expect(page.locator("#alarms tbody tr")).to_have_count(1)
            name = page.get_by_role("button", name="cabinet-12", exact=True)
            for _ in range(10):
                page.keyboard.press("Tab")
                if name.evaluate("one => one === document.activeElement"):
                    break
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            more = page.get_by_role("button", name="More about cabinet-12")
            expect(more).to_be_focused()
            page.keyboard.press("Enter")
            sheet = page.get_by_role("dialog")
            expect(sheet.get_by_label("Your name")).to_be_focused()
            page.keyboard.type("ana")
            heard = city.action()
            page.keyboard.press("Enter")
            assert heard.result(20).action == "acknowledge"
            expect(sheet).to_be_hidden()
            expect(more).to_be_focused()
            page.keyboard.press("Enter")
            expect(sheet).to_be_visible()
            page.keyboard.press("Escape")
            expect(sheet).to_be_hidden()

    def test_rows_that_change_do_not_take_the_keyboard_away(
        self, browser: Browser, city: City
    ) -> None:
        city.alarms(due(DARK))
        with opened(browser, city) as page:
            more = page.get_by_role("button", name="More about lamp-0007")
            more.focus()
            city.alarms(raised(GREENS), replace(due(DARK), message="another word"))
            expect(page.locator("#alarms .who")).to_have_text(["cabinet-12", "lamp-0007"])
            expect(page.locator("#alarms tbody")).to_contain_text("Another word", ignore_case=True)
            expect(more).to_be_focused()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1440])
    def test_all_of_it_can_be_read(
        self, browser: Browser, city: City, scheme: str, width: int
    ) -> None:
        """WCAG 2.2 AA: 4.5 to 1, whatever an alarm's state, in the table and on the sheet."""
        for number, state in enumerate(OFFERED, 1):
            alarm = replace(due(DARK), device=f"lamp-000{number}", state=State(state))
            city.alarms(alarm)
        for number, severity in enumerate(Severity):
            alarm = replace(due(GREENS), device=f"cabinet-{number}", severity=severity)
            city.alarms(alarm)
        city.alarms(raised(DARK))
        size = {"width": width, "height": 844}
        with opened(browser, city, viewport=size, color_scheme=scheme) as page:
            page.get_by_role("button", name="1 pending").click()
            page.get_by_role("button", name="3 set aside").click()
            expect(page.locator("#alarms tbody tr")).to_have_count(11)
            assert page.evaluate(FAINT, ".alarms") == []
            page.get_by_role("button", name="More about cabinet-0").click()
            page.get_by_role("radio", name="Shelve").check()
            assert page.evaluate(FAINT, "#sheet") == []

    def test_with_a_wet_thumb(self, browser: Browser, city: City) -> None:
        """Everything to be pressed is at least 44 px high on a phone, and nothing sticks out."""
        city.alarms(due(DARK))
        size = {"width": 390, "height": 844}
        with opened(browser, city, viewport=size, has_touch=True, is_mobile=True) as page:
            small = """root => [...document.querySelectorAll(root)]
                .filter(one => one.offsetParent && one.getBoundingClientRect().height < 44)
                .map(one => one.outerHTML)"""
            expect(page.locator("#alarms tbody tr")).to_have_count(1)
            assert page.evaluate(small, ".alarms button, .alarms label") == []
            page.get_by_role("button", name="More about lamp-0007").tap()
            page.get_by_role("radio", name="Shelve").check()
            assert page.evaluate(small, "#sheet button, #sheet .choice") == []
            assert page.evaluate("document.querySelector('#sheet').scrollWidth") <= 390

    def test_a_grave_alarm_sounds_until_somebody_takes_notice(
        self, browser: Browser, city: City
    ) -> None:
        with opened(browser, city) as page:
            page.evaluate(
                "() => { const start = OscillatorNode.prototype.start; window.tones = 0;"
                " OscillatorNode.prototype.start = function (at) {"
                " document.body.dataset.tones = ++window.tones; start.call(this, at); }; }"
            )
            city.alarms(raised(GREENS))
            expect(page.locator("#alarms tbody tr")).to_have_count(1)
            assert page.evaluate("window.tones") == 0  # off until somebody wants it
            page.get_by_label("Sound").check()
            assert page.evaluate("window.tones") == 1
            city.alarms(replace(raised(GREENS), device="cabinet-13"))
            expect(page.locator("body")).to_have_attribute("data-tones", "5")
            city.alarms(due(DARK))
            expect(page.locator("#alarms tbody tr")).to_have_count(3)
            assert page.evaluate("window.tones") == 5  # a dark lamp waits for the morning
            page.reload()
            expect(page.get_by_label("Sound")).to_be_checked()


QUICK = {"Acknowledge", "Reset", "Bring back", "Back in service"}

FAINT = """root => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
        const [r, g, b] = parts(colour).map((part) => part / 255)
            .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (one) => {
        for (let at = one; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (parts(colour)[3] !== 0) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const text = (node) => node.nodeType === 3 && node.data.trim();
    const said = (one) => [...one.childNodes].some(text);
    return [...document.querySelector(root).querySelectorAll("*")]
        .filter((one) => said(one) && one.offsetParent && !one.closest(".unseen") && !one.disabled)
        .map((one) => {
            const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            return [one.innerText, contrast.toFixed(2)];
        })
        .filter(([, contrast]) => contrast < 4.5);
}"""
