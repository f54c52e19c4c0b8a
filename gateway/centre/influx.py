"""InfluxDB, every version: one line protocol written to two endpoints, one InfluxQL read back.

Versions 2 and 3 take lines at ``/api/v2/write`` (through influxdb-client), version 1 at
``/write``, where the database is made if it is missing; all of them answer at ``/query``.

A server that refuses part of a request says so in as many ways as there are versions: 1.x stores
the good lines and names one of the bad (yet a type conflict within one request can store none of
it), 2.x stores nothing of a request that has a malformed line. So no answer is taken apart to find
the guilty: the request is halved and sent again, until every line is in a request that was taken,
or stands alone and is set aside with the server's reason. Writing twice changes nothing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import orjson
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from gateway.centre.history import (
    Bundle,
    HistoryUnavailable,
    Rejected,
    StoreBusy,
    StoreRefused,
    Written,
)
from gateway.centre.influxql import InfluxHistory, Series, name
from gateway.centre.lineprotocol import alarm_lines, event_lines, reading_lines
from gateway.config.site import InfluxOptions
from gateway.model import Millis

DEFAULT_NAME = "wayside"  # of a database or bucket nobody named
CONNECT = 3.0  # seconds to wait for a connection
ANSWER = 10.0  # seconds to wait for an answer
LONGEST_WAIT = 300.0  # seconds of a Retry-After we follow

_ALL_DROPPED = re.compile(r"dropped=(\d+)\s*$")


class Post(Protocol):
    """Sends lines to one server. Returns why it refused them, or None if it took them all.

    Raises StoreBusy and StoreRefused as ``Store.write`` does.
    """

    def __call__(self, body: bytes) -> str | None:
        """Send one request."""

    def close(self) -> None:
        """Let go of the connections."""


class InfluxStore:
    """``Store`` by line protocol."""

    def __init__(self, post: Post) -> None:
        self._post = post

    @classmethod
    def open(cls, options: InfluxOptions) -> InfluxStore:
        """The store of a centre's ``[influx]`` table; nothing is sent yet."""
        return cls(_PostV1(options) if options.api == "v1" else _PostV2(options))

    def write(self, bundles: Sequence[Bundle]) -> Written:
        """Store everything that can be; ``stored`` counts the readings' rows that were taken."""
        readings = reading_lines(bundles)
        others = alarm_lines(bundles) + event_lines(bundles)
        rejected = tuple(self._refused(readings + others))
        lost = sum(not refused.row.startswith(("alarm,", "event,")) for refused in rejected)
        return Written(len(readings) - lost, rejected)

    def rewrite(self, rows: Sequence[str]) -> tuple[Rejected, ...]:
        """Store lines it once refused; those it refuses again."""
        return tuple(self._refused(rows))

    def forget(self, before: Millis) -> int:  # noqa: ARG002  # as every store
        """How long rows are kept is the server's own business."""
        return 0

    def _refused(self, lines: Sequence[str]) -> Iterator[Rejected]:
        waiting = [lines] if lines else []
        while waiting:
            part = waiting.pop()
            reason = self._post("\n".join(part).encode("utf-8", "replace"))
            if reason is None:
                continue
            if len(part) == 1 or _dropped(reason) == len(part):
                yield from (Rejected(line, reason) for line in part)
            else:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]

    def close(self) -> None:
        """Let go of the connections."""
        self._post.close()


def _dropped(reason: str) -> int:
    found = _ALL_DROPPED.search(reason)
    return int(found[1]) if found else 0


def judge(status: int, headers: Mapping[str, str], body: str) -> str | None:
    """What an answer to a write means: None for taken, else why its lines were refused.

    A 400 that does not speak as InfluxDB does (a proxy, a TLS port asked in plain HTTP) says
    nothing about our lines, so it must not cost them.
    """
    if status in {200, 204}:
        return None
    reason = _reason(body)
    said = f"{status}: {reason or body[:200].strip() or 'no reason'}"
    if status == 413 or (status in {400, 422} and reason):
        return said
    if status in {400, 401, 403, 404, 405, 422}:
        raise StoreRefused(said)
    raise StoreBusy(said, _retry_after(headers))


def _reason(body: str) -> str:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("error") or answer.get("message") or "")[:2000]


