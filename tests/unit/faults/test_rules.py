"""A rule is a file: dropped in a folder it is found, and a file that is no rule is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from gateway.faults.rule import Entry, Estimate, Notice, Rule
from gateway.faults.rules import load_rules
from gateway.model import KINDS

CORE = {
    "comm_loss",
    "lamp_failure",
    "day_burner",
    "conflicting_greens",
    "bin_full",
    "bin_fire",
    "feeder_outage",
}

RULE = '''
"""The lid rattles.

Source: domain §3.
"""
from gateway.faults.rule import MET, NORMAL, Rule, Settings
from gateway.model import Severity

RULE = Rule(
    code="rattle",
    kinds=frozenset({"bin"}),
    severity=Severity.WARNING,
    settings=Settings,
    judge=lambda seen, settings, memory: MET if seen.fresh["rattle"] else NORMAL,
    tell=lambda seen, settings, memory, since: ("the lid rattles", {}),
    points=("rattle",),
)
'''


def drop(folder: Path, name: str, text: str = RULE) -> Path:
    file = folder / "bin" / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return folder


def test_the_first_rules_are_there() -> None:
    assert set(load_rules()) >= CORE


def test_a_rule_dropped_in_a_folder_is_found(tmp_path: Path) -> None:
    rules = load_rules(drop(tmp_path, "rattle"))
    assert rules["rattle"].kinds == {"bin"}
    assert set(rules) >= CORE


def test_a_file_without_a_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="exports no RULE"):
        load_rules(drop(tmp_path, "rattle", "RULE = 1"))


NOTICE = """
from gateway.faults.rule import Notice

NOTICE = Notice(event="emptied", kinds=frozenset({"bin"}), notice=lambda *_: None)
"""


def test_a_file_may_tell_of_an_event_alone_or_beside_its_rule(tmp_path: Path) -> None:
    assert isinstance(load_rules(drop(tmp_path, "emptied", NOTICE))["emptied"], Notice)
    (tmp_path / "bin/emptied.py").unlink()
    rules = load_rules(drop(tmp_path, "rattle", RULE + NOTICE))
    assert isinstance(rules["rattle"], Rule)
    assert isinstance(rules["emptied"], Notice)


def test_a_file_is_named_by_its_code(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be named rattle"):
        load_rules(drop(tmp_path, "wrong"))


def test_a_code_belongs_to_one_file(tmp_path: Path) -> None:
    again = RULE.replace("rattle", "bin_full")
    with pytest.raises(ValueError, match="there is a rule bin_full already"):
        load_rules(drop(tmp_path, "bin_full", again))


@pytest.mark.parametrize(
    ("code", "settings", "problem"),
    [
        ("conflicting_greens", {"readings": 0}, "readings is less than 1"),
        ("comm_loss", {"polls": 0}, "polls is less than 1"),
        ("bin_full", {"full": 60.0}, "below is more than full"),
        ("bin_fire", {"hot": 40.0}, "warm is more than hot"),
        ("lamp_failure", {"dead": 0.5}, "dead is more than burning"),
        ("feeder_outage", {"dead": 0.9}, "dead is more than live"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    code: str, settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        load_rules()[code].settings(**settings)


@pytest.mark.parametrize("entry", load_rules().values(), ids=load_rules())
class TestEveryEntry:
    def test_names_its_source(self, entry: Entry) -> None:
        assert "Source: domain §" in (__import__(home(entry), fromlist=["x"]).__doc__ or "")

    def test_stands_in_its_kinds_folder(self, entry: Entry) -> None:
        folder = home(entry).split(".")[-2]
        assert folder in {"any", *KINDS}
        assert folder == "any" or folder in entry.kinds

    def test_has_settings_that_a_site_file_can_write(self, entry: Entry) -> None:
        adapter = TypeAdapter(entry.settings)
        assert adapter.validate_python({}) == entry.settings()
        assert adapter.validate_python({"enabled": False}).enabled is False
        if isinstance(entry, Rule):
            assert adapter.validate_python({"on_delay": "90s"}).on_delay == 90.0
        for one in fields(entry.settings):
            assert one.name.islower()


def home(entry: Entry) -> str:
    """The module an entry stands in."""
    match entry:
        case Rule(judge=work) | Notice(notice=work) | Estimate(estimate=work):
            return work.__module__
