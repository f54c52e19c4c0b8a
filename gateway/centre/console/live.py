"""The console's ear and voice: what gateways say goes to the board, what people do goes to them.

One connection to the broker, opened again for ever with a growing pause. At each opening the
broker repeats what it keeps: cards, alarms, who is online. What ended while nobody listened is not
repeated, so a moment later the board forgets the cards and alarms that did not come again, but
only of gateways the broker spoke of at all: a broker that lost its memory clears no alarm.

A gateway that misses the centre's word sends old records again; of an alarm that would be a ghost.
So what is older than what was heard, by its place in the stream, changes nothing here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.centre.console.app import NotConnected
from gateway.centre.console.board import AlarmKey, Board, Key, Place
from gateway.config.site import BrokerOptions
from gateway.log import get_logger
from gateway.model import AlarmAction, Millis
from gateway.mqtt import BrokerDown, Connection, Message, connect
from gateway.wire import (
    UPLINK,
    BadPayload,
    Parsed,
    Root,
    action_body,
    decode_alarm,
    decode_card,
    decode_event,
    decode_status,
    decode_telemetry,
    parse_topic,
)

SETTLE = 5.0  # seconds for a broker to repeat what it keeps
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
MOST_NEWEST = 50_000  # alarms whose newest place in the stream is remembered

log = get_logger(__name__)


@dataclass(slots=True)
class Repeated:
    """What the broker said it keeps since this connection was opened, and what was heard ever.

    ``newest`` is the stream and seq of each alarm's newest message, and goes from one connection to
    the next.
    """

    newest: dict[AlarmKey, tuple[str, int]] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)
    cards: set[Key] = field(default_factory=set)
    alarms: set[AlarmKey] = field(default_factory=set)


def take(board: Board, message: Message, now: Millis, repeated: Repeated) -> None:
    """Put one message on the board; raises BadPayload for one that cannot be believed."""
    at = parse_topic(message.topic)
    if at is None:
        return
    place, payload = Place(at.site, at.gateway), message.payload
    match at.parts:
        case ("telemetry",):
            for reading in decode_telemetry(payload).readings:
                board.reading(place, reading, now)
        case ("alarm", device, code):
            _alarm(board, AlarmKey(*place, device, code), payload, repeated)
        case ("event", device):
            board.event(place, decode_event(payload, device).event)
        case ("device", device):
            _card(board, Key(*place, device), payload, repeated)
        case ("status",):
            _status(board, at, message, repeated)
        case _:
            pass


def _alarm(board: Board, key: AlarmKey, payload: bytes, repeated: Repeated) -> None:
    told = decode_alarm(payload, key.device, key.code) if payload else None
    repeated.alarms.add(key)
    if told is None:
        board.alarm(key, None)
        return
    stream, seq = repeated.newest.pop(key, ("", 0))
    older = stream == told.stream and told.seq < seq
    repeated.newest[key] = (told.stream, seq if older else told.seq)
    if len(repeated.newest) > MOST_NEWEST:
        del repeated.newest[next(iter(repeated.newest))]
    if not older:
        board.alarm(key, told.alarm)


def _card(board: Board, key: Key, payload: bytes, repeated: Repeated) -> None:
    board.card(key, decode_card(payload, key.device).card if payload else None)
    repeated.cards.add(key)


def _status(board: Board, at: Parsed, message: Message, repeated: Repeated) -> None:
    place = Place(at.site, at.gateway)
    board.status(place, decode_status(message.payload) if message.payload else None)
    if message.retain:
        repeated.places.add(place)


class Live:
    """The connection; ``client_id`` must be this console's own, for a broker knows one of each."""

    def __init__(
        self,
        options: BrokerOptions,
        board: Board,
        *,
        client_id: str,
        clock: Callable[[], Millis],
        settle: float = SETTLE,
    ) -> None:
        self._options = options
        self._board = board
        self._client_id = client_id
        self._clock = clock
        self._settle = settle
        self._newest: dict[AlarmKey, tuple[str, int]] = {}
        self._connection: Connection | None = None

    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connection is not None

    async def act(self, key: AlarmKey, action: AlarmAction) -> None:
        """Send a person's action to an alarm's gateway; raises NotConnected."""
        if self._connection is None:
            raise NotConnected
        topic = Root(key.site, key.gateway).topic("alarm-action", key.device, key.code)
        try:
            await self._connection.publish(topic, action_body(action))
        except BrokerDown as error:
            raise NotConnected from error

    async def run(self) -> None:
        """Listen until cancelled."""
        pause, told = FIRST_PAUSE, False
        while True:
            try:
                async with connect(self._options, client_id=self._client_id) as connection:
                    log.info("listening to the broker", broker=self._options.url)
                    pause, told = FIRST_PAUSE, False
                    await self._listen(connection)
            except BrokerDown as error:
                if not told:
                    log.warning("no broker", broker=self._options.url, reason=str(error))
                told = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _listen(self, connection: Connection) -> None:
        repeated, refused = Repeated(self._newest), 0
        denied = await connection.subscribe(*UPLINK)
        if denied:
            log.warning("the broker refused subscriptions", filters=denied)
        self._connection = connection
        later = asyncio.get_running_loop().call_later(
            self._settle, self._board.keep, repeated.places, repeated.cards, repeated.alarms
        )
        again = asyncio.create_task(self._subscribe_again(connection))
        try:
            async for message in connection.messages():
                try:
                    take(self._board, message, self._clock(), repeated)
                except BadPayload as error:
                    refused += 1
                    if refused == 1:  # one line a connection: a broken sender repeats itself
                        log.warning("unreadable", topic=message.topic, reason=str(error))
        finally:
            later.cancel()
            again.cancel()
            self._connection = None

    async def _subscribe_again(self, connection: Connection) -> None:
        """So that nothing is missed that was published while the broker took the subscription.

        NATS looks up what it keeps and begins to deliver at two different moments.
        """
        await asyncio.sleep(self._settle / 2)
        with suppress(BrokerDown):
            await connection.subscribe(*UPLINK)
