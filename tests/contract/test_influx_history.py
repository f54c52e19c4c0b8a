"""One suite for every history: what was stored is read back, and alike from each back end.

The embedded SQLite file, and a real InfluxDB 1.6.7 asked as version 1 and, by its token and bucket,
the way version 2 and 3 are asked through the same ``/query``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.centre.embedded import SqliteHistory
from gateway.centre.history import (
    HOUR,
    AlarmRow,
    Bundle,
    Count,
    History,
    HistoryUnavailable,
    Latest,
    Scope,
    Store,
)
from gateway.centre.influx import InfluxStore, open_influx_history
from gateway.config.site import InfluxOptions
from gateway.model import Alarm, Event, Kind, Millis, Reading, Severity, State, Value
from tests.parts.influxdb import influx1
from tests.parts.process import free_port

T0 = 1_763_800_000_123
LAMP = ("ayala", "gw-1", "lamp-1")
NAMES = count()


@pytest.fixture(scope="module")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influx1(tmp_path_factory.mktemp("influx")) as server:
        yield server.url


@dataclass(frozen=True)
class Both:
    """A store and the history that reads what it wrote."""

    store: Store
    history: History


@pytest.fixture(params=["sqlite", "influx-v1", "influx-v2-query"])
def back(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Both]:
    if request.param == "sqlite":
        store = SqliteHistory.open(tmp_path)
        history: History = SqliteHistory.open(tmp_path)
        yield Both(store, history)
        store.close()
    else:
        url, name = request.getfixturevalue("influx_url"), f"d{next(NAMES)}"
        v1 = InfluxOptions(url=url, api="v1", database=name)
        v2 = InfluxOptions(url=url, api="v2", bucket=name)
        influx = InfluxStore.open(v1)
        history = open_influx_history(v1 if request.param == "influx-v1" else v2)
        yield Both(influx, history)
        influx.close()
    history.close()


def readings(device: str, kind: Kind, rows: dict[Millis, dict[str, Value]]) -> Bundle:
    return Bundle("ayala", "gw-1", [Reading(device, kind, t, row) for t, row in rows.items()])


def test_values_come_back_as_they_were(back: Both) -> None:
    row: dict[str, Value] = {
        "power": 68.2,
        "whole": 70,
        "tiny": -1.5e-7,
        "great": 2**60,
        "door_open": True,
        "mode": 'a "quoted" \\ text, with = and\na line break: °C',
    }
    back.store.write([readings("lamp-1", "lamp", {T0: row})])
    for point, value in row.items():
        ((t, stored),) = back.history.series(*LAMP, point, T0, T0 + 1)
        expected = float(value) if type(value) is int else value
        assert (t, stored, type(stored)) == (T0, expected, type(expected))


def test_writing_twice_changes_nothing(back: Both) -> None:
    bundle = readings("lamp-1", "lamp", {T0: {"power": 1.0, "mode": "on"}, T0 + 1: {"power": 2.0}})
    first = back.store.write([bundle])
    again = back.store.write([bundle])
    assert (first.stored, first.rejected, again.rejected) == (2, (), ())
    assert back.history.series(*LAMP, "power", 0, T0 + 10) == [(T0, 1.0), (T0 + 1, 2.0)]
    assert back.history.count(0, T0 + 10) == [Count(*LAMP, rows=2, duplicates=0)]


def test_two_readings_of_one_moment_merge(back: Both) -> None:
    back.store.write([readings("lamp-1", "lamp", {T0: {"power": 1.0, "mode": "on"}})])
    back.store.write([readings("lamp-1", "lamp", {T0: {"energy": 5.0, "mode": "off"}})])
    assert back.history.series(*LAMP, "power", T0, T0 + 1) == [(T0, 1.0)]
    assert back.history.series(*LAMP, "energy", T0, T0 + 1) == [(T0, 5.0)]
    assert back.history.series(*LAMP, "mode", T0, T0 + 1) == [(T0, "off")]
    assert back.history.count(T0, T0 + 1) == [Count(*LAMP, rows=1, duplicates=0)]


def test_an_interval_holds_its_start_and_not_its_end(back: Both) -> None:
    back.store.write([readings("lamp-1", "lamp", {T0 + n: {"power": float(n)} for n in range(5)})])
    assert back.history.series(*LAMP, "power", T0 + 1, T0 + 3) == [(T0 + 1, 1.0), (T0 + 2, 2.0)]
    assert back.history.count(T0 + 1, T0 + 3)[0].rows == 2


def test_nothing_stored_is_nothing_found(back: Both) -> None:
    assert back.history.series(*LAMP, "power", 0, T0) == []
    assert back.history.latest(0) == []
    assert back.history.count(0, T0) == []
    assert back.history.alarms(0, T0) == []
    back.store.write([readings("lamp-1", "lamp", {T0: {"power": 1.0}})])
    assert back.history.series(*LAMP, "voltage", 0, T0 + 1) == []
    assert back.history.series("ayala", "gw-1", "lamp-2", "power", 0, T0 + 1) == []


@pytest.mark.parametrize("point", ['po"wer', "po'wer", "power\\", "x; DROP MEASUREMENT lamp", ""])
def test_a_question_cannot_break_out_of_its_quotes(back: Both, point: str) -> None:
    back.store.write([readings("lamp-1", "lamp", {T0: {"power": 1.0}})])
    assert back.history.series(*LAMP, point, 0, T0 + 1) == []
    assert back.history.series("ayala", point, "lamp-1", "power", 0, T0 + 1) == []
    assert back.history.count(0, T0 + 1, Scope(device=point)) == []
    assert back.history.count(0, T0 + 1) == [Count(*LAMP, rows=1, duplicates=0)]


def test_a_long_series_keeps_its_extremes(back: Both) -> None:
    rows: dict[Millis, dict[str, Value]] = {
        T0 + n * 1000: {"power": 50.0 + n % 3} for n in range(600)
    }
    rows[T0 + 123_000] = {"power": 400.0}
    rows[T0 + 456_000] = {"power": 0.0}
    back.store.write([readings("lamp-1", "lamp", rows)])
    thinned = back.history.series(*LAMP, "power", T0, T0 + 600_000, max_points=20)
    assert len(thinned) == 20
    assert [t for t, _ in thinned] == [T0 + n * 30_000 for n in range(20)]
    assert max(thinned, key=lambda sample: sample[1]) == (T0 + 150_000, 400.0)
    assert min(thinned, key=lambda sample: sample[1]) == (T0 + 420_000, 0.0)
    exact = back.history.series(*LAMP, "power", T0, T0 + 600_000, max_points=600)
    assert exact == [(t, row["power"]) for t, row in rows.items()]


def test_a_constant_needs_one_sample_a_window(back: Both) -> None:
    back.store.write([readings("lamp-1", "lamp", {T0 + n: {"power": 7} for n in range(100)})])
    thinned = back.history.series(*LAMP, "power", T0, T0 + 100, max_points=10)
    assert thinned == [(T0 + n * 20, 7.0) for n in range(5)]


@pytest.mark.parametrize(
    ("point", "values"), [("mode", ["off", "on"]), ("door_open", [False, True])]
)
def test_of_states_the_last_of_each_window_remains(
    back: Both, point: str, values: list[Value]
) -> None:
    rows = {T0 + n: {point: values[n // 10 % 2]} for n in range(100)}
    back.store.write([readings("lamp-1", "lamp", rows)])
    thinned = back.history.series(*LAMP, point, T0, T0 + 100, max_points=20)
    assert thinned == [(T0 + n * 10, values[n % 2]) for n in range(10)]


def test_latest_is_the_newest_value_of_each_point(back: Both) -> None:
    back.store.write(
        [
            readings(
                "lamp-1",
                "lamp",
                {
                    T0: {"power": 1.0, "energy": 9.0, "mode": "on"},
                    T0 + 1: {"power": 2.0, "door_open": False},
                },
            ),
            readings("bin-1", "bin", {T0 - 50: {"fill_level": 40.0}}),
        ]
    )
    lamp = Latest(
        *LAMP,
        "lamp",
        {
            "door_open": (T0 + 1, False),
            "energy": (T0, 9.0),
            "mode": (T0, "on"),
            "power": (T0 + 1, 2.0),
        },
    )
    bin_1 = Latest("ayala", "gw-1", "bin-1", "bin", {"fill_level": (T0 - 50, 40.0)})
    assert back.history.latest(0) == [bin_1, lamp]
    assert back.history.latest(T0) == [lamp]
    assert back.history.latest(0, Scope(device="bin-1")) == [bin_1]


def test_latest_says_what_is_uncertain_now_and_forgets_what_was(back: Both) -> None:
    now = Reading("lamp-1", "lamp", T0 + 1, {"tilt": 1.0, "power": 5.0}, frozenset({"tilt"}))
    before = Reading("lamp-1", "lamp", T0, {"tilt": 1.0, "power": 5.0}, frozenset({"power"}))
    back.store.write([Bundle("ayala", "gw-1", [before, now])])
    (latest,) = back.history.latest(0)
    assert latest.uncertain == {"tilt"}
    assert set(latest.values) == {"tilt", "power"}


def test_count_tells_devices_apart_and_finds_rows_that_share_a_moment(back: Both) -> None:
    back.store.write(
        [
            readings("lamp-1", "lamp", {T0: {"power": 1.0}, T0 + 1: {"energy": 1.0}}),
            Bundle("ayala", "gw-2", [Reading("lamp-1", "lamp", T0, {"power": 1.0})]),
            Bundle("bgc", "gw-1", [Reading("lamp-1", "lamp", T0, {"power": 1.0})]),
        ]
    )
    assert back.history.count(0, T0 + 9) == [
        Count("ayala", "gw-1", "lamp-1", 2, 0),
        Count("ayala", "gw-2", "lamp-1", 1, 0),
        Count("bgc", "gw-1", "lamp-1", 1, 0),
    ]
    back.store.write([readings("lamp-1", "other", {T0: {"power": 1.0}, T0 + 2: {"power": 1.0}})])
    assert back.history.count(0, T0 + 9, Scope("ayala", "gw-1")) == [Count(*LAMP, 4, 1)]


def test_enum_codes_are_stored_beside_their_labels(back: Both) -> None:
    signal = Reading("sig-1", "signal", T0, {"mode": "flash"})
    codes = {"sig-1": {"mode": {"control": 1, "flash": 3}}}
    back.store.write([Bundle("ayala", "gw-1", [signal], codes=codes)])
    assert back.history.series("ayala", "gw-1", "sig-1", "mode", 0, T0 + 1) == [(T0, "flash")]
    assert back.history.series("ayala", "gw-1", "sig-1", "mode_code", 0, T0 + 1) == [(T0, 3.0)]


def alarm(t: Millis, state: State, device: str = "lamp-1") -> Alarm:
    return Alarm(device, "day_burner", t, state, Severity.WARNING, f"it is {state}", T0)


def transition(t: Millis, state: State, device: str = "lamp-1") -> AlarmRow:
    text = f"it is {state}"
    return AlarmRow("ayala", "gw-1", device, "day_burner", t, state, Severity.WARNING, text)


def test_transitions_of_alarms_come_back_in_order(back: Both) -> None:
    story = [State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.NORMAL]
    alarms = [alarm(T0 + n, state) for n, state in enumerate(story)]
    bundle = Bundle("ayala", "gw-1", alarms=[*alarms, alarm(T0, State.SHELVED, "feeder:F1, °")])
    back.store.write([bundle])
    back.store.write([bundle])
    rows = [transition(T0 + n, state) for n, state in enumerate(story)]
    feeder = transition(T0, State.SHELVED, "feeder:F1, °")
    assert back.history.alarms(0, T0 + 9) == [feeder, *rows]
    assert back.history.alarms(0, T0 + 9, limit=2) == rows[1:]
    assert back.history.alarms(T0 + 1, T0 + 2) == rows[1:2]
    assert back.history.alarms(0, T0 + 9, Scope(device="feeder:F1, °")) == [feeder]


def test_an_alarm_written_again_with_another_state_at_the_same_moment_is_the_later_one(
    back: Both,
) -> None:
    back.store.write([Bundle("ayala", "gw-1", alarms=[alarm(T0, State.UNACKNOWLEDGED)])])
    back.store.write([Bundle("ayala", "gw-1", alarms=[alarm(T0, State.NORMAL)])])
    assert back.history.alarms(0, T0 + 9) == [transition(T0, State.NORMAL)]


anything = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**64 - 1),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
# A tag holds neither line breaks nor a backslash at its end (gateway/centre/lineprotocol.py).
subjects = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t"), min_size=1
).filter(lambda text: not text.endswith("\\"))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=anything, device=subjects)
def test_any_value_and_any_subject_survive(back: Both, value: Value, device: str) -> None:
    """Each under a name of its own, because a field has one type for ever."""
    point, t = f"p{next(NAMES)}", T0 + next(NAMES)
    told = Alarm(device, point, t, State.NORMAL, Severity.MINOR, str(value), t)
    written = back.store.write(
        [Bundle("ayala", "gw-1", [Reading("lamp-1", "lamp", t, {point: value})], [told])]
    )
    assert written.rejected == ()
    ((_, stored),) = back.history.series(*LAMP, point, t, t + 1)
    expected = float(value) if type(value) is int else value
    assert (stored, type(stored)) == (expected, type(expected))
    (row,) = back.history.alarms(t, t + 1)
    assert (row.device, row.code, row.message) == (device, point, str(value))


def test_a_server_that_is_away_is_said() -> None:
    options = InfluxOptions(url=f"http://127.0.0.1:{free_port()}", api="v1")
    history = open_influx_history(options)
    with pytest.raises(HistoryUnavailable, match="refused"):
        history.count(0, 1)
    history.close()


def test_rows_are_counted_by_the_hour(back: Both) -> None:
    """One point in every row: exact; two points in turn: at least the more frequent one's."""
    hour = T0 // HOUR
    times = [(hour + 1) * HOUR - 2, (hour + 1) * HOUR - 1, (hour + 1) * HOUR, (hour + 2) * HOUR]
    back.store.write(
        [
            readings("lamp-1", "lamp", {t: {"power": 1.0, "hours": 2} for t in times}),
            readings("lamp-2", "lamp", {t: {f"p{i % 2}": 1.0} for i, t in enumerate(times)}),
            readings("twin", "lamp", {t: {"power": 1.0} for t in times}),
            readings("twin", "bin", {times[0]: {"level": 1.0}}),
        ]
    )
    found = {(row.device, row.hour): row for row in back.history.hours(times[0], times[-1])}
    assert sorted(found) == [
        (device, each) for device in ("lamp-1", "lamp-2", "twin") for each in (hour, hour + 1)
    ]
    assert [found["lamp-1", each].rows for each in (hour, hour + 1)] == [2, 1]
    twin = found["twin", hour]
    assert (twin.rows, twin.duplicates, twin.exact) == (3, 1, True)
    uneven = found["lamp-2", hour]
    assert (uneven.rows, uneven.exact) in {(2, True), (1, False)}
    only = back.history.hours(0, 2 * T0, Scope(device="lamp-1"))
    assert [(row.device, row.hour, row.rows) for row in only] == [
        ("lamp-1", hour, 2),
        ("lamp-1", hour + 1, 1),
        ("lamp-1", hour + 2, 1),
    ]


def test_events_come_back_as_they_were_told(back: Both) -> None:
    told = [
        Event("bin-1", "collected", T0, {"from": 80.5, "to": 5}),
        Event("feeder:F1, north", "diagnosis", T0 + 1, {"try": ['a "b"\n', "c\\"], "until": None}),
        Event("gw-1", "dropped", T0 + 2, {"ranges": [[1, 5]], "reason": "full"}),
    ]
    back.store.write([Bundle("ayala", "gw-1", events=told)] * 2)
    rows = back.history.events(T0, T0 + 3)
    assert [Event(row.device, row.event, row.t, row.values) for row in rows] == told
    assert {(row.site, row.gateway) for row in rows} == {("ayala", "gw-1")}
    assert [row.t for row in back.history.events(T0, T0 + 3, limit=1)] == [T0 + 2]
    assert [row.t for row in back.history.events(0, 2 * T0, Scope(device="bin-1"))] == [T0]
    assert back.history.events(0, T0) == []
