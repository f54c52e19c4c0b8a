"""Durations and sizes as people write them: ``"250ms"``, ``"10s"``, ``"7d"``, ``"512MB"``.

``Duration`` (seconds, float) and ``Size`` (bytes, int) mark dataclass fields that accept such
text; the configuration room reads the mark through pydantic's own hook, so that this module and
the drivers that use it need no third-party import.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Annotated, Any, TypeAlias

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]{1,2})", re.ASCII)


def _amount(text: object, units: dict[str, float] | dict[str, int], example: str) -> float:
    found = _AMOUNT.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[2] not in units:
        raise ValueError(f"write it as {example}: a number and one of {', '.join(units)}")
    return float(found[1]) * units[found[2]]


def parse_duration(text: object) -> float:
    """Seconds of ``"250ms"``, ``"10s"``, ``"5m"``, ``"2h"``, ``"7d"``; ValueError otherwise."""
    return _amount(text, _SECONDS, '"10s"')


def parse_size(text: object) -> int:
    """Bytes of ``"4KB"``, ``"512MB"``, ``"2GB"`` (powers of ten); ValueError otherwise."""
    return int(_amount(text, _BYTES, '"512MB"'))


def format_duration(seconds: float) -> str:
    """The shortest exact text: 600 → ``"10m"``, 0.25 → ``"250ms"``, 90 → ``"90s"``."""
    for unit in ("d", "h", "m", "s", "ms"):
        count = seconds / _SECONDS[unit]
        if count >= 1 and abs(count - round(count)) < 1e-9:
            return f"{round(count)}{unit}"
    return f"{seconds * 1000:g}ms"


class _Written:
    """Marks a field whose text is parsed before it is validated as a number.

    A number that already is one passes, so that a default stays what the dataclass says.
    """

    def __init__(self, parse: Callable[[object], float]) -> None:
        self._parse = parse

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401
        return {
            "type": "function-before",
            "function": {"type": "no-info", "function": self._parse},
            "schema": handler(source),
        }


class Between:
    """Marks a number field that must lie within two bounds: ``Annotated[int, Between(1, 247)]``."""

    def __init__(self, least: float, most: float) -> None:
        self.least = least
        self.most = most

    def _check(self, value: float) -> float:
        if not self.least <= value <= self.most:
            end = f"to {self.most:g}" if isfinite(self.most) else "or more"
            raise ValueError(f"{value:g} is out of range: {self.least:g} {end}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": self._check},
            "schema": handler(source),
        }


Duration: TypeAlias = Annotated[float, _Written(parse_duration)]
Size: TypeAlias = Annotated[int, _Written(parse_size)]
