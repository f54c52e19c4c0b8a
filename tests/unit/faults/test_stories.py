"""Every rule's stories: what a device shows, and exactly what the engine says of it.

The stories stand in ``tests/cases/faults/<code>/``; a rule brings its folder, a bug becomes a story
named after its cause. The language is explained in ``tests/parts/timeline.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.faults.rule import Estimate, Rule
from gateway.faults.rules import load_rules
from tests.parts import timeline

CASES = Path(__file__).parents[2] / "cases/faults"
RULES = load_rules()


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
