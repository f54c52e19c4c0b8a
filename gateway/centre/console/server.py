"""Start the console, serve, and end cleanly.

It listens on loopback unless the centre's file says otherwise, and then says in the log what that
means: there is no sign-in yet, so whoever reaches the page may acknowledge alarms.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
import uuid
from collections.abc import Callable, Iterator

import uvicorn

from gateway.centre.console.app import Desk, build
from gateway.centre.console.board import Board
from gateway.centre.console.feed import Feed
from gateway.centre.console.live import Live
from gateway.centre.database import open_history
from gateway.centre.history import History
from gateway.config.site import Centre
from gateway.faults.rules import load_rules
from gateway.log import get_logger
from gateway.model import Millis

log = get_logger(__name__)


class CannotListen(Exception):
    """The console's address is not to be had; the text is for the user."""


async def run(
    centre: Centre,
    *,
    history: History | None = None,
    port: int | None = None,
    notice: str | None = None,
    ready: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve the page until ``stop`` is set.

    ``history`` is where curves come from (the centre's own if left out), ``port`` replaces the
    file's (0: any free one), ``notice`` is a line on top of the page, and ``ready`` is told the
    address once it answers. Raises ``CannotListen``.
    """
    stop = stop or asyncio.Event()
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(_listening(centre.console.listen, port))
        past = history or stack.enter_context(open_history(centre))
        latched = frozenset(
            code for code, rule in load_rules().items() if getattr(rule, "latched", False)
        )
        board = Board()
        live = Live(centre.mqtt, board, client_id=f"console-{uuid.uuid4().hex[:12]}", clock=_now)
        feed = Feed(board, clock=_now, connected=live.connected, latched=latched)
        desk = Desk(
            board=board,
            feed=feed,
            act=live.act,
            history=past,
            connected=live.connected,
            clock=_now,
            new_id=lambda: uuid.uuid4().hex,
            latched=latched,
            notice=notice,
        )
        url = _url(door)

        def answering() -> None:
            log.info("console", url=url)
            if ready:
                ready(url)

        server = _Server(_config(desk), answering)
        async with asyncio.TaskGroup() as group:
            work = [group.create_task(live.run()), group.create_task(feed.run())]
            serving = group.create_task(server.serve(sockets=[door]))
            await stop.wait()
            for task in work:
                task.cancel()
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """uvicorn, leaving signals to whoever runs it, and telling when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _config(desk: Desk) -> uvicorn.Config:
    return uvicorn.Config(
        build(desk),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=500,
        timeout_graceful_shutdown=1,
    )


def _now() -> Millis:
    return time.time_ns() // 1_000_000


@contextlib.contextmanager
def _listening(listen: str, port: int | None) -> Iterator[socket.socket]:
    """The bound socket of ``host:port``."""
    name, _, written = listen.rpartition(":")
    host = name.strip("[]")
    try:
        number = int(written) if port is None else port
        family, _, _, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
    except (ValueError, OSError) as error:
        raise CannotListen(f"cannot listen on {listen}: {error}") from None
    if not ipaddress.ip_address(address[0]).is_loopback:
        log.warning(
            "the console is open to the network and has no sign-in: whoever reaches it may"
            " acknowledge alarms; put a proxy that asks for a password in front",
            listen=listen,
        )
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
        except OSError as error:
            raise CannotListen(
                f"cannot listen on {host}:{number}: {error.strerror}. Is another console running?"
                " Choose another port with --port, or listen under [console] in the centre's file."
            ) from None
        yield door


def _url(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1" if door.family == socket.AF_INET else "::1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
