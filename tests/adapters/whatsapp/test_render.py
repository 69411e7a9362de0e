"""The bodies that we post: shapes as documented, and limits kept whatever is put in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import outcomes
from actors.outcomes import Rejected
from actors.values import Choice
from adapters.whatsapp.outbound import render
from adapters.whatsapp.texts import clean, cut, units
from tests.adapters.whatsapp.helpers import USER, choices, say

HEAD = {
    "messaging_product": "whatsapp",
    "recipient_type": "individual",
    "to": "+16505551234",
    "biz_opaque_callback_data": "att_1",
}


def body(*args: Any, **parts: Any) -> dict[str, Any]:
    made = render(say(*args, **parts), "att_1")
    assert not isinstance(made, Rejected), made
    return made


def refusal(*args: Any, **parts: Any) -> str:
    made = render(say(*args, **parts), "att_1")
    assert isinstance(made, Rejected)
    assert made.fault.code == outcomes.INVALID
    return made.fault.detail


def titles(made: dict[str, Any]) -> list[str]:
    action = made["interactive"]["action"]
    if "buttons" in action:
        return [button["reply"]["title"] for button in action["buttons"]]
    return [row["title"] for row in action["sections"][0]["rows"]]


def test_text() -> None:
    shown = {"preview_url": False, "body": "Restart has begun."}
    assert body("Restart has begun.") == {**HEAD, "type": "text", "text": shown}


def test_buttons() -> None:
    made = body("What now?", choices=(Choice("j.retry", "Try again"), Choice("j.stop", "Cancel")))
    assert made == {
        **HEAD,
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "What now?"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "j.retry", "title": "Try again"}},
                    {"type": "reply", "reply": {"id": "j.stop", "title": "Cancel"}},
                ]
            },
        },
    }


def test_list() -> None:
    rows = (*choices(3), Choice("m.restart", "Restart", "About 3 minutes offline"))
    made = body("What shall we do?", choices=rows, list_title="Choose")
    assert made["interactive"] == {
        "type": "list",
        "body": {"text": "What shall we do?"},
        "action": {
            "button": "Choose",
            "sections": [
                {
                    "rows": [
                        *({"id": f"id.{n}", "title": f"Choice {n}"} for n in range(3)),
                        {
                            "id": "m.restart",
                            "title": "Restart",
                            "description": "About 3 minutes offline",
                        },
                    ]
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("identifier", "address"),
    [
        ("16505551234", {"to": "+16505551234"}),
        ("+16505551234", {"to": "+16505551234"}),
        (USER, {"recipient": USER}),
        ("US.ENT.1", {"recipient": "US.ENT.1"}),
    ],
)
def test_address(identifier: str, address: dict[str, str]) -> None:
    made = body("Hello", to=identifier)
    assert {key: made[key] for key in ("to", "recipient") if key in made} == address


@pytest.mark.parametrize("identifier", ["", "somebody", "+", "US.", "1650555/1234", "12 34 56"])
def test_no_address(identifier: str) -> None:
    assert "recipient" in refusal("Hello", to=identifier)


@pytest.mark.parametrize("count", range(1, 11))
def test_up_to_three_are_buttons_and_up_to_ten_a_list(count: int) -> None:
    made = body("?", choices=choices(count), list_title="Choose")
    assert made["interactive"]["type"] == ("button" if count <= 3 else "list")
    assert len(titles(made)) == count


@pytest.mark.parametrize(
    "parts",
    [
        {"choices": choices(11), "list_title": "Choose"},
        {"choices": choices(4)},
        {"choices": choices(4), "list_title": " \n"},
        {"choices": (Choice("x" * 257, "A"),)},
        {"choices": (Choice("😀" * 129, "A"),)},
        {"choices": (*choices(3), Choice("x" * 201, "A")), "list_title": "Choose"},
        {"choices": (Choice("", "A"),)},
        {"choices": (Choice(" a", "A"),)},
        {"choices": (Choice("a ", "A"),)},
        {"choices": (Choice("a\x00", "A"),)},
        {"choices": (Choice("a\ud83d", "A"),)},
        {"choices": (Choice("a", " "),)},
        {"choices": (Choice("a", "A"), Choice("a", "B"))},
        {"words": ""},
        {"words": " \n "},
    ],
)
def test_what_cannot_be_cut_is_refused_here(parts: dict[str, Any]) -> None:
    assert refusal(**parts)


def test_ids_at_their_limits_pass() -> None:
    assert body("?", choices=(Choice("x" * 256, "A"),))
    assert body("?", choices=(*choices(3), Choice("x" * 200, "A")), list_title="Choose")


def test_an_attempt_id_that_cannot_travel_is_a_bug() -> None:
    for attempt_id in ("", "x" * 513):
        with pytest.raises(ValueError, match="attempt id"):
            render(say("Hello"), attempt_id)


def test_long_things_are_cut() -> None:
    assert body("x" * 5000)["text"]["body"] == "x" * 4095 + "…"
    assert body("x" * 4096)["text"]["body"] == "x" * 4096
    made = body("x" * 1025, choices=choices(1))
    assert made["interactive"]["body"]["text"] == "x" * 1023 + "…"
    made = body("?", choices=choices(1, "y" * 21))
    assert titles(made) == ["y" * 19 + "…"]
    rows = (*choices(3), Choice("d", "y" * 25, "z" * 73))
    made = body("?", choices=rows, list_title="c" * 21)
    row = made["interactive"]["action"]["sections"][0]["rows"][3]
    assert row == {"id": "d", "title": "y" * 23 + "…", "description": "z" * 71 + "…"}
    assert made["interactive"]["action"]["button"] == "c" * 19 + "…"


def test_a_title_is_one_line() -> None:
    assert titles(body("?", choices=(Choice("a", "Try\nit \t again"),))) == ["Try it again"]


@pytest.mark.parametrize(
    ("given_titles", "expected"),
    [
        (["Go", "Go", "Go"], ["Go", "Go (2)", "Go (3)"]),
        (["Go", "Go (2)", "Go"], ["Go", "Go (2)", "Go (3)"]),
        (["Go", "Go", "Go (2)"], ["Go", "Go (3)", "Go (2)"]),
        (["x" * 21, "x" * 22], ["x" * 19 + "…", "x" * 15 + "… (2)"]),
    ],
)
def test_equal_titles_are_made_to_differ(given_titles: list[str], expected: list[str]) -> None:
    given_choices = tuple(Choice(f"i{n}", title) for n, title in enumerate(given_titles))
    assert titles(body("?", choices=given_choices)) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("😀😀", 4, "😀😀"),
        ("😀😀😀", 5, "😀😀…"),
        ("😀😀😀", 4, "😀…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
        ("👨‍👩‍👧 family", 5, "…"),
        ("🇵🇪🇨🇱🇧🇴", 9, "🇵🇪🇨🇱…"),
        ("👍🏽👍🏽", 7, "👍🏽…"),
        ("a\r\nb", 3, "a…"),
    ],
)
def test_cut_keeps_characters_whole(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)


@given(ANY_TEXT, st.integers(1, 40))
def test_cut_keeps_the_limit(text: str, limit: int) -> None:
    short = cut(clean(text), limit)
    assert units(short) <= limit
    assert len(short.encode("utf-16-le")) == 2 * units(short)


@given(ANY_TEXT, st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=12), ANY_TEXT)
def test_whatever_is_asked_for_can_be_sent_or_is_refused(
    words: str, labels: list[tuple[str, str]], list_title: str
) -> None:
    given_choices = tuple(Choice(f"i{n}", *label) for n, label in enumerate(labels))
    made = render(say(words, choices=given_choices, list_title=list_title), "att_1")
    if isinstance(made, Rejected):
        return
    assert msgspec.json.decode(msgspec.json.encode(made)) == made
    if "interactive" in made:
        shown = titles(made)
        assert len(set(shown)) == len(shown)
        limit = 20 if len(shown) <= 3 else 24
        assert all(0 < units(title) <= limit and "\n" not in title for title in shown)
