"""docs/conversations.md: its example goes as it says, and it tells of every verb."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from daemon.sandbox.command import EXIT_USAGE, play_script, run_sandbox
from daemon.scripts.acting import Acting
from daemon.scripts.checking import Checking
from daemon.scripts.comparing import unlike
from daemon.scripts.format import ACTORS, read_script
from daemon.scripts.showing import show_line
from tests.endtoend.reading import rehearsed

DOC = Path(__file__).resolve().parents[2] / "docs" / "conversations.md"


def test_example_goes_as_it_says(tmp_path: Path) -> None:
    found = re.search(r"^```chat\n(.*?)^```$", DOC.read_text(encoding="utf-8"), re.M | re.S)
    assert found is not None
    path = tmp_path / "example.chat"
    path.write_text(found[1], encoding="utf-8")
    script = read_script(path)
    there = play_script(script, None, partial(show_line, Console(soft_wrap=True)))
    assert unlike(script, there, rehearsed(script).played) is None


def test_every_verb_is_told() -> None:
    text = DOC.read_text(encoding="utf-8")
    sources = {
        actor: "".join(
            inspect.getsource(getattr(kind, f"_{actor}"))
            for kind in (Acting, Checking)
            if hasattr(kind, f"_{actor}")
        )
        for actor in ACTORS
    }
    verbs = {
        (actor, verb)
        for actor, source in sources.items()
        for found in re.findall(r'case \["?(\w+)"?|case "([\w ]+)"', source)
        for verb in found
        if verb
    }
    assert {("provider", "fail"), ("agent", "transfer"), ("daemon", "kill and start")} <= verbs
    untold = {
        (actor, verb) for actor, verb in verbs if not re.search(f"`{actor}: [^`]*{verb}", text)
    }
    assert untold == set()
    headings = "".join(re.findall("^## (.*)$", text, re.M))
    assert {actor for actor in ACTORS if f"`{actor}`" not in headings} == set()


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
