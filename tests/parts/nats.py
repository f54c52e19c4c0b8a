"""A real NATS server speaking MQTT, its JetStream store in a folder of the test's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.parts.broker import Broker
from tests.parts.process import free_port, program

_CONFIG = """\
server_name: wayside-test
listen: "127.0.0.1:{client}"
jetstream {{ store_dir: "{folder}", max_memory_store: 64MB, max_file_store: 1GB }}
mqtt {{ listen: "127.0.0.1:{port}" }}
"""


@contextlib.contextmanager
def nats(folder: Path, *settings: str, port: int | None = None) -> Iterator[Broker]:
    """Run nats-server until the block ends; ``settings`` are further lines of its file."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nats.conf"
    text = _CONFIG.format(port=port, client=free_port(), folder=folder)
    config.write_text(text + "".join(f"{line}\n" for line in settings))
    command = [program("nats-server", "nats-server"), "-c", str(config)]
    broker = Broker(command, port, folder / "nats.log")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
