"""Lines that are written mean what happened when they are read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.scripts import writing
from daemon.scripts.format import duration_s, expectation, matches

WORDS = st.text(st.sampled_from("ab *[].\n"), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "titles", "line"),
    [
        ("Hello\n\nyou", [], "bot: Hello you"),
        ("*Bold*", ["A", "B b"], "bot: *Bold* [A] [B b]"),
        ("see [this]", [], "bot: see *this*"),
        ("says nothing", [], "bot: *ays nothing"),
        ("... and so on", [], "bot: *.. and so on"),
        ("Which?", ["a]b"], "bot: Which?"),
    ],
)
def test_a_message_becomes_the_line_that_expects_it(
    text: str, titles: list[str], line: str
) -> None:
    assert writing.said(text, titles) == line


@given(WORDS, st.lists(WORDS, max_size=3))
def test_whatever_was_said_is_expected_by_its_line(text: str, titles: list[str]) -> None:
    line = writing.said(text, titles).removeprefix("bot: ")
    assert "\n" not in line
    assert line not in ("...", "says nothing")
    assert not line.startswith("... ")
    wanted = expectation(line)
    assert matches(wanted.text, text)
    assert wanted.choices is None or wanted.choices == tuple(titles)


@given(st.integers(0, 400_000_000))
def test_a_duration_is_read_as_it_was(ms: int) -> None:
    assert round(duration_s(writing.duration(ms)) * 1000) == ms


def test_durations_are_written_as_people_would() -> None:
    written = [writing.duration(ms) for ms in (60_000, 7_200_000, 90_000, 1_500, 86_400_000)]
    assert written == ["1 minute", "2 hours", "90 seconds", "1.5 seconds", "1 day"]
