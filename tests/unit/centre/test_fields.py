"""What a reading and an alarm become in a history (contracts §7)."""

from __future__ import annotations

from gateway.centre.fields import SEVERITY_CODES, STATE_CODES, alarm_fields, reading_fields
from gateway.model import Alarm, Reading, Severity, State

CODES = {"mode": {"off": 0, "auto": 1}}


def reading(**more: object) -> Reading:
    return Reading("lamp-1", "lamp", 1, **more)  # type: ignore[arg-type]


def test_good_values_are_the_fields() -> None:
    fields = reading_fields(reading(values={"power": 68.2, "door_open": False}))
    assert fields == {"power": 68.2, "door_open": False}


def test_an_uncertain_value_is_marked_beside_itself() -> None:
    seen = reading(values={"battery": 100.0, "tilt": 1}, uncertain=frozenset({"battery"}))
    assert reading_fields(seen) == {"battery": 100.0, "battery_q": 1, "tilt": 1}


def test_a_bad_value_is_not_written_and_not_marked() -> None:
    seen = reading(values={"power": 1.0}, bad={"tilt": "above 90"})
    assert reading_fields(seen) == {"power": 1.0}
    assert reading_fields(reading(bad={"tilt": "above 90"})) == {}


def test_a_silent_reading_has_nothing_to_write() -> None:
    assert not reading_fields(reading(silent="no response"))


def test_a_label_the_card_knows_gets_its_code() -> None:
    fields = reading_fields(reading(values={"mode": "auto", "power": 3}), CODES)
    assert fields == {"mode": "auto", "mode_code": 1, "power": 3}


def test_a_label_the_card_does_not_know_gets_none() -> None:
    unknown = reading(values={"mode": "9"}, uncertain=frozenset({"mode"}))
    assert reading_fields(unknown, CODES) == {"mode": "9", "mode_q": 1}
    assert reading_fields(reading(values={"mode": "auto"})) == {"mode": "auto"}


def test_a_point_that_is_called_like_a_code_keeps_its_own_value() -> None:
    fields = reading_fields(reading(values={"mode": "auto", "mode_code": 7.5}), CODES)
    assert fields["mode_code"] == 7.5


def test_an_alarm_is_words_and_codes() -> None:
    alarm = Alarm("lamp-1", "day_burner", 5, State.SHELVED, Severity.MAJOR, "burns by day", 1)
    assert alarm_fields(alarm) == {
        "state": "shelved",
        "severity": "major",
        "message": "burns by day",
        "state_code": 4,
        "severity_code": 3,
    }


def test_codes_stand_in_the_order_of_the_contract_and_of_gravity() -> None:
    states = "normal unacknowledged acknowledged returned shelved suppressed out-of-service"
    assert [str(state) for state in sorted(STATE_CODES, key=STATE_CODES.__getitem__)] == (
        states.split()
    )
    gravest = sorted(SEVERITY_CODES, key=SEVERITY_CODES.__getitem__, reverse=True)
    assert [str(severity) for severity in gravest] == ["critical", "major", "minor", "warning"]
