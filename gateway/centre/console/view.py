"""The board as the page receives it: JSON for the first look, and for each difference after it.

Both have one shape, so that the page has one way to take them in: ``gateways``, ``devices``,
``alarms`` and ``recent`` list what is new or changed, ``gone`` names what no longer exists. A
device comes whole the first time (with its card) and then only with the points that changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

import orjson

from gateway.centre.console.asset import Asset, Shown
from gateway.centre.console.board import AlarmKey, Board, Changes, Deed, Happening, Key, Place
from gateway.centre.ingest.offline import CODE as OFFLINE
from gateway.faults.causes import announced
from gateway.faults.people import offered
from gateway.model import Alarm, Millis, Quality, State

ACTIVE = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED})

Json: TypeAlias = dict[str, Any]


def snapshot(board: Board, now: Millis, latched: Collection[str]) -> Json:
    """Everything there is."""
    return {
        "now": now,
        "left_out": board.left_out,
        "gateways": [_gateway(board, place) for place in board.places],
        "devices": devices(board),
        "alarms": alarms(board, latched),
        "recent": [_happening(one) for one in board.recent],
    }


def difference(board: Board, changes: Changes, now: Millis, latched: Collection[str]) -> Json:
    """What changed, and what is gone."""
    known = changes.points.keys() - changes.cards
    return {
        "now": now,
        "left_out": board.left_out,
        "gateways": [_gateway(board, place) for place in changes.places],
        "devices": [
            *(device(key, board.devices[key]) for key in changes.cards if key in board.devices),
            *(
                _figures(key, board.devices[key], changes.points[key])
                for key in known
                if key in board.devices
            ),
        ],
        "alarms": [
            alarm(key, board.alarms[key], latched, board.deeds.get(key, ()))
            for key in changes.alarms
            if key in board.alarms
        ],
        "recent": [_happening(one) for one in changes.recent],
        "gone": {
            "devices": [path(key) for key in changes.cards if key not in board.devices],
            "alarms": [path(key) for key in changes.alarms if key not in board.alarms],
        },
    }


def devices(board: Board) -> list[Json]:
    """Every device, whole."""
    return [device(key, asset) for key, asset in board.devices.items()]


def alarms(board: Board, latched: Collection[str]) -> list[Json]:
    """Every alarm that is not back to normal."""
    return [alarm(key, one, latched, board.deeds.get(key, ())) for key, one in board.alarms.items()]


def path(key: Iterable[str]) -> str:
    """The text that names a gateway, a device or an alarm in the page; its parts hold no slash."""
    return "/".join(quote(part, safe=":") for part in key)


def device(key: Key, asset: Asset) -> Json:
    """A device with its card and all its points."""
    return _figures(key, asset, asset.points) | {
        "site": key.site,
        "gateway": key.gateway,
        "id": key.device,
        "kind": asset.kind,
        "card": asset.card,
    }


def alarm(key: AlarmKey, one: Alarm, latched: Collection[str], deeds: Sequence[Deed] = ()) -> Json:
    """An alarm; ``announced`` is when it is due for the table and the horn.

    ``resettable`` where only a person's reset ends it, and its condition is gone; ``offered`` are
    the actions its state allows: none where no gateway judges it. ``deeds`` says what people did.
    """
    noticed = one.acknowledged
    foreign = key.code == OFFLINE
    return {
        "key": path(key),
        "subject": path(key.subject),
        "site": key.site,
        "gateway": key.gateway,
        "device": key.device,
        "code": key.code,
        "state": one.state,
        "severity": one.severity,
        "message": one.message,
        "t": one.t,
        "raised": one.raised,
        "cleared": one.cleared,
        "acknowledged": {"by": noticed.by, "at": noticed.at} if noticed else None,
        "values": one.values,
        "cause": one.cause,
        "suppressed": one.suppressed,
        "until": one.until,
        "work_order": one.work_order,
        "announced": announced(one),
        "offered": () if foreign else offered(one, latched=key.code in latched),
        "deeds": [deed(each) for each in deeds],
        "resettable": key.code in latched and one.cleared is not None and one.state in ACTIVE,
    }


def deed(one: Deed) -> Json:
    """What a person asked of an alarm."""
    return {
        "t": one.t,
        "action": one.action,
        "by": one.by,
        "done": one.done,
        "text": one.text,
        "until": one.until,
        "reason": one.reason,
    }


def encode(body: object) -> bytes:
    """JSON bytes without a line break."""
    return orjson.dumps(body, default=_plain)


def _figures(key: Key, asset: Asset, names: Iterable[str]) -> Json:
    return {
        "key": path(key),
        "condition": asset.condition,
        "why": asset.silent,
        "t": asset.answered,
        "silent_since": asset.silent_since if asset.silent is not None else None,
        "alarm": asset.worst,
        "unacknowledged": asset.unacknowledged,
        "points": {name: _point(asset.points[name]) for name in names if name in asset.points},
    }


def _point(shown: Shown) -> Json:
    body: Json = {"v": shown.value}
    if shown.quality is not Quality.GOOD:
        body |= {"q": shown.quality, "why": shown.reason}
    return body


def _gateway(board: Board, place: Place) -> Json:
    status = board.places[place]
    return {
        "key": path(place),
        "site": place.site,
        "id": place.gateway,
        "online": status and status.online,
        "since": status and status.since,
        "version": status and status.version,
    }


def _happening(one: Happening) -> Json:
    return {
        "site": one.key.site,
        "gateway": one.key.gateway,
        "device": one.key.device,
        "t": one.t,
        "what": one.what,
        "code": one.code,
        "severity": one.severity,
        "text": one.text,
        "values": one.values,
    }


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not for a page: {type(value).__name__}")
