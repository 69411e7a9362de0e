"""The shipped conversations go as they say, and one that does not is told plainly."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from daemon.sandbox.command import play_script
from daemon.scripts.comparing import unlike
from daemon.scripts.format import read_script
from daemon.scripts.player import ChatLine
from daemon.scripts.showing import show_line
from daemon.shipped import shipped_scripts
from tests.endtoend.reading import errors, rehearsed

SCRIPTS = shipped_scripts()
MIN_SCRIPTS = 10
MIN_KILLS = 3


SHOW = partial(show_line, Console(soft_wrap=True))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_conversation_goes_as_it_says_and_the_same_on_the_pure_core(
    path: Path, tmp_path: Path
) -> None:
    script = read_script(path)
    there = play_script(script, tmp_path, SHOW)
    here = rehearsed(script).played
    assert unlike(script, there, here) is None
    assert errors(tmp_path / "daemon.log") == []


def test_there_are_enough_conversations() -> None:
    assert len(SCRIPTS) >= MIN_SCRIPTS


def test_some_conversations_kill_the_daemon() -> None:
    """By SIGKILL, in the middle: what makes the others' promises worth something."""
    killing = [
        path.stem
        for path in SCRIPTS
        for steps in [read_script(path).steps]
        if any(step.who == "daemon" and step.what.startswith("kill") for step in steps[:-1])
    ]
    assert len(killing) >= MIN_KILLS, killing


GOOD = """title: Good
language: en
customer: hello
bot: Hello*
"""
WRONG = """title: Wrong
language: en
customer: hello
bot: Hello*
customer: [My plan]
bot: Your plan is *Gold*
"""


def test_wrong_expectation_names_the_line_and_what_was_said(tmp_path: Path) -> None:
    path = tmp_path / "wrong.chat"
    path.write_text(WRONG)
    told: list[ChatLine] = []
    failure = play_script(read_script(path), None, told.append).failure
    assert failure is not None
    assert failure.number == 6
    assert failure.expected == "Your plan is *Gold*"
    assert "Fibra 300" in str(failure.came)
    assert ChatLine("customer", "[My plan]") in told
    assert any(line.who == "bot" and line.text.startswith("Hello") for line in told)


def test_what_was_said_and_not_expected_fails(tmp_path: Path) -> None:
    path = tmp_path / "unexpected.chat"
    path.write_text("title: Unexpected\nlanguage: en\ncustomer: hello\n")
    failure = play_script(read_script(path), None, SHOW).failure
    assert failure is not None
    assert "Hello" in str(failure.came)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (GOOD, 0, "1 of 1"),
        (WRONG, 1, "one.chat:6:"),
        ("title: No\nthe customer says hello\n", 1, "expected `who: what`"),
    ],
    ids=["good", "wrong", "cannot be understood"],
)
def test_exit_code_of_the_command(text: str, code: int, told: str, tmp_path: Path) -> None:
    path = tmp_path / "one.chat"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "sandbox", "--script", str(path)],
        capture_output=True,
        text=True,
        timeout=50,
        cwd="/",
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert told in done.stdout
