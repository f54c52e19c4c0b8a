"""Dead letters, and how they are fed in again: real databases, real refusals."""

from __future__ import annotations

import asyncio
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.centre.database import open_history
from gateway.centre.history import Bundle, Count, Rejected, StoreBusy
from gateway.centre.influx import InfluxStore
from gateway.centre.ingest import CannotStart, Redriven, redrive
from gateway.centre.ingest.deadletters import FILE, OLDER, DeadLetters, Unreadable, cause
from gateway.centre.ingest.ledger import Ledger
from gateway.config.site import Centre
from gateway.model import Reading, Value
from gateway.wire import Confirmed, Root, compose_telemetry, telemetry_body
from tests.parts.influxdb import influx1
from tests.parts.ingest import centre, ingesting, write_file
from tests.parts.mosquitto import mosquitto
from tests.parts.process import free_port, program

T0 = 1_763_800_000_000
GW = Root("ayala", "gw-1")
STREAM = "0123456789ab"


def now() -> int:
    return T0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Centre]:
    with influx1(tmp_path / "influx") as server:
        yield centre(tmp_path, "mqtt://127.0.0.1:1", server.url)


def command(here: Centre, statement: str) -> None:
    """What an administrator types."""
    assert here.influx is not None
    form = urllib.parse.urlencode({"q": statement, "db": here.influx.database}).encode()
    urllib.request.urlopen(f"{here.influx.url}/query", form, timeout=20).close()  # noqa: S310


def lamp(device: str, t: int, **values: Value) -> Bundle:
    return Bundle("ayala", "gw-1", [Reading(device, "lamp", t, values)])


def write(here: Centre, *bundles: Bundle) -> tuple[Rejected, ...]:
    """Write, and set aside what was refused, as ingest does."""
    assert here.influx is not None
    here.data_dir.mkdir(parents=True, exist_ok=True)
    with closing(InfluxStore.open(here.influx)) as store:
        rejected = store.write(bundles).rejected
    DeadLetters(here.data_dir).add(T0, rejected)
    return rejected


def counts(here: Centre) -> list[Count]:
    with open_history(here) as history:
        return history.count(0, 2 * T0)


