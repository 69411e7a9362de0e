"""A part of the picture: one sub-flow, or what lies around a step.

What lives here: which cards are shown. What must not: how.
"""

from __future__ import annotations

from collections.abc import Mapping

from daemon.flow_show.cards import Card
from daemon.flow_show.connectors import SOURCES_MAX


def of_subflow(cards: Mapping[str, Card], name: str) -> dict[str, Card]:
    """The steps of a sub-flow."""
    return {address: card for address, card in cards.items() if card.scope == name}


def around(cards: Mapping[str, Card], root: str, step: str, depth: int) -> dict[str, Card]:
    """A step with all that is at most `depth` ways before or behind it.

    The main menu and steps that many lead to are shown, but not what lies beyond them: through them
    everything is near to everything. Before the main menu lies nothing, since all comes back to it.
    """
    neighbours: dict[str, list[str]] = {address: [] for address in cards}
    sources: dict[str, set[str]] = {address: set() for address in cards}
    for card in cards.values():
        for row in card.rows:
            if row.to is not None and row.to in cards:
                neighbours[card.address].append(row.to)
                sources[row.to].add(card.address)
                if row.to != root:
                    neighbours[row.to].append(card.address)
    shown = {step}
    edge = [step]
    for _ in range(depth):
        reached = []
        for address in edge:
            if address == step or (address != root and len(sources[address]) <= SOURCES_MAX):
                reached += neighbours[address]
        edge = [address for address in dict.fromkeys(reached) if address not in shown]
        shown.update(edge)
    return {address: card for address, card in cards.items() if address in shown}
