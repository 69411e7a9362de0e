"""The same picture as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).

What lives here: marks of Mermaid, and how texts are kept from being taken for marks. What must
not: what is shown (`cards`), and which ways become signs (`connectors`). GitHub and GitLab draw it
inside of a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from daemon.flow_show.boxes import sign_words, told
from daemon.flow_show.cards import Card, Row
from daemon.flow_show.connectors import Plan
from daemon.flow_show.palette import KINDS, kind_class
from daemon.flow_show.typeset import clean

TEXT_MAX = 90
"""Characters of a text or a fact; more makes Mermaid's cards too high."""
EDGES_MAX = 500
CHARACTERS_MAX = 50_000
"""What Mermaid draws unless it is told otherwise, and with it GitHub
(https://mermaid.js.org/config/schema-docs/config.html)."""

# What means nothing to Mermaid, Markdown or HTML; beyond ASCII nothing does.
_PLAIN = re.compile(r"[A-Za-z0-9 ,.?!:()/=+'-]|[^\x00-\x7f]|(?<=\w)_(?=\w)")
# What would make a list or a heading at the beginning.
_LEAD = re.compile(r"\d+[.)]|[-+=]")

_SHAPES = {
    "menu": ("[", "]"),
    "question": ("[/", "/]"),
    "request": ("[[", "]]"),
    "branch": ("{{", "}}"),
    "person": ("([", "])"),
}
_SIGNS = "fill:#f3f4f6,stroke:#4b5563,color:#111827"


def mermaid_of(cards: Mapping[str, Card], plan: Plan, callers: Mapping[str, Sequence[str]]) -> str:
    """The whole flowchart, without the fence around it."""
    lines = ["flowchart LR"]
    scopes: dict[str, list[Card]] = {}
    for columns in plan.parts:
        for stop in (stop for column in columns.stops for stop in column if stop.lane < 0):
            card = cards[stop.address]
            scopes.setdefault(card.scope, []).append(card)
    for scope, members in scopes.items():
        if scope:
            called = ", ".join(callers.get(scope, ())) or "nobody"
            heading = encoded(f"sub-flow {scope}, called by {called}")
            lines.append(f'  subgraph f_{scope}["{heading}"]')
        for card in members:
            lines.append(f"  {_node(card, plan)}")
        for card in members:
            lines += [f"  {line}" for line in _arrows(card, plan)]
        if scope:
            lines.append("  end")
    lines += [f"  {line}" for line in (*_entries(cards), *_classes(cards))]
    return "\n".join(lines) + "\n"


def too_large(text: str) -> str | None:
    """Why GitHub would not draw a flowchart; None where it would."""
    edges = sum("-->" in line or "-.->" in line for line in text.splitlines())
    if edges > EDGES_MAX:
        return f"{edges} arrows; GitHub draws {EDGES_MAX}"
    if len(text) > CHARACTERS_MAX:
        return f"{len(text)} characters; GitHub draws {CHARACTERS_MAX}"
    return None


def _node(card: Card, plan: Plan) -> str:
    opens, closes = _SHAPES.get(kind_class(card.kind), ("(", ")"))
    parts = [f"{card.name} · {card.kind}", card.says, *card.facts]
    for index, row in enumerate(card.rows):
        sign = plan.signs.get((card.address, index))
        if row.to is None:
            parts.append(row.label)
        elif sign is not None:
            parts.append(f"{_label(row)} {sign_words(card, row, sign)}")
    parts += told(card.faults)
    shown = "<br/>".join(encoded(_short(part)) for part in parts if part)
    return f'{node_id(card.address)}{opens}"{shown}"{closes}'


def _arrows(card: Card, plan: Plan) -> Iterator[str]:
    for index, row in enumerate(card.rows):
        if row.to is not None and (card.address, index) not in plan.signs:
            label = f'|"{encoded(_short(_label(row)))}"|' if row.label else ""
            yield f"{node_id(card.address)} -->{label} {node_id(row.to)}"


def _label(row: Row) -> str:
    return f"{row.label} ({row.note})" if row.note else row.label


def _entries(cards: Mapping[str, Card]) -> Iterator[str]:
    """Where people come in: the start, and words that work everywhere."""
    for card in cards.values():
        here = node_id(card.address)
        if "start" in card.marks:
            yield f'start(["start of a conversation"]):::sign --> {here}'
        if card.words:
            words = encoded(" · ".join(f"“{word}”" for word in card.words))
            yield f'{here}-words>"{words}"]:::sign -.-> {here}'


def _classes(cards: Mapping[str, Card]) -> Iterator[str]:
    members: dict[str, list[str]] = {}
    for card in cards.values():
        members.setdefault(kind_class(card.kind), []).append(node_id(card.address))
    for kind in KINDS:
        if kind in members:
            header, rim = KINDS[kind][:2]
            yield f"classDef k_{kind} fill:{header},stroke:{rim},color:#111827"
            yield f"class {','.join(members[kind])} k_{kind}"
    yield f"classDef sign {_SIGNS}"
    roots = [node_id(card.address) for card in cards.values() if "root" in card.marks]
    if roots:
        yield "classDef root stroke-width:4px"
        yield f"class {roots[0]} root"
    faulty = [node_id(card.address) for card in cards.values() if card.faults]
    if faulty:
        yield "classDef fault stroke:#b91c1c,stroke-width:3px,stroke-dasharray:6 3"
        yield f"class {','.join(faulty)} fault"


def node_id(address: str) -> str:
    """The id of a card: no word that means something to Mermaid, such as `end`."""
    return f"s_{address.replace('.', '-')}"


def encoded(text: str) -> str:
    """A text that Mermaid shows as it is, whatever it holds."""
    shown = clean(text)
    lead = _LEAD.match(shown)
    at = lead.end() - 1 if lead is not None else -1
    return "".join(
        character if index != at and _PLAIN.match(shown, index) else f"#{ord(character)};"
        for index, character in enumerate(shown)
    )


def _short(text: str) -> str:
    return text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1].rstrip()}…"
