"""Whatever stands in a file, it is read or refused with its reasons; nothing else happens."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import load_site
from gateway.faults.rule import Settings
from gateway.problems import ConfigurationError, Problem
from gateway.profile import load_profile

PROFILES = Path(__file__).parents[3] / "drivers" / "profiles"
SITE: dict[str, Any] = {
    "schema": 1,
    "gateway": {
        "id": "gw-1",
        "site": "town",
        "latitude": 14.5,
        "longitude": 121.0,
        "timezone": "Asia/Manila",
        "data_dir": "data",
        "devices": ["lamps.csv"],
    },
    "mqtt": {"url": "mqtts://broker", "ca": "ca.pem", "batch": "1s"},
    "outbox": {"max_bytes": "1MB", "confirm": "auto"},
    "bus": {
        "a": {"driver": "modbus-rtu", "port": "/dev/a", "parity": "E"},
        "b": {"driver": "maxbotix", "port": "/dev/b"},
        "c": {"driver": "modbus-tcp", "host": "192.0.2.1"},
    },
    "device": [
        {"id": "l", "profile": "lamp/generic", "bus": "a", "unit": 1, "rated_power": 70},
        {"id": "b", "profile": "bin/maxbotix-mb7389", "bus": "b", "empty_distance": 1800},
        {
            "id": "s",
            "profile": "signal/generic",
            "bus": "c",
            "unit": 1,
            "conflicts": [[1, 2], [1, 3]],
            "rules": {"bin_full": {"on_delay": "5m"}},
        },
    ],
    "rules": {"bin_full": {"readings": 3}},
}
ROW = "id,profile,bus,unit,conflicts\nx,lamp/generic,a,7,\n"

ODD: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.integers(-(2**70), 2**70),
        st.builds(lambda: 16**5000),
        st.floats(),
        st.booleans(),
        st.text(max_size=6),
        st.sampled_from(["modbus-tcp", "a", "b", "1-2", "lamp/generic", "..", "x.toml", "\x00"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=4), st.sampled_from(["id", "driver", "from", "name"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=4,
)


def toml(value: Any) -> str:
    """A value as TOML; a table inline."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return hex(value) if isinstance(value, int) and value > 0 else repr(value)


def document(table: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in table.items())


def places(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if keys:
        yield keys
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*keys, key))


def changed(table: Any, keys: tuple[Any, ...], odd: Any) -> Any:
    """A copy with another value at those keys, or at the nearest there is."""
    if not keys or not isinstance(table, dict | list):
        return odd
    copy = table.copy()
    if isinstance(copy, dict):
        copy[str(keys[0])] = changed(copy.get(str(keys[0])), keys[1:], odd)
    elif isinstance(keys[0], int) and keys[0] < len(copy):
        copy[keys[0]] = changed(copy[keys[0]], keys[1:], odd)
    return copy


def test_the_untouched_site_lacks_only_what_the_test_left_out(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(document(SITE))
    (tmp_path / "lamps.csv").write_text(ROW)
    with pytest.raises(ConfigurationError) as caught:
        load_site(tmp_path / "site.toml", {"bin_full": Settings})
    assert [problem.path for problem in caught.value.problems] == ["device[1].full_distance"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(edits=st.lists(st.tuples(st.sampled_from(list(places(SITE))), ODD), min_size=1, max_size=3))
def test_any_value_anywhere_in_a_site(edits: list[tuple[Any, Any]], tmp_path: Path) -> None:
    table: Any = SITE
    for keys, odd in edits:
        table = changed(table, keys, odd)
    refused_or_read(table, tmp_path)


def problems(read: Callable[[], object]) -> tuple[Problem, ...]:
    """What was wrong, if anything was; whatever else is raised is a bug."""
    try:
        read()
    except ConfigurationError as error:
        return error.problems or (Problem("", 0, "", "refused without a reason"),)
    return ()


def refused_or_read(table: Any, folder: Path) -> None:
    file = folder / "site.toml"
    file.write_text(document(table), encoding="utf-8", errors="replace")
    (folder / "lamps.csv").write_text(ROW)
    for found in problems(lambda: load_site(file, {"bin_full": Settings})):
        assert found.line > 0, found


LIBRARY = sorted(PROFILES.glob("*/*.toml"))
MAPS = {file: tomllib.loads(file.read_text()) for file in LIBRARY}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_value_anywhere_in_a_profile(data: st.DataObject, tmp_path: Path) -> None:
    table = MAPS[data.draw(st.sampled_from(LIBRARY))]
    for _ in range(2):
        keys = data.draw(st.sampled_from(list(places(table))))
        table = changed(table, keys, data.draw(ODD))
        if not isinstance(table, dict) or not table:
            return
    (tmp_path / "odd.toml").write_text(document(table), encoding="utf-8", errors="replace")
    for found in problems(lambda: load_profile("odd.toml", tmp_path)):
        assert found.line > 0, found


CELLS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["lamp/generic", "a", "1", "id", "unit", '"', "rules.bin_full.level", "1-2;3"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.lists(CELLS, max_size=6), max_size=5), known=st.booleans())
def test_any_register(rows: list[list[str]], known: bool, tmp_path: Path) -> None:
    text = "\n".join(",".join(row) for row in rows)
    if known:
        text = "id,profile,bus,unit\n" + text
    (tmp_path / "lamps.csv").write_text(text, encoding="utf-8", errors="replace")
    (tmp_path / "site.toml").write_text(document(SITE))
    with pytest.raises(ConfigurationError) as caught:
        load_site(tmp_path / "site.toml", {"bin_full": Settings})
    assert all(problem.line > 0 for problem in caught.value.problems)
