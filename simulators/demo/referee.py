"""The demo's referee: listens on the broker as an operator would, and notes what came up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.config.site import BrokerOptions
from gateway.model import State
from gateway.mqtt import BrokerDown, connect
from gateway.wire import BadPayload, decode_alarm, filter_all, parse_topic
from simulators.demo.verdict import Raise

SHOWN = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED})
"""Where an alarm is on the operator's table."""


@dataclass(slots=True)
class Referee:
    """What the operator saw: every alarm that came up, as it arrived."""

    say: Callable[[str], None]
    raises: dict[tuple[str, str, int], Raise] = field(default_factory=dict)

    async def watch(self, port: int) -> None:
        """Listen on the broker until cancelled; it may be a moment before it answers."""
        options = BrokerOptions(url=f"mqtt://127.0.0.1:{port}")
        while True:
            with contextlib.suppress(BrokerDown):
                async with connect(options, client_id="wayside-demo-referee") as link:
                    await link.subscribe(filter_all("alarm", "+", "+"))
                    async for message in link.messages():
                        if message.payload:
                            self.hear(message.topic, message.payload)
            await asyncio.sleep(0.2)

    def hear(self, topic: str, payload: bytes) -> None:
        """Note an alarm that is new, and tell of one that is over."""
        parsed = parse_topic(topic)
        if parsed is None:
            return
        try:
            alarm = decode_alarm(payload, *parsed.parts[1:3]).alarm
        except BadPayload as error:
            self.say(f"unreadable alarm on {topic}: {error}")
            return
        name = f"{alarm.device} {alarm.code}"
        key = (alarm.device, alarm.code, alarm.raised)
        if key not in self.raises and alarm.state not in SHOWN:
            return  # another one stood for it, and nobody was shown this one
        if key not in self.raises:
            self.raises[key] = Raise(alarm.device, alarm.code, alarm.raised)
            self.say(f"alarm   {name}: {alarm.severity}. {alarm.message}")
        elif alarm.cleared is not None:
            self.say(f"clear   {name}")
