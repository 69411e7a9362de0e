"""From a flow to a picture of it, whole or in part.

What lives here: what can be asked for, which cards that means, and their caption. What must not:
files (`command`), or drawing (`svg`, `mermaid`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from actors.flow.faults import FlowFault
from actors.flow.model import Flow
from daemon.flow_show import excerpt
from daemon.flow_show.cards import Card, Deck, deck_of
from daemon.flow_show.connectors import plan
from daemon.flow_show.mermaid import mermaid_of, too_large
from daemon.flow_show.page import page_of
from daemon.flow_show.svg import Caption, svg_of

Format = Literal["svg", "mermaid"]

DEPTH_DEFAULT = 2


class Wanted(NamedTuple):
    """What is to be drawn, and how."""

    format: Format = "svg"
    language: str | None = None
    """None: the first of the flow's."""
    subflow: str | None = None
    around: str | None = None
    depth: int = DEPTH_DEFAULT


class Picture(NamedTuple):
    """What came of it."""

    text: str
    warning: str | None = None


def draw(flow: Flow, wanted: Wanted, faults: Iterable[FlowFault]) -> Picture | str:
    """The picture of a flow or a part of it; a text is what is wrong with the options."""
    language = wanted.language or flow.languages[0]
    if language not in flow.languages:
        return f"--language: {language!r} is not one of {', '.join(flow.languages)}"
    deck = deck_of(flow, language, faults)
    shown = _shown(flow, deck, wanted)
    if isinstance(shown, str):
        return shown
    part, about = shown
    planned = plan(part, flow.root, wanted.around or "")
    if wanted.format == "mermaid":
        text = mermaid_of(part, planned, deck.callers)
        large = too_large(text)
        hint = "a part of it can be drawn with --around or --subflow"
        return Picture(text, f"{large}: {hint}" if large is not None else None)
    page = page_of(part, planned, deck.cards, deck.callers)
    return Picture(svg_of(page, _caption(flow, deck, language, about)))


def _shown(flow: Flow, deck: Deck, wanted: Wanted) -> tuple[dict[str, Card], str] | str:
    """The cards, and what they are."""
    if wanted.subflow is not None and wanted.around is not None:
        return "either --subflow or --around"
    if wanted.subflow is not None:
        if wanted.subflow not in flow.subflows:
            known = ", ".join(flow.subflows) or "none"
            return f"--subflow: there is no sub-flow {wanted.subflow!r}; there is: {known}"
        part = excerpt.of_subflow(deck.cards, wanted.subflow)
        return part, f"sub-flow {wanted.subflow}, {_counted(len(part))}"
    if wanted.around is not None:
        if wanted.around not in deck.cards:
            return f"--around: there is no step {wanted.around!r}"
        if wanted.depth < 1:
            return "--depth: at least 1"
        part = excerpt.around(deck.cards, flow.root, wanted.around, wanted.depth)
        return part, f"around {wanted.around}, {len(part)} of {_counted(len(deck.cards))}"
    return deck.cards, _counted(len(deck.cards))


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def _caption(flow: Flow, deck: Deck, language: str, about: str) -> Caption:
    return Caption(
        title=f"Flow {flow.name}",
        about=f"{about} · in {language} · begins at {flow.entry} · main menu: {flow.root}",
        description=(
            f"The flow {flow.name}, {about}. A conversation begins at {flow.entry}; everything "
            f"comes back to the menu {flow.root}. Each step is a card with its name, its kind, "
            "what it says, and a row for each way on; lines lead from rows to cards, a sign in a "
            "row names the card that it leads to."
        ),
        faults=deck.faults,
    )
