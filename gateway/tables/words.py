"""The words of the contracts: ids, point names, places, time zones, addresses of brokers.

Each is a marked type for a dataclass field. Like the marks of ``gateway.units``, a mark carries the
function that judges the written text and needs no third-party import; whoever checks a table
against the dataclass (``gateway.tables.shape``) finds it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from gateway.units import Between, Duration

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_PLACE_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_POINT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_LETTERS = "letters, digits, dots, hyphens and underscores, no mark at the start"
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)


class Checked:
    """Marks a field whose value must also please ``judge``, which may replace it.

    ``judge`` takes the value and returns what to keep; it raises ``ValueError`` with a text for
    the person who wrote the file.
    """

    def __init__(self, judge: Callable[[Any], Any]) -> None:
        self._judge = judge

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": self._judge},
            "schema": handler(source),
        }


def _matches(pattern: re.Pattern[str], rule: str) -> Callable[[str], str]:
    def judge(text: str) -> str:
        if pattern.fullmatch(text):
            return text
        raise ValueError(rule)

    return judge


def _positive(number: float) -> float:
    if number > 0:
        return number
    raise ValueError("must be more than 0")


def _time_zone(text: str) -> str:
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415  # not before it is needed

    from gateway.problems import suggest  # noqa: PLC0415

    try:
        ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        meant = suggest(text, available_timezones()) if text else ""
        hint = meant if meant.startswith("did you mean") else 'write it as "Asia/Manila"'
        raise ValueError(f'no time zone is called "{text}"; {hint}') from None
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    example = f"{schemes[-1]}://host:port"

    def judge(text: str) -> str:
        try:
            url = urlsplit(text)
            port = url.port
        except ValueError:
            raise ValueError(f"not an address; write it as {example}") from None
        if url.scheme not in schemes or not url.hostname or port == 0:
            raise ValueError(f"not an address; write it as {example}")
        if url.username is not None or url.password is not None:
            raise ValueError("secrets never stand here; use the keys username and password_file")
        return text

    return judge


def _broker(text: str) -> str:
    judged = _url("mqtt", "mqtts")(text)
    if urlsplit(text).path not in {"", "/"}:
        raise ValueError("nothing may follow the port; write it as mqtts://host:port")
    return judged


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if _HOST.fullmatch(host) and port.isascii() and port.isdigit() and int(port) <= 65535:
        return text
    raise ValueError("not an address and a port; write it as 127.0.0.1:8080")


def _moment(text: str) -> str:
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise ValueError("not a moment; write it as 2026-03-01T22:00:00+08:00, with its zone")
    return text


Id: TypeAlias = Annotated[str, Checked(_matches(_ID, f"an id is 1 to 64 {_LETTERS}"))]
PlaceId: TypeAlias = Annotated[
    str, Checked(_matches(_PLACE_ID, f"must be 1 to 32 {_LETTERS}, and in lower case"))
]
PointName: TypeAlias = Annotated[
    str, Checked(_matches(_POINT, "a name is 1 to 64 of a-z, 0-9 and _, the first a letter"))
]
Moment: TypeAlias = Annotated[str, Checked(_moment)]
Latitude: TypeAlias = Annotated[float, Between(-90, 90)]
Longitude: TypeAlias = Annotated[float, Between(-180, 180)]
Period: TypeAlias = Annotated[Duration, Checked(_positive)]
TimeZone: TypeAlias = Annotated[str, Checked(_time_zone)]
BrokerUrl: TypeAlias = Annotated[str, Checked(_broker)]
HttpUrl: TypeAlias = Annotated[str, Checked(_url("http", "https"))]
Listen: TypeAlias = Annotated[str, Checked(_listen)]
