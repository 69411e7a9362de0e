"""A difference is shown as a chat, the expectation above what came, coloured on terminals only."""

from __future__ import annotations

import io

from rich.console import Console

from daemon.scripts.player import ChatLine, Failure
from daemon.scripts.showing import show_failure

CHAT = [ChatLine("customer", "hello"), ChatLine("bot", "Hi\x1b[2J there [A] [B]")]
FAILURE = Failure(7, "the bot said something else", "Hi * friend* [A]", "Hi there, foe [A]")


def shown(chat: list[ChatLine], failure: Failure, *, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, highlight=False, soft_wrap=True)
    show_failure(console, chat, failure, "a.chat")
    return out.getvalue()


def test_the_chat_up_to_the_difference_is_aligned() -> None:
    assert shown(CHAT, FAILURE).splitlines() == [
        "    customer  hello",
        "         bot  Hi\N{REPLACEMENT CHARACTER}[2J there [A] [B]",
        "a.chat:7: the bot said something else",
        "    expected  Hi * friend* [A]",
        "                    ^",
        "    but came  Hi there, foe [A]",
    ]


def test_the_mark_stands_at_the_choices_where_only_they_differ() -> None:
    lines = shown([], Failure(1, "x", "... Hi* [A] [B]", "Hi you [A]")).splitlines()
    assert lines[1:3] == ["    expected  ... Hi* [A] [B]", "                      ^"]


def test_what_came_in_several_lines_stays_in_its_column() -> None:
    lines = shown([], Failure(1, "not seen", "a", "b\nc")).splitlines()
    assert lines[-2:] == ["    but came  b", "              c"]


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" in shown(CHAT, FAILURE, terminal=True)
    assert "\x1b" not in shown(CHAT, FAILURE)


def test_of_a_long_chat_the_end_is_shown() -> None:
    chat = [ChatLine("bot", f"number {number}") for number in range(100)]
    lines = shown(chat, FAILURE).splitlines()
    assert lines[0] == "         ...  40 lines before"
    assert lines[1] == "         bot  number 40"


def test_at_the_end_of_a_file_there_is_no_line_to_name() -> None:
    assert shown([], Failure(0, "the bot also said", None, "more")).splitlines() == [
        "a.chat: the bot also said",
        "    but came  more",
    ]
