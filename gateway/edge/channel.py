"""The way to the broker and back: the publisher, begun late and ended in time.

The MQTT client takes a tenth of a second to load, so it is loaded beside the first polls, not
before them. What comes back are actions on alarms; commands will come by here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__, wire
from gateway.config.site import Site
from gateway.edge.clock import Clock
from gateway.edge.journal import Journal
from gateway.edge.outbox.contract import Outbox
from gateway.log import get_logger
from gateway.model import AlarmAction

if TYPE_CHECKING:
    from gateway.edge.publisher import Publisher

log = get_logger()

#: Seconds the end may take to send what is left.
DRAIN = 0.6
#: So many seconds without an acknowledgement of anything under way are no slow broker any more.
STUCK = 180.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Channel:
    """One gateway's connection. ``act`` is given what people ask of alarms.

    ``is_current(parts)`` says whether a retained alarm or card is still ours;
    ``confirmed_before`` whether an earlier run saw the centre confirm.
    """

    def __init__(
        self,
        site: Site,
        outbox: Outbox,
        journal: Journal,
        *,
        clock: Clock,
        act: Callable[[AlarmAction], None],
        is_current: Callable[[tuple[str, ...]], bool],
        confirmed_before: bool,
    ) -> None:
        self._site = site
        self._outbox = outbox
        self._journal = journal
        self._clock = clock
        self._act = act
        self._is_current = is_current
        self._confirmed_before = confirmed_before
        self._publisher: Publisher | None = None
        self._seen, self._seen_at = 0, clock.monotonic()

    @property
    def published(self) -> int:
        """Messages the broker has acknowledged."""
        return self._publisher.uplink.published if self._publisher else 0

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._publisher is not None and self._publisher.uplink.connected

    def stuck(self, now: float) -> bool:
        """Whether messages have been under way for minutes and none got through."""
        uplink = self._publisher.uplink if self._publisher else None
        moved = uplink is None or not uplink.connected or not uplink.in_flight
        if moved or self.published != self._seen:
            self._seen, self._seen_at = self.published, now
        return now - self._seen_at > STUCK

    def notify(self) -> None:
        """There is something new in the outbox."""
        if self._publisher is not None:
            self._publisher.notify()

    async def run(self) -> None:
        """Publish until cancelled."""
        await asyncio.to_thread(import_module, "gateway.edge.publisher")
        self._publisher = self._make()
        await self._publisher.run()

    async def drain(self) -> None:
        """Send what is left, if there is somebody to take it, as far as the time allows."""
        if self._publisher is not None and self.connected:
            await self._publisher.drain(DRAIN)

    def _make(self) -> Publisher:
        from gateway.edge.publisher import Calls, Publisher, Terms  # noqa: PLC0415  # loaded late

        mqtt, outbox, gateway = self._site.mqtt, self._site.outbox, self._site.gateway
        terms = Terms(
            confirm=outbox.confirm,
            confirmed_before=self._confirmed_before,
            group=max(1, round(mqtt.batch / outbox.flush)),
            batch=mqtt.batch,
            compress=mqtt.compress,
            version=__version__,
            boot=_boot(),
        )
        calls = Calls(
            on_disk=self._journal.on_disk,
            on_message=self._arrived,
            on_confirmed=lambda: self._journal.remember("confirmed", value=True),
            is_current=self._is_current,
        )
        root = wire.Root(gateway.site, gateway.id)
        return Publisher(self._outbox, root, mqtt, terms, calls, clock=self._clock)

    def _arrived(self, parts: tuple[str, ...], payload: bytes) -> None:
        what, device, name = parts
        if what != "alarm-action":
            log.warning("commands are not taken by MQTT yet", device=device, command=name)
            return
        try:
            action = wire.decode_action(payload, device, name, self._clock.now())
        except wire.BadPayload as error:
            log.warning("an unreadable action", device=device, code=name, reason=str(error))
            return
        self._act(action)


def _boot() -> str:
    """The id of this boot of the machine."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
