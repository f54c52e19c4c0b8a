"""Files people got wrong, each in a folder named after the mistake, with what they are told.

``expected.json`` lists every problem as ``wayside check --json`` prints it. A case that changes is
written anew by ``python tests/unit/config/test_golden_cases.py NAME`` and then read by a person.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from gateway.config import load_centre, load_site
from gateway.faults.rule import Settings
from gateway.problems import ConfigurationError
from gateway.units import Between

CASES = Path(__file__).resolve().parents[2] / "cases" / "config"


@dataclass(frozen=True, slots=True)
class LampFailure(Settings):
    share: float = 0.15
    min_power: float = 8.0


@dataclass(frozen=True, slots=True)
class BinFull(Settings):
    level: Annotated[float, Between(0, 100)] = 80.0


RULES = {"lamp_failure": LampFailure, "bin_full": BinFull}


def read(file: Path) -> object:
    return load_centre(file) if file.stem == "centre" else load_site(file, RULES)


def told(folder: Path) -> list[dict[str, Any]]:
    """Every problem of a case, its files named as seen from its folder."""
    os.chdir(folder)
    with pytest.raises(ConfigurationError) as caught:
        read(Path("centre.toml") if Path("centre.toml").exists() else Path("site.toml"))
    return [asdict(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", sorted(folder.name for folder in CASES.iterdir()))
def test_every_mistake_is_told_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    assert told(CASES / name) == json.loads((CASES / name / "expected.json").read_text())


def test_no_secret_is_ever_repeated() -> None:
    for expected in CASES.glob("*/expected.json"):
        assert "hunter2" not in expected.read_text()


if __name__ == "__main__":
    for case in sys.argv[1:]:
        found = json.dumps(told(CASES / case), indent=1, ensure_ascii=False)
        (CASES / case / "expected.json").write_text(found + "\n")
