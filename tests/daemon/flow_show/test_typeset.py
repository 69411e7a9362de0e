"""Widths and lines of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.flow_show.typeset import clean, shorten, width_of, wrap
from daemon.flow_show.wording import outline, seconds

TEXTS = st.text(max_size=120)


def test_a_text_that_has_room_stays_on_one_line() -> None:
    assert wrap("Restart my router", 200, 12, 3) == ["Restart my router"]


def test_words_are_kept_whole_where_they_fit() -> None:
    lines = wrap("one two three four five six", 60, 12, 9)
    assert len(lines) > 1
    assert " ".join(lines) == "one two three four five six"


def test_a_long_name_is_broken_behind_its_underscores() -> None:
    assert wrap("restart_confirm_again", 100, 12, 9) == ["restart_confirm_", "again"]


def test_a_word_without_any_break_is_broken_where_the_line_ends() -> None:
    lines = wrap("Donaudampfschifffahrtsgesellschaft", 80, 12, 9)
    assert len(lines) > 2
    assert "".join(lines) == "Donaudampfschifffahrtsgesellschaft"


def test_what_finds_no_room_is_left_out_with_an_ellipsis() -> None:
    lines = wrap("one two three four five six seven", 60, 12, 2)
    assert len(lines) == 2
    assert lines[1].endswith("…")


def test_accents_and_joined_emoji_take_no_room_of_their_own() -> None:
    assert width_of("e\u0301", 10) == width_of("e", 10) == width_of("é", 10)
    assert width_of("👋", 10) > width_of("W", 10)


def test_an_accent_stays_with_its_letter() -> None:
    lines = wrap("e\u0301" * 60, 80, 12, 9)
    assert len(lines) > 3
    assert all(line.startswith("e") and line.endswith("\u0301") for line in lines)


@given(TEXTS, st.floats(40, 300), st.integers(1, 4))
def test_lines_are_never_wider_than_asked(text: str, width: float, lines_max: int) -> None:
    lines = wrap(text, width, 12, lines_max)
    assert len(lines) <= lines_max
    assert all(width_of(line, 12) <= width + 0.01 for line in lines), lines


@given(TEXTS)
def test_a_text_with_room_loses_nothing(text: str) -> None:
    assert wrap(text, 100_000, 12, 1) == ([clean(text)] if clean(text) else [])
    assert shorten(clean(text), 100_000, 12) == clean(text)


def test_what_xml_cannot_say_or_would_turn_other_words_is_left_out() -> None:
    assert clean("a\x00b\x07\tc\nd \ud800e\ufffe \u202efg\u2066h") == "ab c d e fgh"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*Now?* Router {model} ({address}).", "Now? Router {model} ({address})."),
        ("2 * 3 * 4, a_b_c", "2 * 3 * 4, a_b_c"),
        ("{n, plural, =0 {none} one {# line} other {# lines}}", "{n} lines"),
        ("{state, select, on {lit} other {dark}} since {day, date, long}", "dark since {day}"),
        ("for {price, currency, PEN}, at {back, time}", "for {price}, at {back}"),
        ("a {lone brace and {n, plural}", "a {lone brace and {n, plural}"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_text_in_outline_names_its_values(text: str, shown: str) -> None:
    assert outline(text) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(5, "5 s"), (90, "90 s"), (600, "10 min"), (7200, "2 h"), (0.5, "0.5 s")]
)
def test_times_are_told_in_the_unit_that_people_use(number: float, shown: str) -> None:
    assert seconds(number) == shown
