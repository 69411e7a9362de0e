"""The shipped conversations go as they say, and one that does not is told plainly."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from msgspec import Struct
from rich.console import Console

from adapters.sandbox.customers import DEFAULT_PHONE, demo_customers
from daemon.sandbox.command import play_script
from daemon.scripts.comparing import unlike
from daemon.scripts.format import Script, read_script
from daemon.scripts.player import ChatLine, Played
from daemon.scripts.showing import show_line
from daemon.shipped import shipped_scripts
from tests.endtoend.reading import errors, rehearsed, replayed

SCRIPTS = shipped_scripts()
MIN_SCRIPTS = 10
MIN_KILLS = 3
SHOW = partial(show_line, Console(soft_wrap=True))


class Performance(Struct, frozen=True):
    """A script as it went in the sandbox."""

    script: Script
    played: Played
    folder: Path
    """What the daemon left: its log, its database."""


@pytest.fixture(scope="module", params=SCRIPTS, ids=lambda path: path.stem)
def performance(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Performance:
    """Each script is played once for all that is asked of it."""
    script = read_script(request.param)
    folder = tmp_path_factory.mktemp(script.name)
    folder.chmod(0o700)
    return Performance(script, play_script(script, folder, SHOW), folder)


def test_conversation_goes_as_it_says(performance: Performance) -> None:
    assert performance.played.failure is None
    assert errors(performance.folder / "daemon.log") == []


def test_it_goes_the_same_way_on_the_pure_core(performance: Performance) -> None:
    here = rehearsed(performance.script).played
    assert unlike(performance.script, performance.played, here) is None


def test_what_is_kept_of_it_becomes_a_file_that_goes_the_same_way(
    performance: Performance, tmp_path: Path
) -> None:
    code = replayed(performance.folder, tmp_path, performance.script.language)
    [path] = tmp_path.glob("*.chat")
    crowded = any(step.crowded for step in performance.script.steps)
    assert code == 0 or crowded, path.read_text()
    there, here = performance.played.chat, rehearsed(read_script(path)).played.chat
    if not crowded:
        assert [form(line) for line in here] == [form(line) for line in there]
    said = [line.text for line in there if line.who == "customer"]
    assert nothing_private(path.read_text(), performance.script, said) == []


def form(line: ChatLine) -> tuple[str, list[str]]:
    """Who it is by, and what it offers: what is left of a line when its words are changed."""
    return line.who, re.findall(r"\[[^\]]*\]", line.text) if line.who == "bot" else []


def nothing_private(text: str, script: Script, said: Sequence[str]) -> list[str]:
    """What stands in a file of numbers, names, and what people wrote in their own words."""
    customer = demo_customers()[DEFAULT_PHONE]
    private = [DEFAULT_PHONE.lstrip("+"), customer.name, *customer.name.split(), customer.id]
    private += [line.address_hint for line in customer.lines]
    private += [words for words in said if len(words.split()) > 2 and "[" not in words]
    private += [
        step.what.removeprefix("says ")
        for step in script.steps
        if step.who == "agent" and step.what.startswith("says ")
    ]
    titles = {title for step in script.steps for title in re.findall(r"\[([^\]]*)\]", step.what)}
    return [words for words in private if words in text and words not in titles]


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
