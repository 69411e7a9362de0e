"""Drawing in tests: from a flow to its page, its SVG, its flowchart."""

from __future__ import annotations

from xml.etree import ElementTree

from actors.flow.model import Flow
from daemon.flow_show.cards import Deck, deck_of
from daemon.flow_show.connectors import Plan, plan
from daemon.flow_show.page import Page, page_of
from daemon.flow_show.picture import Picture, Wanted, draw

IN_ENGLISH = Wanted(language="en")
SVG = "{http://www.w3.org/2000/svg}"


def planned(flow: Flow, language: str = "en") -> tuple[Deck, Plan]:
    """All cards of a flow, and what is drawn how."""
    deck = deck_of(flow, language)
    return deck, plan(deck.cards, flow.root)


def page(flow: Flow, language: str = "en") -> Page:
    """The whole flow, laid out."""
    deck, found = planned(flow, language)
    return page_of(deck.cards, found, deck.cards, deck.callers)


def picture(flow: Flow, wanted: Wanted) -> str:
    """A picture that can be drawn."""
    drawn = draw(flow, wanted, [])
    assert isinstance(drawn, Picture), drawn
    return drawn.text


def svg(flow: Flow, wanted: Wanted = IN_ENGLISH) -> ElementTree.Element:
    """The parsed SVG."""
    return ElementTree.fromstring(picture(flow, wanted).encode())


def cards_in(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Address -> the group of a card; each once."""
    found = [each for each in root.iter(f"{SVG}g") if "card" in each.get("class", "").split()]
    cards = {each.get("id", "").removeprefix("step-"): each for each in found}
    assert len(cards) == len(found), "a card stands twice"
    return cards


def words_in(element: ElementTree.Element) -> list[str]:
    """The texts that are shown."""
    return ["".join(each.itertext()) for each in element.iter(f"{SVG}text")]
