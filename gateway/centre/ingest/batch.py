"""A batch: the messages one write will hold, and what will be known once it has succeeded.

Nothing here touches the ledger; a batch that is given up leaves no trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from gateway.centre.fields import Codes
from gateway.centre.history import HOUR, Bundle
from gateway.centre.ingest.deadletters import Unreadable
from gateway.centre.ingest.intake import Introduction, Message, Place
from gateway.centre.ingest.ledger import Ledger, Stream
from gateway.centre.ingest.register import DeviceKey, Notes, Plan, StreamKey, Tally
from gateway.centre.ingest.spans import add, spans_of
from gateway.model import Reading
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
        self.notes = Notes()
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
        place = message.place
        fresh = None if place is None or delivery.retain else self._note(message.root, place)
        if fresh == 0:
            return
        self._keep(message)
        if place is not None and fresh is not None and message.readings:
            self._stretch(StreamKey(message.root, place.stream), place, message.readings)
            if fresh == place.last - place.first + 1:
                self._tally(message.root, message.readings)

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
        key = DeviceKey(root, device)
        self._promise(key, introduction)
        if codes == self._codes(root).get(device):
            return
        mine = self._codes_of.setdefault(root, dict(self._codes(root)))
        if codes is None:
            del mine[device]
        else:
            mine[device] = codes
        self.codes[key] = codes

    def _promise(self, key: DeviceKey, introduction: Introduction) -> None:
        asset = self._ledger.register.assets.get(key)
        kind = introduction.kind or (asset.kind if asset else None)
        if kind is None or (asset and (asset.kind, asset.every) == (kind, introduction.every)):
            self.notes.plans.pop(key, None)
        else:
            self.notes.plans[key] = Plan(kind, introduction.every)

    def _codes(self, root: Root) -> Mapping[str, Codes]:
        """As the ledger has them, with what this batch changed."""
        mine = self._codes_of.get(root)
        return self._ledger.codes.get(root, {}) if mine is None else mine

    def _give_up(self, root: Root, dropped: Dropped) -> None:
        key = StreamKey(root, dropped.stream)
        self.streams[key] = self._stream(key).given_up(dropped.ranges)

    def _note(self, root: Root, place: Place) -> int:
        """Note its records as seen; how many of them had not been before."""
        key = StreamKey(root, place.stream)
        before = self._stream(key)
        fresh = before.fresh(place.first, place.last)
        self.streams[key] = before.seen(place.first, place.last)
        self.duplicates += place.last - place.first + 1 - fresh
        return fresh

    def _stretch(self, key: StreamKey, place: Place, readings: Sequence[Reading]) -> None:
        spans = self.notes.spans.get(key) or self._ledger.register.spans.get(key, ())
        for span in spans_of(place.first, place.last, [reading.t for reading in readings]):
            spans = add(spans, span)
        self.notes.spans[key] = spans

    def _tally(self, root: Root, readings: Sequence[Reading]) -> None:
        """Count readings by device and hour; a device never seen so early is noted."""
        counts: dict[tuple[str, int], Tally] = {}
        oldest: dict[str, Reading] = {}
        for reading in readings:
            device, t = reading.device, reading.t
            tally = counts.get((device, t // HOUR))
            if tally is None:
                tally = counts[device, t // HOUR] = Tally()
            tally.came += 1
            if not reading.values:
                tally.empty += 1
            if device not in oldest or t < oldest[device].t:
                oldest[device] = reading
        for (device, hour), tally in counts.items():
            known = self.notes.tallies.setdefault((DeviceKey(root, device), hour), Tally())
            known.came += tally.came
            known.empty += tally.empty
        for device, reading in oldest.items():
            self._see(DeviceKey(root, device), reading)

    def _see(self, key: DeviceKey, reading: Reading) -> None:
        asset = self._ledger.register.assets.get(key)
        if asset is None or reading.t < asset.since:
            _, since = self.notes.seen.get(key, (reading.kind, reading.t))
            self.notes.seen[key] = (reading.kind, min(since, reading.t))

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
        if message.event is not None:
            self.rows += 1
            self.bundles.append(Bundle(root.site, root.gateway, events=(message.event,)))
