r"""InfluxDB line protocol: ``lamp,device=lamp-0001,gateway=gw-017,site=demo power=68.2 17638…``.

Every number is written without a suffix, which is a float to every version of InfluxDB. What comes
before the fields is the same for all rows of a device and is made once. Escaping, as the servers
read it: a comma, a space and an equals sign in a tag or a key take a backslash; in a string a
quote and a backslash do. A backslash itself cannot be escaped in a tag, so one at its end, which
would swallow the delimiter, is followed by a space, as InfluxDB's own clients do; line breaks,
which end a line there, become ``\n``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import orjson

from gateway.centre.fields import alarm_fields, event_fields, reading_fields
from gateway.centre.history import Bundle
from gateway.model import Kind, Millis, Value

_BREAKS = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_IN_KEY = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\=", **_BREAKS})
_IN_STRING = str.maketrans({'"': r"\"", "\\": r"\\"})


def _key(text: str) -> str:
    escaped = text.translate(_IN_KEY)
    return escaped + r"\ " if escaped.endswith("\\") else escaped


@lru_cache(maxsize=65536)
def _form(names: tuple[str, ...]) -> str:
    """``power=%s,door_open=%s``: what rows with the same fields have in common."""
    return ",".join(_key(name).replace("%", "%%") + "=%s" for name in names)


@lru_cache(maxsize=262144)
def _of_device(kind: Kind, device: str, gateway: str, site: str) -> str:
    return head(kind, device=device, gateway=gateway, site=site)


def head(measurement: str, **tags: str) -> str:
    """The part before the fields; tags in alphabetical order, which servers index fastest."""
    pairs = "".join(f",{_key(name)}={_key(value)}" for name, value in sorted(tags.items()) if value)
    return f"{measurement}{pairs} "


def _texts(values: list[Value]) -> tuple[str, ...]:
    """Each value as it is written: as JSON writes it, but for texts with something to escape."""
    try:
        json = orjson.dumps(values)[1:-1]
    except TypeError:  # what JSON cannot hold
        json = b"\\"
    if b"\\" not in json:
        texts = tuple(json.decode().split(","))
        if len(texts) == len(values):  # no comma stands in a text
            return texts
    return tuple(map(_text, values))


def _text(value: Value) -> str:
    if type(value) is float or type(value) is int:
        return repr(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{str(value).translate(_IN_STRING)}"'


def line(before: str, fields: Mapping[str, Value], t: Millis) -> str:
    """One line: ``before`` from ``head``, at least one field, time in milliseconds."""
    return f"{before}{_form(tuple(fields)) % _texts(list(fields.values()))} {t}"


def reading_lines(bundles: Iterable[Bundle]) -> list[str]:
    """A line for each reading that has a value to show."""
    lines = []
    for bundle in bundles:
        site, gateway, codes = bundle.site, bundle.gateway, bundle.codes
        for reading in bundle.readings:
            known = codes.get(reading.device)
            fields = reading_fields(reading, known) if known else reading_fields(reading)
            if fields:
                before = _of_device(reading.kind, reading.device, gateway, site)
                lines.append(line(before, fields, reading.t))
    return lines


def alarm_lines(bundles: Iterable[Bundle]) -> list[str]:
    """A line for each alarm's transition."""
    return [
        line(
            head(
                "alarm",
                code=alarm.code,
                device=alarm.device,
                gateway=bundle.gateway,
                site=bundle.site,
            ),
            alarm_fields(alarm),
            alarm.t,
        )
        for bundle in bundles
        for alarm in bundle.alarms
    ]


def event_lines(bundles: Iterable[Bundle]) -> list[str]:
    """A line for each event."""
    return [
        line(
            head(
                "event",
                device=event.device,
                event=event.event,
                gateway=bundle.gateway,
                site=bundle.site,
            ),
            event_fields(event),
            event.t,
        )
        for bundle in bundles
        for event in bundle.events
    ]
