"""Topics: where a message goes and whom an incoming one concerns (contracts §6).

Everything of one gateway hangs below ``wayside/v1/{site}/{gateway}/``. Parts are percent-encoded
where MQTT or NATS would read a character as its own (``/ + # * >`` and spaces), so that a feeder
somebody named "F1/north" stays one level; ids and ``feeder:F1`` pass unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from gateway.model import Alarm, Device, Event

TELEMETRY = "telemetry"
STATUS = "status"
CONFIRMED = "confirmed"

_PREFIX = "wayside/v1"
_PLACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_PARTS = range(1, 4)


@lru_cache(maxsize=65536)
def _written(part: str) -> str:
    if not part:
        raise ValueError("a topic has no empty parts")
    return quote(part, safe=":")


def head(*parts: str) -> str:
    """A topic below a root: ``head("alarm", "feeder:F1", "phase_loss")``."""
    return "/".join(map(_written, parts))


@dataclass(frozen=True, slots=True)
class Root:
    """The root of one gateway's topics."""

    site: str
    gateway: str

    def topic(self, *parts: str) -> str:
        """The full topic of ``parts``."""
        return self.under(head(*parts))

    def under(self, below: str) -> str:
        """The full topic of a record's head."""
        return f"{_PREFIX}/{self.site}/{self.gateway}/{below}"

    def filter(self, *parts: str) -> str:
        """A subscription below this root; parts may be ``+``, the last one ``#``."""
        return self.under("/".join(parts))


def filter_all(*parts: str) -> str:
    """A subscription for every gateway: ``filter_all("alarm", "+", "+")``."""
    return f"{_PREFIX}/+/+/{'/'.join(parts)}"


# What gateways send and ingest takes in; retained ones are alarms, cards and status.
UPLINK: tuple[str, ...] = (
    filter_all(TELEMETRY),
    filter_all("alarm", "+", "+"),
    filter_all("event", "+"),
    filter_all("device", "+"),
    filter_all(STATUS),
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A topic taken apart; ``parts`` stands below the root: ``("event", "bin-07")``."""

    site: str
    gateway: str
    parts: tuple[str, ...]

    @property
    def root(self) -> Root:
        """The root this topic hangs below."""
        return Root(self.site, self.gateway)


def parse_topic(topic: str) -> Parsed | None:
    """Take a topic apart; None if it is not one of ours."""
    levels = topic.split("/")
    if levels[:2] != _PREFIX.split("/") or len(levels) - 4 not in _PARTS or not all(levels):
        return None
    site, gateway, *parts = levels[2:]
    if not (_PLACE.fullmatch(site) and _PLACE.fullmatch(gateway)):
        return None
    return Parsed(site, gateway, tuple(map(unquote, parts)))


def alarm_head(alarm: Alarm) -> str:
    """Where an alarm goes."""
    return head("alarm", alarm.device, alarm.code)


def event_head(event: Event) -> str:
    """Where an event goes."""
    return head("event", event.device)


def card_head(device: Device) -> str:
    """Where a device's identity card goes."""
    return head("device", device.id)


def retained(below: str) -> bool:
    """Whether the broker keeps the last message of a head: alarms and cards."""
    return below.startswith(("alarm/", "device/"))
