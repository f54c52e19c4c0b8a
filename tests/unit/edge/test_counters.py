"""Counters go on where they begin again: wraps, resets, slips, and what a restart remembers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.counters import Tally, count_on
from gateway.driver import Block, Raw, Scaled
from gateway.edge.counters import counters
from gateway.model import Counter, Device, Point, Reading
from gateway.values import converter, gather, powered

SIX_DIGITS = Counter(0, 1_000_000)
WORD = Counter(0, 65536)


def counted(counter: Counter, raws: Iterable[float]) -> list[tuple[float, bool]]:
    """What is published of these raw values, and whether it is certain."""
    tally: Tally | None = None
    out = []
    for raw in raws:
        tally, certain = count_on(counter, tally, raw)
        out.append((raw + tally.carry, certain))
    return out


class TestWhatHappenedBetweenTwoReadings:
    def test_it_counted(self) -> None:
        assert counted(WORD, [5, 5, 70, 9000]) == [(n, True) for n in (5, 5, 70, 9000)]

    def test_it_wrapped(self) -> None:
        assert counted(SIX_DIGITS, [999_990, 5, 12]) == [
            (999_990, True),
            (1_000_005, True),
            (1_000_012, True),
        ]

    @pytest.mark.parametrize(
        ("last", "next_", "wraps"),
        [
            (900_000, 99_999, True),
            (899_999, 0, False),
            (999_999, 100_000, False),
        ],
    )
    def test_a_wrap_leads_from_the_top_tenth_into_the_bottom_tenth(
        self, last: int, next_: int, wraps: bool
    ) -> None:
        published = counted(SIX_DIGITS, [last, next_])[1]
        assert published == ((next_ + 1_000_000, True) if wraps else (next_, False))

    def test_a_reset_goes_on_from_what_the_device_says_once_uncertain(self) -> None:
        raws = [999_999, 100, 500_000, 3, 4]
        assert counted(SIX_DIGITS, raws)[2:] == [(1_500_000, True), (3, False), (4, True)]

    def test_a_small_step_back_keeps_what_was_carried(self) -> None:
        """Two registers read while the low one overflowed: a classic of 32-bit counters."""
        raws = [999_999, 20, 200_000, 134_464, 200_001]
        assert counted(SIX_DIGITS, raws)[3:] == [(1_134_464, False), (1_200_001, True)]

    def test_one_slip_upwards_leaves_no_trace(self) -> None:
        raws = [100, 999_999, 101, 102]
        assert counted(SIX_DIGITS, raws) == [
            (100, True),
            (999_999, False),
            (101, True),
            (102, True),
        ]

    def test_one_slip_downwards_near_the_end_heals_at_the_second_reading(self) -> None:
        assert counted(SIX_DIGITS, [950_000, 0, 950_001, 950_002])[-1] == (950_002, True)

    def test_a_leap_that_is_said_again_is_believed(self) -> None:
        """Another meter, whose own counter stands high."""
        assert counted(SIX_DIGITS, [100, 950_000, 950_003]) == [
            (100, True),
            (950_000, False),
            (950_003, True),
        ]

    def test_a_signed_counter_begins_again_at_its_least(self) -> None:
        assert counted(Counter(-32768, 65536), [32767, -32768, -32000])[1:] == [
            (32768, True),
            (33536, True),
        ]

    def test_beyond_its_range_it_is_what_it_says(self) -> None:
        assert counted(Counter(0, 1000), [1500, 1600]) == [(1500, True), (1600, True)]


@given(
    size=st.sampled_from([100, 10_000, 65536, 1_000_000, 2**32, 10**16, 2**64]),
    start=st.floats(0, 1, exclude_max=True),
    gains=st.lists(st.floats(0, 0.1), max_size=60),
    low=st.sampled_from([0, -(2**15), -(2**31)]),
)
def test_what_never_gains_more_than_a_tenth_is_never_lost(
    size: int, start: float, gains: list[float], low: int
) -> None:
    true, totals = int(start * size), []
    raws = []
    for gain in [0.0, *gains]:
        true += int(gain * size)
        totals.append(low + true)
        raws.append(low + true % size)
    assert counted(Counter(low, size), raws) == [(total, True) for total in totals]


@given(st.lists(st.integers(0, 999_999), min_size=1))
def test_whatever_comes_the_published_value_shows_what_the_device_says(raws: list[int]) -> None:
    """The last digits are the device's own, and no carry is ever negative."""
    for raw, (value, _) in zip(raws, counted(SIX_DIGITS, raws), strict=True):
        assert value >= raw
        assert value % 1_000_000 == raw


@given(
    start=st.integers(0, 999_999),
    steps=st.lists(st.tuples(st.integers(0, 100_000), st.booleans()), max_size=60),
)
def test_restarts_at_any_moment_lose_nothing(start: int, steps: list[tuple[int, bool]]) -> None:
    """What is kept when a counter passes into another tenth is enough."""
    true = start
    tally, _ = count_on(SIX_DIGITS, None, true)
    kept = tally
    for gain, restart in steps:
        if restart:
            tally = kept
        true += gain
        before = tally
        tally, certain = count_on(SIX_DIGITS, before, true % 1_000_000)
        if before.place(SIX_DIGITS) != tally.place(SIX_DIGITS):
            kept = tally
        assert (true % 1_000_000 + tally.carry, certain) == (true, True)


# ---------------------------------------------------------------- from raw value to reading


