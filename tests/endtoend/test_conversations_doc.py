"""docs/conversations.md: its example goes as it says, and it tells of every verb."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path

import pytest

from daemon.sandbox.command import EXIT_USAGE, play_script, run_sandbox
from daemon.sandbox.player import Player
from daemon.sandbox.script import ACTORS, read_script

DOC = Path(__file__).resolve().parents[2] / "docs" / "conversations.md"


def test_example_goes_as_it_says(tmp_path: Path) -> None:
    found = re.search(r"^```chat\n(.*?)^```$", DOC.read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None
    path = tmp_path / "example.chat"
    path.write_text(found[1], encoding="utf-8")
    problem = play_script(read_script(path), None, partial(print))
    assert problem is None, problem


def test_every_verb_is_told() -> None:
    text = DOC.read_text(encoding="utf-8")
    verbs = {
        f"{actor}: {verb}"
        for actor in ACTORS
        for verb in re.findall(
            r'case \["?(\w+)"?|case "([\w ]+)"', inspect.getsource(getattr(Player, f"_{actor}"))
        )
        for verb in verb
        if verb
    }
    assert {"provider: fail", "crm: outage", "agent: transfer", "daemon: kill and start"} <= verbs
    assert {verb for verb in verbs if f"`{verb}" not in text} == set()
    assert {actor for actor in ACTORS if f"## `{actor}`" not in text} == set()


def test_language_that_the_flow_lacks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_sandbox("serve", [], None, "xx") == EXIT_USAGE
    assert "--language: the flow does not speak 'xx'; it speaks" in capsys.readouterr().out


def test_open_folder_is_not_kept_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o755)
    assert run_sandbox("script", [], tmp_path, "en") == EXIT_USAGE
    assert "is open to others" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "hello.chat"
    path.write_text("customer: hello\nbot: Hello*\n", encoding="utf-8")
    keep = tmp_path / "kept"
    assert run_sandbox("script", [path], keep, "en") == 0
    kept = [keep, *keep.rglob("*")]
    assert {"daemon.log", "clock.json", "routerbot.db"} <= {each.name for each in kept}
    open_ones = [each for each in kept if not each.is_socket() and each.stat().st_mode & 0o077 != 0]
    assert open_ones == []
