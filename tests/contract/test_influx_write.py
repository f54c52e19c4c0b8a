"""What each version of InfluxDB takes, refuses and asks to wait for.

Version 1 is the real 1.6.7; version 2's wire is proven on VictoriaMetrics, its errors on a strict
stand-in, because no InfluxDB 2 can be installed here.
"""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.centre.history import Bundle, Count, Store, StoreBusy, StoreRefused
from gateway.centre.influx import InfluxStore, judge, open_influx_history
from gateway.centre.influxql import name as quoted
from gateway.config.site import InfluxOptions
from gateway.model import Alarm, Reading, Severity, State, Value
from tests.parts.influx2_fake import BUCKET, TOKEN, Answer, Influx2, influx2_fake
from tests.parts.influxdb import influx1
from tests.parts.process import free_port
from tests.parts.victoriametrics import exported, victoria_metrics

T0 = 1_763_800_000_000


def lamp(device: str, t: int, **values: Value) -> Bundle:
    return Bundle("ayala", "gw-1", [Reading(device, "lamp", t, values)])


def many(count: int, **values: Value) -> list[Bundle]:
    return [lamp("lamp-1", T0 + n, **{"power": 1.5, **values}) for n in range(count)]


# --- version 1: the real one


@pytest.fixture(scope="module")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with influx1(tmp_path_factory.mktemp("influx")) as server:
        yield server.url


@pytest.fixture
def v1(influx_url: str, request: pytest.FixtureRequest) -> InfluxOptions:
    return InfluxOptions(url=influx_url, api="v1", database=f'db "{request.node.name}"')


def command(url: str, statement: str) -> None:
    """What an administrator types."""
    form = urllib.parse.urlencode({"q": statement}).encode()
    urllib.request.urlopen(f"{url}/query", form, timeout=5).close()  # noqa: S310  # on loopback


def stored(options: InfluxOptions) -> list[Count]:
    with closing(open_influx_history(options)) as history:
        return history.count(0, 2 * T0)


def test_a_missing_database_is_made(v1: InfluxOptions) -> None:
    with closing(InfluxStore.open(v1)) as store:
        assert store.write(many(3)).stored == 3
    assert stored(v1) == [Count("ayala", "gw-1", "lamp-1", 3, 0)]


def test_a_type_conflict_is_set_aside_and_all_the_rest_lands(v1: InfluxOptions) -> None:
    with closing(InfluxStore.open(v1)) as store:
        store.write(many(1))
        bundles = many(500)
        bundles[137] = lamp("lamp-2", T0, power="a lot")
        bundles[400] = lamp("lamp-2", T0 + 1, power=True)
        written = store.write(bundles)
    assert written.stored == 498
    assert sorted(refused.row for refused in written.rejected) == [
        f'lamp,device=lamp-2,gateway=gw-1,site=ayala power="a lot" {T0}',
        f"lamp,device=lamp-2,gateway=gw-1,site=ayala power=true {T0 + 1}",
    ]
    assert all("field type conflict" in refused.reason for refused in written.rejected)
    assert [(count.device, count.rows) for count in stored(v1)] == [("lamp-1", 498)]


def test_a_conflict_within_the_first_request_ever_costs_only_one_side(v1: InfluxOptions) -> None:
    """1.6.7 stores nothing at all of such a request, and does not say which line it was."""
    with closing(InfluxStore.open(v1)) as store:
        written = store.write([*many(9), lamp("lamp-2", T0, power="a lot"), *many(9)])
    assert len(written.rejected) in {1, 9}
    assert sum(count.rows for count in stored(v1)) + len(written.rejected) == 10


def test_a_name_the_server_reserves_is_set_aside(v1: InfluxOptions) -> None:
    with closing(InfluxStore.open(v1)) as store:
        written = store.write([lamp("lamp-1", T0, time=5), *many(3)])
    assert [refused.reason for refused in written.rejected] != []
    assert written.stored == 3


