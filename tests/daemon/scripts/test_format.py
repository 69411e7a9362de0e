"""Conversation files are read as the documentation says, and faults are named by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.scripts.format import (
    Expectation,
    ScriptFault,
    Step,
    duration_s,
    expectation,
    read_script,
    read_steps,
)

HERE = Path("some/where.chat")


def test_a_file_is_headers_and_steps() -> None:
    text = "title: A story\nlanguage: es\n\n# nothing\n  customer: hola  \n~bot: ...\nclock: 2m\n"
    script = read_steps(text, HERE)
    assert (script.name, script.title, script.language) == ("where", "A story", "es")
    assert script.folder == Path("some")
    assert script.steps == (
        Step(5, "customer", "hola"),
        Step(6, "bot", "...", loose=True),
        Step(7, "clock", "2m"),
    )


@pytest.mark.parametrize("line", ["clock: 25 minutes", "after 25 minutes"])
def test_after_is_another_word_for_the_clock(line: str) -> None:
    [step] = read_steps(f"{line}\n", HERE).steps
    assert step == Step(1, "clock", "25 minutes")
    assert duration_s(step.what) == 1500


def test_without_headers_the_file_gives_the_name() -> None:
    script = read_steps("customer: hi\n", HERE)
    assert (script.title, script.language) == ("where", "en")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("the customer says hello", "where.chat:2: expected `who: what`"),
        ("nobody: hello", "where.chat:2: nobody is called 'nobody'"),
        ("title: too late", "where.chat:2: nobody is called 'title'"),
    ],
)
def test_faults_name_file_and_line(line: str, told: str) -> None:
    with pytest.raises(ScriptFault, match=told):
        read_steps(f"customer: hi\n{line}\n", HERE)


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.chat"
    with pytest.raises(ScriptFault, match=r"a\.chat: cannot be read: No such file or directory$"):
        read_script(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptFault, match=r"a\.chat: cannot be read: it is not UTF-8 text$"):
        read_script(path)


def test_brackets_at_the_end_of_an_expectation_are_choices() -> None:
    assert expectation("Hello") == Expectation("Hello", None)
    assert expectation("Hello* [A b] [C]") == Expectation("Hello*", ("A b", "C"))
    assert expectation("A [b] c") == Expectation("A [b] c", None)


@pytest.mark.parametrize(
    ("line", "crowded"),
    [
        ("customer: [Yes]", False),
        ("customer: [Yes] twice", True),
        ("~customer: [Yes]", True),
        ("daemon: kill", False),
        ("daemon: start", True),
        ("daemon: kill and start", True),
        ("bot: It will start", False),
    ],
)
def test_lines_in_which_several_things_happen_at_once_are_known(line: str, crowded: bool) -> None:
    [step] = read_steps(line, HERE).steps
    assert step.crowded is crowded
