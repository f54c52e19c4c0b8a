"""A stand-in for InfluxDB 2's write endpoint, strict where the real one is.

No InfluxDB 2 server can be had from a package here, and the real parts at hand cannot show its
errors, so this one does: 401 for a wrong token, 404 for a wrong bucket, 400 with the line for a
malformed one (and then nothing of the request is stored), 422 for a type conflict (and then the
rest of it is), 413 for a body too large; ``upcoming`` scripts whatever else (429, 503, an answer
by a proxy). Source: "Troubleshoot issues writing data", InfluxDB OSS v2 documentation.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.parts.lineprotocol import Field, Row, parse

TOKEN = "t0ken"  # noqa: S105  # of a server that lives for one test
BUCKET = "district"


@dataclass(frozen=True)
class Answer:
    """An answer to give instead of the honest one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"code":"unavailable","message":"not now"}'


@dataclass
class Influx2:
    """What the server holds and how it should behave."""

    url: str = ""
    rows: dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, Field]] = field(
        default_factory=dict
    )
    types: dict[tuple[str, str], type] = field(default_factory=dict)
    upcoming: deque[Answer] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    max_body: int = 50_000_000
    open: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, token: str | None, body: str) -> Answer:
        """What the real one would say, having done what it would do."""
        if self.upcoming:
            return self.upcoming.popleft()
        return self._refuse(path, token, body) or self._store(body)

    def _refuse(self, path: str, token: str | None, body: str) -> Answer | None:
        target = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(target.query).items()}
        if token != f"Token {TOKEN}":
            return _problem(401, "unauthorized", "unauthorized access")
        if target.path != "/api/v2/write" or query.get("bucket") != BUCKET:
            return _problem(404, "not found", f'bucket "{query.get("bucket")}" not found')
        if query.get("precision") != "ms":
            return _problem(400, "invalid", "this test writes milliseconds")
        if len(body) > self.max_body:
            return _problem(413, "request too large", "the request is too large")
        return None

    def _store(self, body: str) -> Answer:
        self.requests.append(body)
        try:
            rows = parse(body)
        except ValueError as error:
            return _problem(400, "invalid", f"unable to parse {body.splitlines()[0]!r}: {error}")
        conflicts = sum(not self._take(row) for row in rows)
        if conflicts:
            text = "failure writing points to database: partial write: field type conflict"
            return _problem(422, "unprocessable entity", f"{text} dropped={conflicts}")
        return Answer(204, body=b"")

    def _take(self, row: Row) -> bool:
        kinds = {(row.measurement, name): type(value) for name, value in row.fields.items()}
        if any(self.types.get(key, kind) is not kind for key, kind in kinds.items()):
            return False
        self.types.update(kinds)
        self.rows.setdefault((row.measurement, row.tags, row.t), {}).update(row.fields)
        return True


def _problem(status: int, code: str, message: str) -> Answer:
    return Answer(status, body=orjson.dumps({"code": code, "message": message}))


@contextlib.contextmanager
def influx2_fake() -> Iterator[Influx2]:
    """Serve until the block ends; requests wait while ``open`` is cleared."""
    server = Influx2()
    server.open.set()

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            server.open.wait()
            answer = server.answer(self.path, self.headers.get("Authorization"), body)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": len(answer.body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Exchange) as http:
        http.daemon_threads = True
        server.url = f"http://127.0.0.1:{http.server_port}"
        serving = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        try:
            yield server
        finally:
            server.open.set()
            http.shutdown()
            serving.join()
