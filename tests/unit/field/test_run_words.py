"""``wayside run`` is understood without typer where it is written plainly, and only there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import daemon, main
from gateway.cli.commands import app

PLAIN = (
    "run site.toml",
    "run site.toml --json",
    "run --json site.toml",
    "run --record out.jsonl site.toml",
    "run site.toml --record out.jsonl.gz --json",
    "run site.toml --record=out.jsonl",
    "run -- site.toml",
)
ODD = (
    "",
    "check site.toml",
    "run",
    "run --help",
    "run --json",
    "run a.toml b.toml",
    "run site.toml --jsn",
    "run site.toml --record",
    "run site.toml --record --json",
    "--version run site.toml",
)


@pytest.mark.parametrize("words", PLAIN)
def test_what_is_plain_means_what_typer_takes_it_for(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[Path, Path | None, bool]] = []
    monkeypatch.setattr(daemon, "run", lambda *asked: taken.append(asked))
    CliRunner().invoke(app, words.split(), catch_exceptions=False)
    assert taken == [daemon.asked(words.split())]


@pytest.mark.parametrize("words", ODD)
def test_everything_else_is_left_to_typer(words: str) -> None:
    assert daemon.asked(words.split()) is None


@pytest.mark.parametrize(
    "words", ["run missing.toml", "run --json missing.toml", "run missing.toml --"]
)
def test_a_missing_site_file_is_a_mistake_either_way(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["wayside", *words.split()])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "missing.toml" in capsys.readouterr().err
