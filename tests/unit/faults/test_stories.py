"""Every rule's stories: what a device shows, and exactly what the engine says of it.

The stories stand in ``tests/cases/faults/<code>/``; a rule brings its folder, a bug becomes a story
named after its cause. The language is explained in ``tests/parts/timeline.py``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.faults.rule import CERTAIN, MET, Entry, Estimate, Rule
from gateway.faults.rules import load_rules
from tests.parts import timeline

CASES = Path(__file__).parents[2] / "cases/faults"


def honest(entry: Entry) -> Entry:
    """The rule, failing where it is ``quiet`` about what its judge would act on."""
    if not isinstance(entry, Rule) or entry.quiet is None:
        return entry
    quiet, judge = entry.quiet, entry.judge

    def checked(seen: Any, settings: Any, memory: Any) -> bool:
        said = quiet(seen, settings, memory)
        assert not said or judge(seen, settings, memory) not in {MET, CERTAIN}, entry.code
        return said

    return replace(entry, quiet=checked)


RULES = {code: honest(entry) for code, entry in load_rules().items()}


def name(path: Path) -> str:
    return str(path.relative_to(CASES).with_suffix(""))


@pytest.mark.parametrize("path", timeline.stories(CASES), ids=name)
def test_story(path: Path) -> None:
    story = timeline.parse(path.read_text(), RULES)
    assert timeline.play(story, RULES) == story.expected, story.title


@pytest.mark.parametrize("code", [c for c, r in RULES.items() if not isinstance(r, Estimate)])
def test_every_rule_has_stories_of_its_alarm_and_of_what_is_none(code: str) -> None:
    stories = [timeline.parse(path.read_text(), RULES) for path in (CASES / code).glob("*.story")]
    said = [" ".join(story.expected) for story in stories]
    word = "raise" if isinstance(RULES[code], Rule) else "event"
    assert any(f"{word} {code}" in one for one in said), "a story that raises it, or tells of it"
    assert any(f"clear {code}" in one for one in said) or word == "event", "a story that clears it"
    assert any(f"{word} {code}" not in one for one in said), "a story that looks like it and is not"
