"""What a profile makes of a device, for people: its points, its commands, the requests it costs.

``show`` and ``check`` load a profile as the daemon does and print what came of it, so that a map
can be held against its manual before any bus is there. A driver's own keys are printed as they
stand in its completed rows: every field that is not its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from gateway import registry
from gateway.model import Point
from gateway.problems import ConfigurationError, Problem
from gateway.profile import Profile, load_profile, specimen
from gateway.profile.keys import PointKeys
from gateway.units import format_duration

_SHARED = frozenset({"name", "count", "flags", "every"})
#: Keys that have a column of their own wherever a row has them.
_COLUMNS = frozenset({"table", "address", "type", "order", "unit", "scale"})
_MOST_NAMES = 8
_GAP = "  "


def described(profile: Profile) -> dict[str, Any]:
    """A profile as ``wayside profile show --json`` prints it."""
    return {
        "profile": profile.name,
        "file": str(profile.file),
        "kind": profile.kind,
        "vendor": profile.vendor,
        "model": profile.model,
        "driver": profile.family,
        "source": source_lines(profile.file),
        "head": _own(profile.traits),
        "points": [_point(point, profile.keys[point.name]) for point in profile.points],
        "derived": [
            {"name": d.name, "from": d.source, "linear": list(profile.ends[d.name])}
            | ({"unit": d.unit} if d.unit else {})
            | _own(d, only=("deadband", "on_change"))
            for d in profile.derived
        ],
        "commands": [
            {"name": name} | _own(c.target) | _own(c, without=("name", "target"))
            for name, c in profile.controls.items()
        ],
        "requests": list(requests(profile)),
    }


def source_lines(file: Path) -> list[str]:
    """The comment a profile opens with: where its map comes from."""
    found = []
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        if not line.startswith("#"):
            break
        found.append(line.removeprefix("#").strip())
    return found


def requests(profile: Profile) -> Iterator[dict[str, Any]]:
    """What is asked each time that points are due; nothing if the driver does not say.

    Points of different periods that are due at one tick are read together.
    """
    driver = registry.driver_of(profile.family)
    device = specimen(profile, driver)
    if device is None:
        return
    for period in sorted({point.every for point in profile.points}):
        due = [point for point in profile.points if _ticks_with(point.every, period)]
        for block in driver.plan(device, due):
            yield {
                "every": format_duration(period),
                "asks": getattr(block.request, "asks", ""),
                "size": getattr(block.request, "size", len(block.points)),
                "points": [point.name for point in block.points],
            }


def _ticks_with(every: float, period: float) -> bool:
    """Whether points of a period are due at each tick of a longer one."""
    ticks = period / every
    return ticks > 0.5 and abs(ticks - round(ticks)) < 1e-9


def _point(point: Point, keys: PointKeys) -> dict[str, Any]:
    told = {"name": point.name, "every": format_duration(point.every)}
    own = {key: value for key, value in _own(point.source).items() if key not in told}
    return told | own | _own(keys, without=_SHARED)


def _own(
    row: object, *, without: Iterable[str] = (), only: Iterable[str] | None = None
) -> dict[str, Any]:
    """The fields of a row that are not their defaults, as JSON holds them.

    What a driver has worked out and does not show (``repr=False``) is left out.
    """
    if not is_dataclass(row):
        return {}
    told = {}
    for one in fields(row):
        value = getattr(row, one.name)
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        wanted = one.repr and one.name not in without and (only is None or one.name in only)
        if wanted and value != default:
            told[one.name] = _plain(value)
    return told


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever a row holds
    if is_dataclass(value):
        return _own(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


# ---------------------------------------------------------------- for people


def as_text(told: Mapping[str, Any]) -> str:
    """The same for people: a table of the points, then what else there is."""
    parts = [
        f"{told['profile']} · {told['vendor']} {told['model']} · {told['kind']} · {told['driver']}",
        *(f"  {line}".rstrip() for line in told["source"]),
    ]
    if told["head"]:
        parts += ["", f"head: {_keys(told['head'])}"]
    parts += ["", *_table(told["points"])]
    if told["derived"]:
        parts += ["", "computed", *_table(told["derived"])]
    if told["commands"]:
        parts += ["", "commands", *_table(told["commands"])]
    if told["requests"]:
        parts += ["", "requests", *_requests(told["requests"])]
    return "\n".join(parts)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Columns for the usual keys and what most rows have, the rest at the end of the line."""
    used = {key: sum(key in row for row in rows) for row in rows for key in row}
    columns = [k for k, count in used.items() if k in _COLUMNS or 2 * count >= len(rows)]
    cells = [[_word(row.get(key, "")) for key in columns] for row in rows]
    rest = [_keys({k: v for k, v in row.items() if k not in columns}) for row in rows]
    lines = [[*columns, ""], *([*line, more] for line, more in zip(cells, rest, strict=True))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, [*widths, 0], strict=True)]
        yield (_GAP + _GAP.join(padded)).rstrip()


def _requests(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    period = ""
    for row in rows:
        every = f"every {row['every']}" if row["every"] != period else ""
        period = row["every"]
        asks = row["asks"] or _counted(row["size"], "value")
        yield f"{_GAP}{every:<12} {asks} for {_names(row['points'])}"


def _names(points: Sequence[str]) -> str:
    """Point names, arrays shortened: ``group_1…4``."""
    runs: list[tuple[str, int, int]] = []
    for name in points:
        found = re.fullmatch(r"(.*_)(\d+)", name)
        stem, number = (found[1], int(found[2])) if found else (name, 0)
        if found and runs and runs[-1][0] == stem and runs[-1][2] == number - 1:
            runs[-1] = stem, runs[-1][1], number
        else:
            runs.append((stem, number, number))
    words = [
        stem if not first else f"{stem}{first}" if first == last else f"{stem}{first}…{last}"
        for stem, first, last in runs
    ]
    more = len(words) - _MOST_NAMES
    return ", ".join(words[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _keys(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {_word(value)}" for key, value in row.items())


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {_keys(value)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_word, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


# ---------------------------------------------------------------- checking


def checked(refs: Iterable[str], base: Path) -> tuple[list[Profile], list[Problem]]:
    """The profiles that can be used, and everything that is wrong with the others.

    A reference is a path that ends in ``.toml``, seen from ``base``, or a name of the library.
    """
    good: list[Profile] = []
    problems: list[Problem] = []
    for ref in refs:
        try:
            good.append(load_profile(ref, base))
        except ConfigurationError as error:
            problems += error.problems
    return good, problems


def summary(profile: Profile) -> str:
    """One line for a profile without a mistake."""
    named = len(profile.points) + len(profile.derived)
    counts = [_counted(named, "point"), _counted(len(profile.controls), "command")]
    asked = list(requests(profile))
    if asked:
        longest = asked[-1]["every"]
        whole = sum(row["every"] == longest for row in asked)
        counts.append(f"{_counted(whole, 'request')} to read all of it")
    return f"{profile.name}: {', '.join(counts)}, no problems"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