def test_points_older_than_the_retention_are_set_aside_at_once(
    v1: InfluxOptions, influx_url: str
) -> None:
    """A backlog of nothing else takes one request, not one for each line."""
    command(influx_url, f"CREATE DATABASE {quoted(str(v1.database))} WITH DURATION 1h")
    store = InfluxStore.open(v1)
    requests = 0
    post = store._post

    class Counting:
        close = staticmethod(post.close)

        def __call__(self, body: bytes) -> str | None:
            nonlocal requests
            requests += 1
            return post(body)

    store._post = Counting()
    with closing(store):
        written = store.write(many(1000))
    assert len(written.rejected) == 1000
    assert "beyond retention" in written.rejected[0].reason
    assert requests == 1


def test_a_user_the_server_does_not_know_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    with influx1(tmp_path / "influx", auth=True) as server:
        command(server.url, "CREATE USER ops WITH PASSWORD 'right' WITH ALL PRIVILEGES")
        options = InfluxOptions(
            url=server.url, api="v1", database="d", username="ops", password_file=secret
        )
        with closing(InfluxStore.open(options)) as store, pytest.raises(StoreRefused, match="401"):
            store.write(many(1))
        secret.write_text("right\n")
        with closing(InfluxStore.open(options)) as store:
            assert store.write(many(2)).stored == 2
        assert stored(options)[0].rows == 2


def test_a_server_that_is_away_is_busy() -> None:
    for api in ("v1", "v2"):
        options = InfluxOptions(url=f"http://127.0.0.1:{free_port()}", api=api)
        with closing(InfluxStore.open(options)) as store, pytest.raises(StoreBusy, match="refused"):
            store.write(many(1))


# --- version 2: the stand-in for its errors


@pytest.fixture
def server() -> Iterator[Influx2]:
    with influx2_fake() as running:
        yield running


Open = Callable[..., Store]


@pytest.fixture
def opened(server: Influx2, tmp_path: Path) -> Iterator[Open]:
    stores: list[Store] = []

    def make(token: str = TOKEN, bucket: str = BUCKET) -> Store:
        file = tmp_path / "token"
        file.write_text(f"{token}\n")
        options = InfluxOptions(url=server.url, api="v2", org="o", bucket=bucket, token_file=file)
        stores.append(InfluxStore.open(options))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def test_readings_and_alarms_arrive_through_the_client(server: Influx2, opened: Open) -> None:
    alarm = Alarm("lamp-1", "day_burner", T0, State.NORMAL, Severity.MINOR, "over", T0)
    bundle = Bundle("ayala", "gw-1", [Reading("lamp-1", "lamp", T0, {"power": 3, "on": True})])
    assert opened().write([bundle, Bundle("ayala", "gw-1", alarms=[alarm])]).stored == 1
    tags = (("device", "lamp-1"), ("gateway", "gw-1"), ("site", "ayala"))
    assert server.rows["lamp", tags, T0] == {"power": 3.0, "on": True}
    assert server.rows["alarm", (("code", "day_burner"), *tags), T0]["message"] == "over"


def test_a_conflict_is_set_aside_with_the_servers_reason(server: Influx2, opened: Open) -> None:
    store = opened()
    store.write(many(1))
    written = store.write([*many(20), lamp("lamp-2", T0, power="a lot"), *many(40)])
    assert (written.stored, len(server.rows)) == (60, 40)
    (refused,) = written.rejected
    assert 'power="a lot"' in refused.row
    assert "field type conflict" in refused.reason


def test_of_a_request_with_a_malformed_line_the_others_land_after_all(
    server: Influx2, opened: Open
) -> None:
    """Version 2 stores nothing of it. Our lines are well-formed, so this one is smuggled in."""
    broken = Reading("lamp-2", "lamp", T0, {"x y": 1.0})
    store = opened()
    lines = many(50)
    object.__setattr__(broken, "t", "never")
    written = store.write([*lines, Bundle("ayala", "gw-1", [broken])])
    assert len(server.rows) == 50
    assert [refused.reason for refused in written.rejected] == [
        f"400: unable to parse {written.rejected[0].row!r}: bad timestamp 'never'"
    ]


