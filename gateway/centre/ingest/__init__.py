"""Ingest: what the gateways send by MQTT goes into the history, each record once.

``run`` keeps one durable session at the broker and one thread at the database (``worker``); the
event loop only waits for the end. A second ingest on the same folder would take over the first
one's session, so the folder is locked.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from random import SystemRandom
from typing import Any

from gateway.centre.database import open_store
from gateway.centre.ingest import figures
from gateway.centre.ingest.batch import Summary
from gateway.centre.ingest.deadletters import DeadLetters
from gateway.centre.ingest.inbox import Inbox
from gateway.centre.ingest.ledger import Ledger
from gateway.centre.ingest.lock import CannotStart, alone
from gateway.centre.ingest.redrive import Redriven, redrive
from gateway.centre.ingest.worker import Books, Pace, Worker
from gateway.config.site import Centre
from gateway.log import get_logger
from gateway.mqtt import BrokerDown, Consumer
from gateway.wire import UPLINK

__all__ = ["CannotStart", "Pace", "Redriven", "Summary", "redrive", "run"]

log = get_logger()

PACE = Pace()
SHOW = 10.0  # seconds between two looks at the figures
LAST_WRITE = 1.0  # seconds a batch may still take once we were told to stop


async def run(
    centre: Centre,
    *,
    ready: Callable[[], None] | None = None,
    stop: asyncio.Event | None = None,
    pace: Pace = PACE,
) -> Summary:
    """Take in until ``stop`` is set, then write what is here and end within three seconds.

    ``ready`` is called once, when the broker has us as a subscriber for the first time.

    Raises:
        CannotStart: the folder is in use, or a file the centre names cannot be read.
    """
    stop = stop or asyncio.Event()
    with ExitStack() as stack:
        try:
            stack.enter_context(alone(centre.data_dir))
            store = stack.enter_context(open_store(centre))
            ledger = stack.enter_context(closing(Ledger.open(centre.data_dir)))
            name = centre.mqtt.client_id or ledger.client_id()
            inbox = Inbox()
            consumer = Consumer(centre.mqtt, UPLINK, client_id=name, deliver=inbox.put)
        except (OSError, sqlite3.Error, BrokerDown, ValueError) as error:
            raise CannotStart(f"{centre.file}: {error}") from error
        worker = Worker(
            inbox,
            Books(store, DeadLetters(centre.data_dir), ledger),
            lambda topic, body: consumer.publish(topic, body, retain=True),
            now=lambda: time.time_ns() // 1_000_000,
            pace=pace,
            chance=SystemRandom(),
            keep=centre.keep,
        )
        with consumer:
            ended = _start(worker)
            showing = asyncio.ensure_future(_show(worker, centre.data_dir))
            try:
                await _until(stop, ended, consumer, ready)
            finally:
                showing.cancel()
                worker.stop(LAST_WRITE)
                await asyncio.wait([ended], timeout=LAST_WRITE + 0.5)
                if not ended.done():
                    log.warning("a write did not end in time; its messages will come again")
                    stack.pop_all()  # the thread still has the files; they go with the process
        if ended.done():
            ended.result()
        log.info("ingest ended", **_figures(worker.summary))
        return worker.summary


def _start(worker: Worker) -> asyncio.Future[None]:
    """Run the worker in a thread that never holds up the end of the process."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def work() -> None:
        error: BaseException | None = None
        try:
            worker.run()
        except BaseException as raised:  # noqa: BLE001  # a bug; whoever awaits `ended` meets it
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop closed: nobody waits any more
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=work, daemon=True, name="ingest").start()
    return ended


async def _until(
    stop: asyncio.Event,
    ended: asyncio.Future[None],
    consumer: Consumer,
    ready: Callable[[], None] | None,
) -> None:
    """Wait for the end, and say when we are connected."""
    stopped = asyncio.ensure_future(stop.wait())
    either: tuple[asyncio.Future[Any], ...] = (stopped, ended)
    try:
        while not consumer.connected.is_set() and not (stopped.done() or ended.done()):
            await asyncio.wait(either, timeout=0.02)
        if consumer.connected.is_set():
            log.info("ingest ready")
            if ready is not None:
                ready()
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()


async def _show(worker: Worker, data_dir: Path) -> None:
    """Keep the figures up to date until cancelled; a disk that refuses them is no reason to end."""
    while True:
        with contextlib.suppress(OSError):
            figures.put(data_dir, worker.figures)
        await asyncio.sleep(SHOW)


def _figures(summary: Summary) -> dict[str, int]:
    return {name: getattr(summary, name) for name in summary.__slots__}
