"""docs/tutorial-flow.md: every command, file and output in it is real."""

from __future__ import annotations

from pathlib import Path

from tests.endtoend.tutorial import DRAWN, PAGE, PICTURE, done


def test_the_tutorial_goes_as_it_is_printed(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert done(page, tmp_path) == page, "see tests/endtoend/tutorial.py for how to write it anew"
    assert (tmp_path / DRAWN).read_bytes() == PICTURE.read_bytes()


def test_another_output_than_printed_is_seen(tmp_path: Path) -> None:
    page = "```console\n$ echo hello\nhello\n$ echo 1; cat no_such_file; exit 3\n1\n```\n"
    came = done(page, tmp_path)
    assert came != page
    assert "no_such_file" in came.splitlines()[-2]