def test_a_body_too_large_goes_in_parts(server: Influx2, opened: Open) -> None:
    server.max_body = 1000
    assert opened().write(many(200)).rejected == ()
    assert len(server.rows) == 200
    huge = lamp("lamp-9", T0, note="x" * 2000)
    written = opened().write([*many(3), huge])
    assert ["413" in refused.reason for refused in written.rejected] == [True]


@pytest.mark.parametrize(("status", "after"), [(429, 7.0), (503, 2.0), (500, None), (502, None)])
def test_overload_is_busy_for_as_long_as_it_says(
    server: Influx2, opened: Open, status: int, after: float | None
) -> None:
    server.upcoming.append(Answer(status, {"Retry-After": f"{after:.0f}"} if after else {}))
    store = opened()
    with pytest.raises(StoreBusy, match=str(status)) as busy:
        store.write(many(3))
    assert busy.value.after == after
    assert store.write(many(3)).stored == 3


@pytest.mark.parametrize(("token", "bucket"), [("wrong", BUCKET), (TOKEN, "elsewhere")])
def test_credentials_and_bucket_are_refused_with_the_servers_words(
    opened: Open, token: str, bucket: str
) -> None:
    with pytest.raises(StoreRefused, match=r"401: unauthorized|404: bucket .*elsewhere"):
        opened(token, bucket).write(many(1))


def test_a_400_that_is_not_influxdbs_own_costs_no_data(server: Influx2, opened: Open) -> None:
    """A TLS port asked in plain HTTP, a proxy: nothing is wrong with the lines."""
    page = b"Client sent an HTTP request to an HTTPS server."
    server.upcoming.append(Answer(400, body=page))
    with pytest.raises(StoreRefused, match="HTTPS server"):
        opened().write(many(3))
    server.upcoming.append(Answer(400, body=b"\x15\x03\x01\x00\xff"))
    with pytest.raises(StoreRefused, match="no InfluxDB"):
        opened().write(many(3))


@pytest.mark.parametrize("header", ["Wed, 21 Oct 2026 07:28:00 GMT", "", "-5", "999999999"])
def test_a_wait_we_cannot_follow_is_ours_to_choose_or_bounded(header: str) -> None:
    with pytest.raises(StoreBusy) as busy:
        judge(503, {"Retry-After": header}, "")
    assert busy.value.after in {None, 300.0}


@pytest.mark.parametrize(
    ("until", "after"),
    [
        ("Wed, 21 Oct 2026 07:28:09 GMT", 9.0),
        ("Wed, 21 Oct 2026 07:27:59 GMT", 0.0),
        ("Thu, 22 Oct 2026 07:28:00 GMT", 300.0),
        ("soon", None),
    ],
)
def test_a_date_to_come_back_at_is_followed_by_the_servers_own_clock(
    until: str, after: float | None
) -> None:
    with pytest.raises(StoreBusy) as busy:
        judge(429, {"Retry-After": until, "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, "")
    assert busy.value.after == after


# --- version 2: the wire


def test_victoria_metrics_takes_what_we_send(tmp_path: Path) -> None:
    with victoria_metrics(tmp_path) as url:
        options = InfluxOptions(url=url, api="v2", org="o", bucket="b")
        with closing(InfluxStore.open(options)) as store:
            written = store.write(many(100, energy=7))
        assert written.stored == 100
        found = exported(url, '{device="lamp-1",gateway="gw-1",site="ayala"}')
    assert found == {
        "lamp_power": {T0 + n: 1.5 for n in range(100)},
        "lamp_energy": {T0 + n: 7.0 for n in range(100)},
    }
