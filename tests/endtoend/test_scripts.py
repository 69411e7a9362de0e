"""The shipped conversations go as they say, and one that does not is told plainly."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from daemon.sandbox.command import play_script
from daemon.sandbox.script import read_script
from daemon.shipped import shipped_scripts
from tests.endtoend.reading import errors

SCRIPTS = shipped_scripts()
MIN_SCRIPTS = 10
MIN_KILLS = 3


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_conversation_goes_as_it_says(path: Path, tmp_path: Path) -> None:
    script = read_script(path)
    problem = play_script(script, tmp_path, partial(print))
    assert problem is None, problem
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
    told: list[str] = []
    problem = play_script(read_script(path), None, partial(told.append))
    assert problem is not None
    assert "line 6" in problem
    assert "Your plan is *Gold*" in problem
    assert "Fibra 300" in problem
    assert any("customer: [My plan]" in line for line in told)
    assert any("bot: Hello" in line for line in told)


def test_what_was_said_and_not_expected_fails(tmp_path: Path) -> None:
    path = tmp_path / "unexpected.chat"
    path.write_text("title: Unexpected\nlanguage: en\ncustomer: hello\n")
    problem = play_script(read_script(path), None, partial(print))
    assert problem is not None
    assert "Hello" in problem


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (GOOD, 0, "1 of 1"),
        (WRONG, 1, "line 6"),
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
