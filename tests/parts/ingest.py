"""Ingest for a test: on its own loop, or as the program users run, to be killed and restarted."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from gateway.centre import ingest
from gateway.config.site import BrokerOptions, Centre, InfluxOptions
from tests.parts.process import program, running

_NAMES = ("database", "org", "bucket", "token_file")


def centre(folder: Path, broker_url: str, influx_url: str | None = None) -> Centre:
    """A centre on a broker, with the embedded store or an InfluxDB 1 database."""
    influx = InfluxOptions(url=influx_url, api="v1", database="city") if influx_url else None
    return Centre(
        file=folder / "centre.toml",
        data_dir=folder / "centre",
        mqtt=BrokerOptions(url=broker_url),
        influx=influx,
    )


class Ended:
    """What a finished ingest returned."""

    summary: ingest.Summary


@contextlib.asynccontextmanager
async def ingesting(centre: Centre) -> AsyncIterator[Ended]:
    """Run ingest on this loop, subscribed from the block's first line on, stopped at its end."""
    stop, ready, ended = asyncio.Event(), asyncio.Event(), Ended()
    work = asyncio.create_task(ingest.run(centre, ready=ready.set, stop=stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not work.done():
            yield ended
    finally:
        stop.set()
        ended.summary = await work


def write_file(centre: Centre) -> Path:
    """The centre as the file a user would write."""
    text = f'schema = 1\n[centre]\ndata_dir = "{centre.data_dir}"\n'
    text += f'[mqtt]\nurl = "{centre.mqtt.url}"\n'
    if centre.influx is not None:
        given = {key: getattr(centre.influx, key) for key in ("url", "api", *_NAMES)}
        pairs = (f'{key} = "{value}"\n' for key, value in given.items() if value is not None)
        text += "[influx]\n" + "".join(pairs)
    centre.file.write_text(text)
    return centre.file


@contextlib.contextmanager
def ingest_program(centre: Centre) -> Iterator[subprocess.Popen[bytes]]:
    """Run `wayside ingest`; its output goes beside the centre's file."""
    command = [program("wayside"), "ingest", str(write_file(centre)), "--json"]
    with running(command, log=centre.file.with_suffix(".log")) as process:
        yield process
