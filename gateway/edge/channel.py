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
from gateway.edge.outbox.contract import Lane, Outbox
from gateway.edge.pulse import Pulse
from gateway.faults.people import EVENT as ACTED
from gateway.log import get_logger
from gateway.model import AlarmAction, Event

if TYPE_CHECKING:
    from gateway.edge.publisher import Publisher
    from gateway.edge.trouble import Trouble

log = get_logger()

#: Seconds the end may take to send what is left.
DRAIN = 0.6
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Channel:
    """One gateway's connection. ``act`` is given what people ask of alarms.

    ``is_current(parts)`` says whether a retained alarm or card is still ours;
    ``confirmed_before`` whether an earlier run saw the centre confirm.
    """

    def __init__(  # noqa: PLR0913  # by keyword: what it shares with the rest of the daemon
        self,
        site: Site,
        outbox: Outbox,
        journal: Journal,
        *,
        clock: Clock,
        pulse: Pulse,
        act: Callable[[AlarmAction], None],
        is_current: Callable[[tuple[str, ...]], bool],
        confirmed_before: bool,
    ) -> None:
        self._site = site
        self._outbox = outbox
        self._journal = journal
        self._clock = clock
        self._pulse = pulse
        self._act = act
        self._is_current = is_current
        self._confirmed_before = confirmed_before
        self._publisher: Publisher | None = None

    @property
    def published(self) -> int:
        """Messages the broker has acknowledged."""
        return self._publisher.uplink.published if self._publisher else 0

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._publisher is not None and self._publisher.uplink.connected

    @property
    def set_aside(self) -> int:
        """Messages that no broker would take; they stay in the outbox."""
        return self._publisher.uplink.set_aside if self._publisher else 0

    @property
    def unconfirmed(self) -> float:
        """For how many seconds the centre has confirmed nothing of what the broker has."""
        return self._publisher.uplink.unconfirmed if self._publisher else 0.0

    @property
    def rival(self) -> bool:
        """Whether another client seems to be connected with our id."""
        return self._publisher is not None and self._publisher.uplink.rival

    def unsent(self, lane: Lane, oldest: int) -> tuple[int, int]:
        """The first seq from ``oldest`` on that the broker has not, and how many it has."""
        return self._publisher.unsent(lane, oldest) if self._publisher else (oldest, 0)

    def notify(self) -> None:
        """There is something new in the outbox."""
        if self._publisher is not None:
            self._publisher.notify()

    async def run(self) -> None:
        """Publish until cancelled."""
        self._promise(0.0)
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
            backlog_share=mqtt.backlog_share,
            version=__version__,
            boot=_boot(),
        )
        calls = Calls(
            on_disk=self._journal.on_disk,
            on_message=self._arrived,
            on_confirmed=lambda: self._journal.remember("confirmed", value=True),
            is_current=self._is_current,
            on_trouble=self._trouble,
            promise=self._promise,
        )
        root = wire.Root(gateway.site, gateway.id)
        return Publisher(self._outbox, root, mqtt, terms, calls, clock=self._clock)

    def _promise(self, seconds: float) -> None:
        self._pulse.promise("uplink", self._clock.monotonic() + seconds)

    def _trouble(self, trouble: Trouble) -> None:
        """The log has it; the centre hears of it by an event of the gateway's own."""
        values = {**trouble.values, "message": trouble.message, "try": list(trouble.advice)}
        gateway = self._site.gateway.id
        self._journal.outcomes([Event(gateway, trouble.name, self._clock.now(), values)])

    def _arrived(self, parts: tuple[str, ...], payload: bytes) -> None:
        what, device, name = parts
        if what != "alarm-action":
            log.warning("commands are not taken by MQTT yet", device=device, command=name)
            return
        try:
            action = wire.decode_action(payload, device, name, self._clock.now())
        except wire.BadPayload as error:
            log.warning("an unreadable action", device=device, code=name, reason=str(error))
            told = {"code": name, "done": False, "reason": str(error)}
            self._journal.outcomes([Event(device, ACTED, self._clock.now(), told)])
            return
        self._act(action)


def _boot() -> str:
    """The id of this boot of the machine."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