class Kept:
    """The small state of a gateway, as far as counters go; what it holds went through JSON."""

    def __init__(self) -> None:
        self.written: dict[str, Any] = {}
        self.writes = 0

    def keep(self, name: str, value: Any) -> None:
        self.written[name] = orjson.loads(orjson.dumps(value))
        self.writes += 1


def meter(point: Point, name: str = "meter") -> Device:
    return Device(name, "feeder", "b", "p", None, None, points=(point,))


def energy(counter: Counter, scale: float = 1.0, **keys: Any) -> Point:
    line = converter(scale=scale)
    return Point(
        "energy",
        None,
        10.0,
        convert=converter(scale=scale, **keys),
        counter=Counter(counter.low, counter.size, line),
    )


class Boot:
    """One run of a gateway with one meter."""

    def __init__(self, kept: Kept, device: Device) -> None:
        self.device = device
        self.count = counters([device], kept.written.get, kept.keep)[device.id]

    def read(self, raw: Raw) -> Reading:
        block = Block(self.device, self.device.points, None)
        return gather(self.device, 1, [(block, [raw])], self.count)


def test_the_published_value_goes_on_in_engineering_units_to_the_last_digit() -> None:
    boot = Boot(Kept(), meter(energy(WORD, scale=0.1)))
    values = [boot.read(raw).values["energy"] for raw in (65533, 65535, 1, 3)]
    assert values == [6553.3, 6553.5, 6553.7, 6553.9]


def test_a_wrap_during_a_restart_is_a_wrap() -> None:
    kept = Kept()
    device = meter(energy(SIX_DIGITS))
    first = Boot(kept, device)
    assert [first.read(raw).values["energy"] for raw in (999_000, 999_990)] == [999_000, 999_990]
    second = Boot(kept, device)
    reading = second.read(40)
    assert (reading.values["energy"], reading.uncertain) == (1_000_040, frozenset())
    assert Boot(kept, device).read(50).values["energy"] == 1_000_050


def test_a_lost_state_is_no_lost_reading() -> None:
    device = meter(energy(SIX_DIGITS))
    Boot(Kept(), device).read(999_990)
    assert Boot(Kept(), device).read(40).values == {"energy": 40}


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        "x",
        {"energy": None},
        {"energy": [0, 1_000_000, "x", 0, 0]},
        {"energy": [0, 1_000_000, 5]},
        {"energy": [0, 65536, 999_990, 7, 0]},
        {"other": [0, 1_000_000, 1, 1, 0]},
    ],
)
def test_a_state_that_is_not_this_counters_begins_anew(damage: object) -> None:
    kept = Kept()
    kept.written["counters/meter"] = damage
    assert Boot(kept, meter(energy(SIX_DIGITS))).read(40).values == {"energy": 40}


def test_the_card_is_written_only_when_a_counter_passes_into_another_tenth() -> None:
    kept = Kept()
    boot = Boot(kept, meter(energy(SIX_DIGITS)))
    for raw in range(0, 1_000_000, 997):
        boot.read(raw)
    assert kept.writes == 10


@pytest.mark.parametrize("raw", [65535, 60001])
def test_no_value_is_no_count(raw: int) -> None:
    """A sentinel stands at the top of the range: taken for a count, the next would be a wrap."""
    boot = Boot(Kept(), meter(energy(WORD, invalid=[65535], high=60000)))
    assert boot.read(59_999).values == {"energy": 59_999}
    assert boot.read(raw).bad
    assert boot.read(60_000).values == {"energy": 60_000}


def test_limits_judge_what_the_device_says_and_not_the_sum() -> None:
    boot = Boot(Kept(), meter(energy(WORD, high=65535)))
    boot.read(65535)
    assert boot.read(1).values == {"energy": 65537}


def scaled(raw: float, exponent: float) -> Scaled:
    return Scaled(raw, exponent)


class TestExponents:
    """The counter counts raw values, whatever power of ten they stand for."""

    POINT = Point(
        "energy", None, 10.0, convert=powered(None), counter=Counter(0, 65536, powered(None))
    )

    def test_a_wrap_counts_in_the_devices_own_units(self) -> None:
        boot = Boot(Kept(), meter(self.POINT))
        values = [boot.read(scaled(raw, -1)).values["energy"] for raw in (65535, 4)]
        assert values == [6553.5, 6554.0]

    def test_a_device_that_moves_its_decimal_point_counts_on(self) -> None:
        boot = Boot(Kept(), meter(self.POINT))
        raws = [(65535, 0), (5, 0), (60_000, 0), (6_001, 1), (6_002, 1)]
        values = [boot.read(scaled(*raw)).values["energy"] for raw in raws]
        assert values == pytest.approx([65535, 65541, 125_536, 125_546, 125_556])

    def test_it_survives_a_restart(self) -> None:
        kept = Kept()
        Boot(kept, meter(self.POINT)).read(scaled(65535, 2))
        assert Boot(kept, meter(self.POINT)).read(scaled(1, 2)).values == {"energy": 6_553_700}


def test_devices_without_counters_cost_nothing() -> None:
    assert counters([meter(Point("power", None, 1.0))], Kept().written.get, Kept().keep) == {}


def test_each_device_counts_for_itself() -> None:
    kept = Kept()
    devices = [meter(energy(SIX_DIGITS), name) for name in ("a", "b")]
    boots = [Boot(kept, device) for device in devices]
    for boot in boots:
        boot.read(999_999)
    assert boots[0].read(1).values == {"energy": 1_000_001}
    assert boots[1].read(999_999).values == {"energy": 999_999}
    assert set(kept.written) == {"counters/a", "counters/b"}
