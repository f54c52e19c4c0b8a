"""A batch: the messages one write will hold, and what will be known once it has succeeded.

Nothing here touches the ledger; a batch that is given up leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from gateway.centre.fields import Codes
from gateway.centre.history import Bundle
from gateway.centre.ingest.deadletters import Unreadable
from gateway.centre.ingest.intake import Introduction, Message, Place
from gateway.centre.ingest.ledger import DeviceKey, Ledger, Stream, StreamKey
from gateway.mqtt import Delivery
from gateway.wire import Dropped, Root


@dataclass(frozen=True, slots=True)
class Summary:
    """What ingest has done since it started, and how its books stand.

    ``readings`` came, ``silent`` of them had no value to store; ``stored`` rows the database took
    (a message repeated across a crash may count twice, its rows exist once), ``rejected`` rows it
    refused for good. ``duplicates`` counts records that came again, ``unreadable`` messages.
    ``missing`` records are owed by the gateways, ``lost`` ones they gave up and said so.
    """

    messages: int = 0
    readings: int = 0
    silent: int = 0
    stored: int = 0
    rejected: int = 0
    duplicates: int = 0
    unreadable: int = 0
    missing: int = 0
    lost: int = 0

    def __add__(self, other: Summary) -> Summary:
        names = [field.name for field in fields(self)]
        return Summary(**{name: getattr(self, name) + getattr(other, name) for name in names})


class Batch:
    """Messages in the order they came."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.deliveries: list[Delivery] = []
        self.bundles: list[Bundle] = []
        self.unreadable: list[Unreadable] = []
        self.streams: dict[StreamKey, Stream] = {}
        self.codes: dict[DeviceKey, Codes | None] = {}
        self._codes_of: dict[Root, dict[str, Codes]] = {}
        self.rows = 0
        self.readings = 0
        self.silent = 0
        self.duplicates = 0

    def add(self, delivery: Delivery, message: Message) -> None:
        """Take a message in.

        What the broker had retained is stored, but not noted in the ledger: it stands for itself
        alone, and the numbers around it may long have gone to another centre.
        """
        self.deliveries.append(delivery)
        if message.introduction is not None:
            self._introduce(message.root, message.introduction)
        if message.dropped is not None:
            self._give_up(message.root, message.dropped)
        known = False
        if message.place is not None and not delivery.retain:
            known = self._note(message.root, message.place)
        if not known:
            self._keep(message)

    def set_aside(self, delivery: Delivery, reason: str) -> None:
        """Take in a message nobody can read."""
        self.deliveries.append(delivery)
        self.unreadable.append(Unreadable(delivery.topic, delivery.payload, reason))

    def counts(self) -> Summary:
        """What this batch adds to the summary, but for what the database says of it."""
        return Summary(
            messages=len(self.deliveries),
            readings=self.readings,
            silent=self.silent,
            duplicates=self.duplicates,
            unreadable=len(self.unreadable),
        )

    def _introduce(self, root: Root, introduction: Introduction) -> None:
        codes, device = introduction.codes or None, introduction.device
        if codes == self._codes(root).get(device):
            return
        mine = self._codes_of.setdefault(root, dict(self._codes(root)))
        if codes is None:
            del mine[device]
        else:
            mine[device] = codes
        self.codes[DeviceKey(root, device)] = codes

    def _codes(self, root: Root) -> Mapping[str, Codes]:
        """As the ledger has them, with what this batch changed."""
        mine = self._codes_of.get(root)
        return self._ledger.codes.get(root, {}) if mine is None else mine

    def _give_up(self, root: Root, dropped: Dropped) -> None:
        key = StreamKey(root, dropped.stream)
        self.streams[key] = self._stream(key).given_up(dropped.ranges)

    def _note(self, root: Root, place: Place) -> bool:
        """Note its records as seen; True if all of them had been before."""
        key = StreamKey(root, place.stream)
        before = self._stream(key)
        fresh = before.fresh(place.first, place.last)
        self.streams[key] = before.seen(place.first, place.last)
        self.duplicates += place.last - place.first + 1 - fresh
        return fresh == 0

    def _stream(self, key: StreamKey) -> Stream:
        return self.streams.get(key) or self._ledger.stream(key)

    def _keep(self, message: Message) -> None:
        root, readings = message.root, message.readings
        if readings:
            self.readings += len(readings)
            self.silent += sum(not reading.values for reading in readings)
            self.rows += len(readings)
            bundle = Bundle(root.site, root.gateway, readings, codes=self._codes(root))
            self.bundles.append(bundle)
        if message.alarm is not None:
            self.rows += 1
            self.bundles.append(Bundle(root.site, root.gateway, alarms=(message.alarm,)))
