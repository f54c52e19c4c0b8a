"""What other settings would have made of a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.faults.rules import load_rules
from gateway.field.trying import Difference, as_text, differences, read_settings, summary
from gateway.problems import ConfigurationError
from gateway.recording import record
from tests.parts import timeline
from tests.unit.field.test_replay import site

RULES = load_rules()
KINDS = {code: rule.settings for code, rule in RULES.items()}

STORY = """\
A lamp that is dark for ten minutes, and one that is for three.

lamp lamp-1..2: rated_power 70
at 20:00 switch_command on, power 68 W
at 20:30 lamp-1: power 3 W
at 20:40 lamp-1: power 68 W
at 21:00 lamp-2: power 3 W
at 21:03 lamp-2: power 68 W
at 21:30 end
"""


def tried(folder: Path, settings: str) -> list[Difference]:
    story = timeline.parse(STORY, RULES)
    with record(folder / "a.jsonl") as recorder:
        for row in timeline.rows(story):
            recorder.write(row)
    (folder / "try.toml").write_text(settings)
    chosen = read_settings(folder / "try.toml", KINDS)
    return differences(site(story, folder), folder / "a.jsonl", chosen)


@pytest.mark.parametrize(
    ("delay", "told", "counts"),
    [
        ("5m", [("same", "lamp-1")], "0 added, 0 gone, 0 earlier, 0 later, 1 same"),
        (
            "2m",
            [("earlier", "lamp-1"), ("added", "lamp-2")],
            "1 added, 0 gone, 1 earlier, 0 later, 0 same",
        ),
        ("8m", [("later", "lamp-1")], "0 added, 0 gone, 0 earlier, 1 later, 0 same"),
        ("1h", [("gone", "lamp-1")], "0 added, 1 gone, 0 earlier, 0 later, 0 same"),
    ],
)
def test_alarms_come_go_and_move(
    tmp_path: Path, delay: str, told: list[tuple[str, str]], counts: str
) -> None:
    found = tried(tmp_path, f'[rules.lamp_failure]\non_delay = "{delay}"\n')
    assert [(one.change, one.as_json()["device"]) for one in found] == told
    assert summary(found) == counts


def test_one_is_told_in_words_and_as_an_object(tmp_path: Path) -> None:
    [moved, added] = tried(tmp_path, '[rules.lamp_failure]\non_delay = "2m"\n')
    assert as_text(moved, "Asia/Manila") == (
        "2026-03-20 20:32:00  lamp-1  earlier by 180 s: minor lamp_failure: "
        "on, but draws 3.0 of 70 W expected for 2 min"
    )
    told = added.as_json()
    assert list(told) == ["change", "device", "code", "severity", "t", "was", "message"]
    assert told["was"] is None


def test_settings_are_checked_as_a_site_file_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tried(tmp_path, '[rules.lamp_failure]\non_dely = "2m"\n[rule.x]\n')
    found = {problem.path for problem in caught.value.problems}
    assert found == {"rule", "rules.lamp_failure.on_dely"}