def letters(here: Centre) -> list[dict[str, Any]]:
    file = here.data_dir / FILE
    return [orjson.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


def test_a_text_that_came_first_made_everybody_elses_number_a_conflict(here: Centre) -> None:
    write(here, lamp("lamp-2", T0, power="a lot"))
    refused = write(here, *(lamp("lamp-1", T0 + n, power=1.5) for n in range(2500)))
    assert len(refused) == 2500
    assert {letter["cause"] for letter in letters(here)} == {"type conflict"}
    assert redrive(here, now) == Redriven(2500, 2500, 0)
    assert len(letters(here)) == 2500
    command(here, "DROP MEASUREMENT lamp")
    assert redrive(here, now) == Redriven(2500, 0, 0)
    assert counts(here) == [Count("ayala", "gw-1", "lamp-1", 2500, 0)]
    assert not (here.data_dir / FILE).exists()
    assert redrive(here, now) == Redriven()


def test_a_backlog_across_the_retentions_edge_is_set_aside_where_it_is_too_old(
    tmp_path: Path, here: Centre
) -> None:
    """The hour that the policy still takes lands; the rest waits for a longer policy."""
    command(here, 'CREATE DATABASE city WITH DURATION 1h REPLICATION 1 NAME "short"')
    recent = time.time_ns() // 1_000_000
    old = [lamp("lamp-1", recent - 86_400_000 + n, power=1.0) for n in range(700)]
    new = [lamp("lamp-1", recent - 1000 + n, power=1.0) for n in range(300)]
    refused = write(here, *old, *new)
    assert len(refused) == 700
    assert {cause(each) for each in refused} == {"too old"}
    command(here, 'ALTER RETENTION POLICY "short" ON city DURATION INF')
    assert redrive(here, now) == Redriven(700, 0, 0)
    with open_history(here) as history:
        (count,) = history.count(0, 2 * recent)
    assert (count.rows, count.duplicates) == (1000, 0)


def test_what_is_refused_again_stays_with_its_time_and_the_reason_of_today(here: Centre) -> None:
    here.data_dir.mkdir(parents=True)
    write(here, lamp("lamp-1", T0, power=1.0))
    DeadLetters(here.data_dir).add(
        T0,
        [
            Rejected(f"lamp,device=lamp-2,gateway=gw-1,site=ayala power=2 {T0}", "once"),
            Rejected(f'lamp,device=lamp-3,gateway=gw-1,site=ayala power="x" {T0}', "once"),
            Unreadable(GW.topic("telemetry"), b"{", "not JSON"),
            Unreadable(GW.topic("telemetry"), b"x" * 70_000, "too long to be kept whole"),
        ],
    )
    with (here.data_dir / FILE).open("ab") as file:
        file.write(b'{"at":1,"row":"torn')
    row = f"lamp,device=lamp-4,gateway=gw-1,site=ayala power=2 {T0}"
    DeadLetters(here.data_dir).add(T0, [Rejected(row, "once")])
    assert redrive(here, lambda: T0 + 5) == Redriven(4, 2, 2)
    lines = (here.data_dir / FILE).read_bytes().splitlines()
    assert b'{"at":1,"row":"torn' in lines
    stay = [orjson.loads(line) for line in lines if line.endswith(b"}")]
    assert {(each["at"], each["cause"]) for each in stay} == {
        (T0, "type conflict"),
        (T0, "unreadable"),
    }
    assert "field type conflict" in next(each for each in stay if "row" in each)["reason"]


async def test_a_message_that_can_be_read_now_goes_through_the_ledger(tmp_path: Path) -> None:
    """What came another way in the meantime is not stored twice."""
    here = centre(tmp_path, "mqtt://127.0.0.1:1")
    here.data_dir.mkdir()
    bodies = {
        seq: compose_telemetry(
            STREAM, seq, [telemetry_body([Reading("lamp-1", "lamp", T0 + seq, {"power": 1.0})])]
        )
        for seq in (1, 2)
    }
    unread = [
        Unreadable(GW.topic("telemetry"), body, "a newer gateway") for body in bodies.values()
    ]
    DeadLetters(here.data_dir).add(T0, [*unread, unread[0]])
    assert redrive(here, now) == Redriven(3, 0, 0)
    assert counts(here) == [Count("ayala", "gw-1", "lamp-1", 2, 0)]
    with closing(Ledger.open(here.data_dir)) as ledger:
        assert ledger.confirmed(GW) == {STREAM: Confirmed(2)}


def test_the_older_file_first_and_each_is_done_by_itself(here: Centre) -> None:
    here.data_dir.mkdir(parents=True)
    small = DeadLetters(here.data_dir, most_bytes=1)
    row = "lamp,device=lamp-1,gateway=gw-1,site=ayala power=2 {}"
    small.add(T0, [Rejected(row.format(T0 + n), "once") for n in range(5)])
    small.add(T0, [Rejected(row.format(T0 + n), "once") for n in range(5, 8)])
    assert (here.data_dir / OLDER).exists()
    assert redrive(here, now) == Redriven(8, 0, 0)
    assert counts(here) == [Count("ayala", "gw-1", "lamp-1", 8, 0)]
    assert list(here.data_dir.glob("dead-letters*")) == []


def test_a_database_that_goes_away_in_between_leaves_what_it_did_not_take(
    here: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.data_dir.mkdir(parents=True)
    row = "lamp,device=lamp-1,gateway=gw-1,site=ayala power=2 {}"
    DeadLetters(here.data_dir).add(T0, [Rejected(row.format(T0 + n), "once") for n in range(2500)])
    asked = 0
    honest = InfluxStore.rewrite

    def twice(self: InfluxStore, rows: list[str]) -> tuple[Rejected, ...]:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise StoreBusy("gone")
        return honest(self, rows)

    monkeypatch.setattr(InfluxStore, "rewrite", twice)
    with pytest.raises(CannotStart, match="gone"):
        redrive(here, now)
    assert len(letters(here)) == 500
    assert counts(here)[0].rows == 2000
    monkeypatch.setattr(InfluxStore, "rewrite", honest)
    assert redrive(here, now) == Redriven(500, 0, 0)
    assert counts(here)[0].rows == 2500


def test_a_database_that_is_away_changes_nothing(tmp_path: Path) -> None:
    here = centre(tmp_path, "mqtt://127.0.0.1:1", f"http://127.0.0.1:{free_port()}")
    here.data_dir.mkdir()
    DeadLetters(here.data_dir).add(T0, [Rejected("lamp x=1 1", "once")])
    before = (here.data_dir / FILE).read_bytes()
    with pytest.raises(CannotStart, match="refused"):
        redrive(here, now)
    assert (here.data_dir / FILE).read_bytes() == before


async def test_not_while_ingest_is_at_work(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        here = centre(tmp_path, broker.url)
        async with ingesting(here):
            with pytest.raises(CannotStart, match="another ingest"):
                await asyncio.to_thread(redrive, here, now)


def test_what_version_two_says_is_understood_too(tmp_path: Path) -> None:
    assert (
        cause(Rejected("r", "422: failure writing points: field type conflict")) == "type conflict"
    )
    assert cause(Rejected("r", "400: unable to parse 'x': bad timestamp")) == "malformed"
    assert cause(Rejected("r", "413: request too large")) == "too large"
    assert cause(Rejected("r", "points beyond retention policy dropped=1")) == "too old"
    assert cause(Rejected("r", "max-values-per-tag limit exceeded (100000/1)")) == "too many series"
    assert cause(Rejected("r", "something else")) == "refused"


def test_from_the_command_line(here: Centre) -> None:
    write(here, lamp("lamp-1", T0, power=1.0), lamp("lamp-2", T0, power="a lot"))
    command = [program("wayside"), "ingest", str(write_file(here)), "--redrive"]
    for arguments, said in (
        ([], "1 letters fed in; 1 refused again, 0 not whole"),
        (["--json"], '{"tried":1,"again":1,"cut":0}'),
    ):
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout.strip()) == (0, said)
