"""The picture: well-formed, self-contained, complete, and the same every time."""

from __future__ import annotations

import re
from itertools import product
from xml.etree import ElementTree

import msgspec
import pytest

from actors.flow.graph import graph_of
from actors.flow.model import Flow
from daemon.flow_show.palette import KINDS, STYLE, kind_class
from daemon.flow_show.picture import Wanted
from tests.actors.small_flow import SMALL_FLOW, changed, source
from tests.daemon.flow_show.drawing import (
    IN_ENGLISH,
    SVG,
    cards_in,
    page,
    picture,
    planned,
    svg,
    words_in,
)
from tests.daemon.flow_show.drawn_flows import every_keyword, large, shipped
from tests.daemon.flow_show.geometry import faults_of

FLOWS = {"shipped": shipped(), "every keyword": every_keyword(), "large": large(60, 3)}


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_each_step_is_a_card_with_its_name_and_its_kind(flow: Flow) -> None:
    cards = cards_in(svg(flow))
    deck, _ = planned(flow)
    assert sorted(cards) == sorted(graph_of(flow).places)
    for address, card in cards.items():
        shown = words_in(card)
        assert deck.cards[address].name in shown
        assert deck.cards[address].kind in shown
        assert card.get("aria-label") == f"{deck.cards[address].kind} {address}"


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_each_way_is_drawn_once_as_a_line_or_as_a_sign(flow: Flow) -> None:
    root = svg(flow)
    deck, found = planned(flow)
    lines = [each.get("id", "") for each in root.iter(f"{SVG}path") if each.get("class") == "line"]
    drawn = [name for name in lines if name]  # the one in the legend has none
    assert sorted(drawn) == sorted(f"way-{line.source}-{line.row}" for line in found.lines)
    for address, card in cards_in(root).items():
        signs = [each.get("href") for each in card.iter(f"{SVG}a")]
        rows = enumerate(deck.cards[address].rows)
        assert signs == [
            f"#step-{row.to}" for index, row in rows if (address, index) in found.signs
        ]


def test_a_menu_is_a_card_with_its_options_as_rows() -> None:
    card = cards_in(svg(every_keyword()))["main"]
    options = ["Restart", "Quick restart", "My jobs", "My plan", "More"]
    assert words_in(card)[-5:] == options
    assert "main menu: all comes back here" in words_in(card)


def test_the_ways_of_a_request_are_named_and_the_same_goal_is_named_once() -> None:
    shown = words_in(cards_in(svg(every_keyword()))["book"])
    assert "POST crm: /visits" in shown
    assert "keeps visit, left" in shown
    assert [
        text for text in shown if text in ("answered", "time", "status 409") or "missing" in text
    ] == ["answered", "something missing · no answer in", "time", "status 409"]
    assert "status 5xx · error" in shown


def test_a_job_shows_what_is_offered_when_it_fails() -> None:
    shown = " ".join(words_in(cards_in(svg(every_keyword()))["restart"]))
    assert "starts: Restart (router.restart) within 10 min" in shown
    assert "if it fails: Retry (2 times, first after 5 s) · Talk to a person · Leave it" in shown


def test_questions_show_what_they_take_and_where_else_they_lead() -> None:
    cards = cards_in(svg(every_keyword()))
    day = words_in(cards["ask_day"])
    assert "keeps day: a day, today + 1 days to today" in day
    assert {"an answer", "“never mind”", "after 2 misses"} <= set(day)
    assert {"• Morning", "• Afternoon"} <= set(words_in(cards["ask_part"]))


def test_an_option_with_a_condition_shows_it() -> None:
    assert "if premium" in words_in(cards_in(svg(every_keyword()))["more"])


def test_people_come_in_by_the_start_and_by_words() -> None:
    cards = cards_in(svg(every_keyword()))
    assert "start of a conversation" in words_in(cards["look_up"])
    assert "“human”" in words_in(cards["person"])
    assert "“persona”" not in words_in(cards["person"])
    assert "“persona”" in words_in(cards_in(svg(every_keyword(), Wanted(language="es")))["person"])


def test_a_card_that_signs_lead_to_says_from_where() -> None:
    cards = cards_in(svg(every_keyword()))
    assert "from ask_day, proof.ask" in words_in(cards["person"])
    assert "from 4 steps" in words_in(cards["crm_down"])
    assert "from sure" in words_in(cards["proof.ask"])


def test_a_card_that_nothing_leads_to_says_so() -> None:
    text = changed("goto: ask_plan }", "goto: main }")
    cards = cards_in(svg(source(text).flow))
    assert "nothing leads here" in words_in(cards["ask_plan"])
    assert "nothing leads here" not in words_in(cards["look_at_plan"])
    assert all(
        "nothing leads here" not in words_in(card) for card in cards_in(svg(shipped())).values()
    )


def test_subflows_are_framed_and_say_who_calls_them() -> None:
    root = svg(every_keyword())
    frames = {
        each.get("id"): words_in(each)
        for each in root.iter(f"{SVG}g")
        if each.get("class") == "frame"
    }
    assert frames == {
        "subflow-proof": ["sub-flow proof", "· called by sure"],
        "subflow-survey": ["sub-flow survey", "· called by proof.again"],
    }


