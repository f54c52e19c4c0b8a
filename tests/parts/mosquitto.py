"""A real mosquitto (the one Debian ships), alone in a folder of the test's own.

``mosquitto`` runs it with persistence at its defaults unless ``settings`` say otherwise, so a test
meets the durability its users will; ``settings`` are further lines of ``mosquitto.conf``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.parts.broker import Broker
from tests.parts.process import free_port, program
from tests.parts.tls import Identity

_CONFIG = """\
user root
listener {port} 127.0.0.1
allow_anonymous {anonymous}
persistence true
persistence_location {folder}/
"""
_TLS = """\
cafile {identity.ca}
certfile {identity.certificate}
keyfile {identity.key}
"""


@contextlib.contextmanager
def mosquitto(
    folder: Path,
    *settings: str,
    port: int | None = None,
    anonymous: bool = True,
    tls: Identity | None = None,
) -> Iterator[Broker]:
    """Run mosquitto with everything it writes below ``folder``, until the block ends."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    text = _CONFIG.format(port=port, folder=folder, anonymous=str(anonymous).lower())
    text += _TLS.format(identity=tls) if tls else ""
    config = folder / "mosquitto.conf"
    config.write_text(text + "".join(f"{line}\n" for line in settings))
    command = [program("mosquitto"), "-c", str(config)]
    broker = Broker(command, port, folder / "mosquitto.log", "mqtts" if tls else "mqtt")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
