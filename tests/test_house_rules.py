"""Habits survive only as tests: what holds for every file of the house, whoever wrote it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ("gateway", "drivers", "simulators")

# A third-party library lives in one room; everything else there may use freely.
ROOMS = {
    "aiomqtt": ["gateway/mqtt"],
    "paho": ["gateway/mqtt"],
    "influxdb_client": ["gateway/centre/influx"],
    "urllib3": ["gateway/centre/influx"],
    "starlette": ["gateway/centre/console"],
    "uvicorn": ["gateway/centre/console"],
    "jinja2": ["gateway/centre/console"],
    "pydantic": [],
    "pydantic_core": ["gateway/tables"],
    "serial": ["drivers"],
    "pysnmp": ["drivers/ntcip", "simulators/wires/snmp"],
    "pyasn1": ["drivers/ntcip", "simulators/wires/snmp"],
    "pymodbus": ["simulators"],
    "nats_server": ["simulators"],
    "astral": ["gateway/sun"],
    "typer": ["gateway/cli"],
    "rich": ["gateway/cli", "gateway/field"],
    "uvloop": ["gateway/cli"],
}
# Words that say nothing about what a thing is (style.md).
EMPTY_WORDS = re.compile(r"(Manager|Helper|Utils?|Handler|Base|Impl)$")


def sources(*folders: str) -> list[Path]:
    found = [sorted((ROOT / folder).rglob("*.py")) for folder in folders]
    return [path for paths in found for path in paths]


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sources(*HOUSE), ids=named)
class TestEverySource:
    def test_third_party_libraries_stay_in_their_room(self, path: Path) -> None:
        place = path.relative_to(ROOT).as_posix()
        for module in imported(ast.parse(path.read_text())):
            rooms = ROOMS.get(module.split(".")[0])
            assert rooms is None or place.startswith(tuple(rooms)), f"{place} imports {module}"

    def test_names_say_what_things_are(self, path: Path) -> None:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                assert not EMPTY_WORDS.search(node.name), f"{node.name} in {path.name}"

    def test_a_module_opens_with_what_it_is_for(self, path: Path) -> None:
        text = path.read_text()
        assert not text.strip() or ast.get_docstring(ast.parse(text)), "no module docstring"

    def test_files_and_functions_stay_readable(self, path: Path) -> None:
        text = path.read_text()
        assert text.count("\n") <= 400, "ask whether this file is two"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{node.name} is {length} lines: ask whether it is two"


@pytest.mark.parametrize("path", sources("gateway/faults"), ids=named)
def test_the_fault_engine_reads_no_clock(path: Path) -> None:
    used = set(imported(ast.parse(path.read_text())))
    assert not used & {"time", "asyncio", "socket", "threading", "random", "sqlite3"}


def test_nothing_is_skipped_in_silence() -> None:
    """A test may be skipped only where shared test vectors are absent, and then it says so."""
    for path in sources("tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "importorskip"}:
                assert "vectors" in path.read_text(), f"{path.relative_to(ROOT)} skips"
            assert not (isinstance(node, ast.Attribute) and node.attr == "xfail"), path


def test_no_file_names_a_machine_or_a_registry() -> None:
    """Paths of one machine and addresses of package hosts do not belong in the project."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    places = r"/work/(main|shared|\.library)|/root/"
    hosts = r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org"
    forbidden = re.compile(f"{places}|{hosts}")
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".gz", ".woff2"} or name == "tests/test_house_rules.py":
            continue
        found = forbidden.search(path.read_text(errors="replace"))
        assert not found, f"{name}: {found and found[0]}"


def test_the_daemon_starts_without_the_heavy_rooms() -> None:
    """`wayside run` must not pay for the console, the simulators or a command-line library."""
    code = "import sys, gateway.cli, gateway.edge.daemon; print(' '.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"rich", "starlette", "pymodbus", "influxdb_client", "uvicorn", "jinja2", "numpy"}
    assert not (heavy | {"typer", "pydantic", "aiomqtt", "prometheus_client"}) & set(loaded)
