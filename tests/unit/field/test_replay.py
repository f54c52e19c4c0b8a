"""A replay decides as the edge did, opens no bus, and tells once whom it does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from gateway.config.site import Bus, GatewayOptions, Site
from gateway.driver import Driver
from gateway.faults.rules import load_rules
from gateway.field.replay import as_text, transitions
from gateway.model import Reading
from gateway.recording import Note, RecordingError, record
from tests.parts import timeline

CASES = Path(__file__).parents[2] / "cases/faults"
RULES = load_rules()
CHANGES = {"raise", "clear", "suppress", "unsuppress", "event"}


def site(story: timeline.Story, folder: Path) -> Site:
    """The story's devices on a bus that cannot be opened."""
    bus = Bus(name="bus-1", driver=cast("Driver", None), options=None, devices=story.devices())
    latitude, longitude = timeline.PLACE
    return Site(
        file=folder / "site.toml",
        gateway=GatewayOptions(
            id="gw-1",
            site="makati",
            latitude=latitude,
            longitude=longitude,
            timezone="Asia/Manila",
            data_dir=folder,
        ),
        buses={"bus-1": bus},
        rules=story.rules,
    )


def told(story: timeline.Story, folder: Path, name: str = "a.jsonl") -> list[dict[str, Any]]:
    with record(folder / name) as recorder:
        for row in timeline.rows(story):
            recorder.write(row)
    return list(transitions(site(story, folder), folder / name))


def story(name: str) -> timeline.Story:
    return timeline.parse((CASES / f"{name}.story").read_text(), RULES)


@pytest.mark.parametrize(
    "path", timeline.stories(CASES), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_recorded_story_is_replayed_as_it_was_lived(path: Path, tmp_path: Path) -> None:
    tale = timeline.parse(path.read_text(), RULES)
    assert timeline.in_words(tale, told(tale, tmp_path)) == tale.expected


def test_a_transition_is_the_object_of_the_contract(tmp_path: Path) -> None:
    raised, cleared = told(story("lamp_failure/goes_dark"), tmp_path, "a.jsonl.gz")
    for one in (raised, cleared):
        assert list(one) == ["t", "device", "code", "severity", "transition", "message", "values"]
        assert one["transition"] in CHANGES
    assert raised["message"] == "on, but draws 3.0 of 70 W expected at 230 V for 5 min"
    assert raised["values"]["power"] == 3.0
    assert as_text(raised, "Asia/Manila") == (
        "2026-03-20 18:35:00  lamp-1  raise minor lamp_failure: "
        "on, but draws 3.0 of 70 W expected at 230 V for 5 min"
    )


def test_devices_that_are_not_in_the_site_file_are_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tale = story("lamp_failure/goes_dark")
    with record(tmp_path / "a.jsonl") as recorder:
        for t in range(5):
            recorder.write(Reading("stranger", "other", t, {"power": 1.0}))
    assert list(transitions(site(tale, tmp_path), tmp_path / "a.jsonl")) == []
    assert capsys.readouterr().err.count("stranger") == 1


def test_a_note_it_does_not_know_changes_nothing(tmp_path: Path) -> None:
    tale = story("lamp_failure/goes_dark")
    with record(tmp_path / "a.jsonl") as recorder:
        recorder.write(Note(timeline.start(tale), "command", {"device": "lamp-1"}))
        for row in timeline.rows(tale):
            recorder.write(row)
    assert len(list(transitions(site(tale, tmp_path), tmp_path / "a.jsonl"))) == 2


def test_a_wrong_row_ends_the_replay_after_what_came_before(tmp_path: Path) -> None:
    tale = story("lamp_failure/goes_dark")
    told(tale, tmp_path)
    with (tmp_path / "a.jsonl").open("a") as out:
        out.write("nonsense\n")
    found = transitions(site(tale, tmp_path), tmp_path / "a.jsonl")
    assert [next(found)["transition"], next(found)["transition"]] == ["raise", "clear"]
    with pytest.raises(RecordingError, match="not JSON"):
        next(found)