def test_texts_are_in_the_language_that_was_asked_for() -> None:
    assert "Quick restart" in words_in(svg(every_keyword(), Wanted(language="en")))
    assert "Reinicio rápido" in words_in(svg(every_keyword(), Wanted(language="es")))
    assert "Reinicio rápido" in words_in(svg(every_keyword(), Wanted()))


def test_the_picture_is_told_to_those_who_do_not_see_it() -> None:
    root = svg(every_keyword())
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert title.text == "Flow small"
    assert "A conversation begins at look_up" in (description.text or "")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert all(card.find(f"{SVG}title") is not None for card in cards_in(root).values())


def test_what_is_shortened_on_a_card_is_whole_in_its_title() -> None:
    text = "Many words, " * 30 + "and the last."
    flow, said = with_text(text)
    assert len(said) == 4
    told = cards_in(svg(flow))["main"].findtext(f"{SVG}title") or ""
    assert text in told
    assert "My jobs → jobs" in told


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_ids_are_there_once_and_links_lead_to_one(flow: Flow) -> None:
    root = svg(flow)
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    links = {each.get("href", "").removeprefix("#") for each in root.iter(f"{SVG}a")}
    assert links <= set(ids)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = picture(every_keyword(), IN_ENGLISH)
    root = ElementTree.fromstring(text.encode())
    tags = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert tags <= {
        *("svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "text", "a")
    }
    assert re.findall(r"https?:[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert set(re.findall(r"url\([^)]*\)", text)) == {"url(#arrow)"}
    assert not re.search(r"@import|@font-face|\bon[a-z]+=", text)


# --- odd texts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>\"quoted\" & 'single'</b> ]]>", ["<b>\"quoted\" & 'single'</b> ]]>"]),
        ("<script>alert(1)</script>", ["<script>alert(1)</script>"]),
        ("a\tb\x07c\nd\x7f\ufffe", ["a bc d"]),
        ("👩‍👩‍👧‍👦🇵🇪👋🏽 e\u0301", ["👩‍👩‍👧‍👦🇵🇪👋🏽 e\u0301"]),
        ("مرحبا بالعالم שלום", ["مرحبا بالعالم שלום"]),
        ("\u202eevil\u2066 good", ["evil good"]),
        ("%% | [x] {y} ; # $x$ `code` \\n", ["%% | [x] {y} ; # $x$ `code` \\n"]),
        ("   ", []),
    ],
)
def test_odd_texts_are_shown_as_they_are(text: str, shown: list[str]) -> None:
    odd, said = with_text(text)
    assert said == shown
    assert faults_of(page(odd)) == []


@pytest.mark.parametrize("word", ["Donaudampfschiff", "路由器重新启动", "👩‍👩‍👧‍👦"])
def test_a_text_without_any_blank_is_broken_and_shortened(word: str) -> None:
    odd, said = with_text(word * 40)
    assert len(said) == 4
    assert "".join(said)[-1] == "…"
    assert (word * 40).startswith("".join(said)[:-1])
    assert faults_of(page(odd)) == []


def with_text(text: str) -> tuple[Flow, list[str]]:
    """The small flow whose main menu says this, and the lines that it is shown in."""
    flow = source().flow
    step = msgspec.structs.replace(flow.steps["main"], text={"en": text})
    odd = msgspec.structs.replace(flow, name=text, steps={**flow.steps, "main": step})
    card = cards_in(svg(odd))["main"]
    return odd, ["".join(each.itertext()) for each in card if each.get("class") == "says"]


# --- colours ------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("kind", "dark"), list(product(KINDS, (False, True))))
def test_a_kind_can_be_read_on_its_header(kind: str, dark: bool) -> None:
    """Web Content Accessibility Guidelines 2.2, 1.4.3: 4.5 to 1."""
    header, rim = KINDS[kind][2:] if dark else KINDS[kind][:2]
    assert contrast(header, rim) >= 4.5
    ink = "#e5e7eb" if dark else "#111827"
    assert contrast(header, ink) >= 4.5


def test_every_kind_of_step_has_colours() -> None:
    deck, _ = planned(every_keyword())
    kinds = {card.kind for card in deck.cards.values()}
    assert len(kinds) >= 17
    assert {kind_class(kind) for kind in kinds} == set(KINDS)


def test_it_is_printed_on_one_sheet() -> None:
    root = svg(shipped())
    size = f"@page{{size:{root.get('width')}px {root.get('height')}px;margin:0}}"
    assert size in (root.findtext(f"{SVG}style") or "")


def test_a_dark_page_is_dark_and_paper_is_light() -> None:
    light, _, dark = STYLE.partition("@media screen and (prefers-color-scheme:dark)")
    assert ".page{fill:#ffffff}" in light
    assert ".page{fill:#0d1117}" in dark


def test_a_flow_of_one_menu_is_a_picture_too() -> None:
    text = changed("entry: look_up", "entry: main")
    head, tail = text.split("steps:\n", 1)
    options = "{ again: { title: { en: Again }, goto: main } }"
    steps = f"steps:\n  main: {{ do: menu, text: {{ en: Hi }}, options: {options} }}\n"
    text = (
        head.replace("goto: person", "goto: main") + steps + tail[tail.index("jobs:\n  restart:") :]
    )
    root = svg(source(text).flow)
    assert list(cards_in(root)) == ["main"]
    assert "⌂ main" in words_in(root)


def test_small_is_the_flow_that_these_tests_change() -> None:
    assert len(cards_in(svg(source(SMALL_FLOW).flow))) == 21
