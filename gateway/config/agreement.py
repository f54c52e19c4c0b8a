"""What the keys of one section must agree on, beyond each being right by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from gateway.config.site import BrokerOptions, InfluxOptions

#: The key at fault, what is wrong, what to write instead.
Disagreement: TypeAlias = tuple[str, str, str]

_V1 = ("database", "username", "password_file")
_V2 = ("org", "bucket", "token_file")


def disagreements(section: object) -> Iterator[Disagreement]:
    """Every contradiction inside a section."""
    if isinstance(section, BrokerOptions):
        yield from _broker(section)
    elif isinstance(section, InfluxOptions):
        yield from _influx(section)


def _broker(mqtt: BrokerOptions) -> Iterator[Disagreement]:
    if mqtt.certificate and not mqtt.key:
        yield "certificate", "stands without its key", "add key = …"
    if mqtt.key and not mqtt.certificate:
        yield "key", "stands without its certificate", "add certificate = …"
    if mqtt.password_file and mqtt.username is None:
        yield "password_file", "stands without a username", "add username = …"
    if mqtt.url.startswith("mqtt://"):
        for name in ("ca", "certificate", "key"):
            if getattr(mqtt, name) is not None:
                yield name, "the connection is not encrypted", "write mqtts:// in url"


def _influx(influx: InfluxOptions) -> Iterator[Disagreement]:
    first = influx.api == "v1"
    for name in _V2 if first else _V1:
        if getattr(influx, name) is not None:
            other = "v2" if first else "v1"
            yield name, f'belongs to api "{other}", and api is "{influx.api}"', f"remove {name}"
    for name in ("database",) if first else ("org", "bucket"):
        if getattr(influx, name) is None:
            yield name, f'"{name}" is missing: api "{influx.api}" needs it', f"add {name} = …"
    if first and influx.password_file and influx.username is None:
        yield "password_file", "stands without a username", "add username = …"