def _said(answer: urllib3.BaseHTTPResponse) -> str:
    return answer.data.decode("utf-8", "replace")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that was asked for, as such or as a date (beside the answer's own)."""
    asked = headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return min(float(asked), LONGEST_WAIT)
    try:
        until, said = map(parsedate_to_datetime, (asked, headers.get("Date", "")))
        return min(max(0.0, (until - said).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError):
        return None


def _secret(file: Path | None) -> str:
    return "" if file is None else file.read_text(encoding="utf-8").strip()


class _Server:
    """One server's pool of connections, with what every request to it carries."""

    def __init__(self, options: InfluxOptions) -> None:
        v1 = options.api == "v1"
        self.database = (options.database if v1 else options.bucket) or DEFAULT_NAME
        self._url = options.url.rstrip("/")
        self._headers = _login(options) if v1 else _token(options)
        self._pool = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(connect=CONNECT, read=ANSWER), maxsize=4
        )
        self.close = self._pool.clear

    def post(self, path: str, body: bytes, **query: str) -> urllib3.BaseHTTPResponse:
        """Send a body; the answer is read."""
        url = f"{self._url}{path}?{urlencode(query)}"
        return self._pool.request("POST", url, body=body, headers=self._headers)

    def ask(self, statements: str) -> Iterator[Series]:
        """Send InfluxQL and yield the series of its answers as they arrive."""
        form = {
            "db": self.database,
            "q": statements,
            "epoch": "ms",
            "chunked": "true",
        }
        try:
            with closing(
                self._pool.request(
                    "POST",
                    f"{self._url}/query",
                    fields=form,
                    encode_multipart=False,
                    headers=self._headers,
                    preload_content=False,
                )
            ) as answer:
                if answer.status != 200:
                    reason = _reason(_said(answer)) or "no reason"
                    raise HistoryUnavailable(f"{self._url}: {answer.status}: {reason}")
                for document in answer:
                    yield from _series(document)
        except urllib3.exceptions.HTTPError as error:
            raise HistoryUnavailable(f"{self._url}: {error}") from error


def _login(options: InfluxOptions) -> dict[str, str]:
    if options.username is None:
        return {}
    login = f"{options.username}:{_secret(options.password_file)}"
    return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}


def _token(options: InfluxOptions) -> dict[str, str]:
    token = _secret(options.token_file)
    return {"Authorization": f"Token {token}"} if token else {}


def _series(document: bytes) -> Iterator[Series]:
    for result in orjson.loads(document).get("results", ()):
        error = result.get("error")
        if error is not None and not error.startswith("database not found"):
            raise HistoryUnavailable(error)
        for series in result.get("series", ()):
            yield Series(
                series.get("name", ""),
                series["columns"],
                series.get("values", ()),
                series.get("tags", {}),
            )


class _PostV1:
    """``/write`` of InfluxDB 1.x."""

    def __init__(self, options: InfluxOptions) -> None:
        self._server = _Server(options)
        self.close = self._server.close

    def __call__(self, body: bytes) -> str | None:
        """Send one request; a missing database is made, and the request sent once more."""
        answer = self._write(body)
        if answer.status == 404 and "database not found" in _reason(_said(answer)):
            create = f"CREATE DATABASE {name(self._server.database)}"
            try:
                list(self._server.ask(create))
            except HistoryUnavailable as error:
                raise StoreRefused(f"{create}: {error}") from error
            answer = self._write(body)
        return judge(answer.status, answer.headers, _said(answer))

    def _write(self, body: bytes) -> urllib3.BaseHTTPResponse:
        try:
            return self._server.post("/write", body, db=self._server.database, precision="ms")
        except urllib3.exceptions.HTTPError as error:
            raise StoreBusy(str(error)) from error


class _PostV2:
    """``/api/v2/write`` of InfluxDB 2 and 3, and of those who speak like them."""

    def __init__(self, options: InfluxOptions) -> None:
        timeout = (int(CONNECT * 1000), int(ANSWER * 1000))
        self._client = InfluxDBClient(
            options.url, _secret(options.token_file), org=options.org or "", timeout=timeout
        )
        self._write = self._client.write_api(write_options=SYNCHRONOUS).write
        self._bucket = options.bucket or DEFAULT_NAME
        self.close = self._client.close

    def __call__(self, body: bytes) -> str | None:
        """Send one request."""
        try:
            self._write(self._bucket, record=body, write_precision=WritePrecision.MS)  # type: ignore[arg-type]  # a str, there
        except urllib3.exceptions.HTTPError as error:
            raise StoreBusy(str(error)) from error
        except UnicodeDecodeError as error:  # the client reads every answer as UTF-8
            raise StoreRefused("answers as no InfluxDB does; is this its port?") from error
        except ApiException as error:
            if not error.status:
                raise StoreBusy(str(error.reason)) from error
            return judge(error.status, error.headers or {}, error.body or "")
        return None


def open_influx_history(options: InfluxOptions) -> InfluxHistory:
    """The history behind a centre's ``[influx]`` table."""
    server = _Server(options)
    return InfluxHistory(server.ask, server.close)
