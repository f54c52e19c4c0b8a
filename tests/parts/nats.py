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
mqtt {{ listen: "127.0.0.1:{port}", ack_wait: "{ack_wait}" }}
"""


@contextlib.contextmanager
def nats(
    folder: Path, *settings: str, port: int | None = None, ack_wait: str = "1s"
) -> Iterator[Broker]:
    """Run nats-server until the block ends; ``settings`` are further lines of its file.

    It sends an unacknowledged message again after ``ack_wait`` (its own default is 30 s), and not
    at once when the session comes back.
    """
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nats.conf"
    text = _CONFIG.format(port=port, client=free_port(), folder=folder, ack_wait=ack_wait)
    config.write_text(text + "".join(f"{line}\n" for line in settings))
    command = [program("nats-server", "nats-server"), "-c", str(config)]
    broker = Broker(command, port, folder / "nats.log")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
