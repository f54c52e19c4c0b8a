"""Which values are current: points have their own periods, and bad news counts at once."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from gateway.faults.sight import Around, Sight
from gateway.model import Device, Point, Reading

T = 1_774_004_400_000
SECOND = 1000
EVERY = {"power": 10 * SECOND, "voltage": 10 * SECOND, "energy": 60 * SECOND}


def sight() -> Sight:
    points = tuple(Point(name, None, every / SECOND) for name, every in EVERY.items())
    device = Device("lamp-1", "lamp", "a", "", None, None, points)
    return Sight(device, EVERY, Around((14.5, 121.0), UTC, lambda _d, _s: (), lambda _d, _c: False))


def see(seen: Sight, t: int, bad: tuple[str, ...] = (), **values: Any) -> None:
    seen.take(
        Reading("lamp-1", "lamp", T + t * SECOND, values, bad=dict.fromkeys(bad, "not a number"))
    )


def test_a_reading_of_some_points_leaves_the_others_current() -> None:
    seen = sight()
    see(seen, 0, power=1.0, voltage=230.0, energy=5.0)
    see(seen, 10, power=2.0, voltage=231.0)
    assert seen.good == {"power": 2.0, "voltage": 231.0, "energy": 5.0}
    assert seen.fresh == {"power": 2.0, "voltage": 231.0}


def test_a_value_is_current_for_three_of_its_own_periods() -> None:
    seen = sight()
    see(seen, 0, power=1.0, voltage=230.0, energy=5.0)
    for t in range(10, 181, 10):
        see(seen, t, power=1.0)
        assert ("voltage" in seen.good) is (t <= 30), t
        assert "energy" in seen.good
    see(seen, 190, power=1.0)
    assert seen.good == {"power": 1.0}


def test_a_bad_or_uncertain_value_ends_it_at_once() -> None:
    seen = sight()
    see(seen, 0, power=1.0, voltage=230.0)
    see(seen, 10, power=1.0, bad=("voltage",))
    assert seen.good == {"power": 1.0}
    seen.take(
        Reading(
            "lamp-1", "lamp", T + 20 * SECOND, {"power": 2.0, "voltage": 1.0}, frozenset({"power"})
        )
    )
    assert seen.good == {"voltage": 1.0}
    assert seen.fresh == {"voltage": 1.0}


def test_a_good_value_after_a_bad_one_ages_from_its_own_time() -> None:
    seen = sight()
    see(seen, 0, power=1.0, voltage=230.0)
    see(seen, 10, power=1.0, bad=("voltage",))
    see(seen, 20, voltage=229.0)
    for t in (30, 40, 50):
        see(seen, t, power=1.0)
        assert seen.good["voltage"] == 229.0
    see(seen, 60, power=1.0)
    assert "voltage" not in seen.good


def test_silence_brings_nothing_and_others_see_no_stale_value() -> None:
    seen = sight()
    see(seen, 0, power=1.0)
    seen.take(Reading("lamp-1", "lamp", T + 10 * SECOND, silent="timeout"))
    assert seen.silent == "timeout"
    assert seen.fresh == {}
    assert seen.at(T + 20 * SECOND).good == {"power": 1.0}
    assert seen.at(T + 31 * SECOND).good == {}


def test_the_period_is_what_is_configured_or_what_is_seen_if_that_is_longer() -> None:
    seen = sight()
    for t in (0, 10, 12, 22):
        see(seen, t, power=1.0)
    assert seen.period == 10 * SECOND
    see(seen, 322, power=1.0)
    assert seen.period == 10 * SECOND, "one gap is no period"
    see(seen, 622, power=1.0)
    assert seen.period == 300 * SECOND
    see(seen, 632, power=1.0)
    assert seen.period == 10 * SECOND


def test_the_first_answer_after_a_start_or_a_gap_resumes() -> None:
    seen = sight()
    see(seen, 0, power=1.0)
    began = seen.resumed
    see(seen, 30, power=1.0)
    assert (began, seen.resumed) == (True, False)
    see(seen, 61, power=1.0)
    assert seen.resumed is True


def test_points_that_no_profile_has_age_by_the_default_period() -> None:
    seen = sight()
    see(seen, 0, power=1.0, stranger=7.0)
    see(seen, 30, power=1.0)
    assert seen.good["stranger"] == 7.0
    see(seen, 40, power=1.0)
    assert "stranger" not in seen.good


def test_the_sun_stands_where_the_device_is() -> None:
    seen = sight()
    see(seen, 0, power=1.0)
    assert -14.0 < seen.sun() < -13.0, "19:00 in Manila, an hour after sunset"
