"""The site file as values: what ``load_site`` returns and the rest of the gateway works from.

Every field's default is the promise of contracts §3. Nothing here reads a file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from gateway.driver import Driver
from gateway.model import NOTHING, Device
from gateway.tables.words import (
    BrokerUrl,
    HttpUrl,
    Latitude,
    Listen,
    Longitude,
    Moment,
    Period,
    PlaceId,
    TimeZone,
)
from gateway.units import Between, Duration, Size
from gateway.weekly import Times


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """``[gateway]``: who and where this gateway is."""

    id: PlaceId
    site: PlaceId
    latitude: Latitude
    longitude: Longitude
    timezone: TimeZone = "UTC"
    data_dir: Path
    devices: tuple[Path, ...] = ()
    metrics: Listen | None = None
    clock: Literal["auto", "trust"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """``[mqtt]``: the broker, for the gateway and for the centre alike."""

    url: BrokerUrl = "mqtt://127.0.0.1:1883"
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    client_id: str | None = None
    keepalive: Annotated[Duration, Between(1, 65535)] = 30.0
    batch: Period = 1.0
    compress: bool = True
    backlog_share: Annotated[float, Between(0.01, 1)] = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxOptions:
    """``[outbox]``: how much may wait on disk, how often it is made durable, what frees it."""

    max_bytes: Annotated[Size, Between(1, math.inf)] = 512_000_000
    flush: Period = 1.0
    confirm: Literal["auto"] | bool = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceOptions:
    """``[[maintenance]]``: whose alarms are kept quiet, at times of the week or once."""

    devices: tuple[str, ...] = ("*",)
    codes: tuple[str, ...] = ("*",)
    times: Times | None = None
    from_: Moment | None = None
    to: Moment | None = None

    def __post_init__(self) -> None:
        once = (self.from_, self.to)
        if (self.times is None) is (None in once):
            raise ValueError('times is missing; write times = "mon 22:00-24:00", or from and to')
        if self.times is not None and once != (None, None):
            raise ValueError("times stands beside from and to; a window has the one or the other")
        begin, end = (None if text is None else datetime.fromisoformat(text) for text in once)
        if begin is not None and end is not None and end <= begin:
            raise ValueError("to is not after from; a window ends after it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """``[bus.NAME]``: one wire or endpoint, its driver, and the devices on it."""

    name: str
    driver: Driver
    options: Any
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A whole site file, with its asset registers and profiles resolved.

    ``rules`` holds the site-wide settings by fault code, already checked against the rule's own
    settings type; each device's ``rules`` holds its overrides in the same form.
    """

    file: Path
    gateway: GatewayOptions
    mqtt: BrokerOptions = field(default_factory=BrokerOptions)
    outbox: OutboxOptions = field(default_factory=OutboxOptions)
    buses: Mapping[str, Bus] = NOTHING
    rules: Mapping[str, Mapping[str, object]] = NOTHING
    maintenance: tuple[MaintenanceOptions, ...] = ()

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every device of every bus."""
        return tuple(device for bus in self.buses.values() for device in bus.devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxOptions:
    """``[influx]`` of a centre file: ``v2`` has org, bucket and token, ``v1`` a database."""

    url: HttpUrl
    api: Literal["v1", "v2"] = "v2"
    org: str | None = None
    bucket: str | None = None
    token_file: Path | None = None
    database: str | None = None
    username: str | None = None
    password_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """``[console]`` of a centre file."""

    listen: Listen = "127.0.0.1:8080"


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """The operations centre's file; ``influx`` is None for the embedded store in ``data_dir``.

    ``keep`` is how long that store keeps its rows, in seconds; None: for ever.
    """

    file: Path
    data_dir: Path
    keep: float | None = None
    mqtt: BrokerOptions = field(default_factory=BrokerOptions)
    influx: InfluxOptions | None = None
    console: ConsoleOptions = field(default_factory=ConsoleOptions)
