"""The flowchart: every line is Mermaid, nothing in a text is taken for a mark."""

from __future__ import annotations

import html
import re

import msgspec
import pytest

from actors.flow.graph import graph_of
from actors.flow.model import Flow, Menu
from daemon.flow_show.mermaid import encoded, node_id, too_large
from daemon.flow_show.picture import Picture, Wanted, draw
from tests.actors.small_flow import source
from tests.daemon.flow_show.drawing import picture, planned
from tests.daemon.flow_show.drawn_flows import every_keyword, large, shipped

MERMAID = Wanted("mermaid", "en")
FLOWS = {"shipped": shipped(), "every keyword": every_keyword(), "large": large(60, 3)}

# What may stand between quotes: no quote, no mark of HTML but <br/>, entities by number.
TEXT = r'"(?:[^"<>&#`\\{}\[\]|;*~$%@\n]|#\d+;|<br/>)*"'
ID = r"[a-z][a-z0-9_-]*"
SHAPES = "|".join(
    rf"{opens}{TEXT}{closes}"
    for opens, closes in (
        (r"\[", r"\]"),
        (r"\[/", r"/\]"),
        (r"\[\[", r"\]\]"),
        (r"\{\{", r"\}\}"),
        (r"\(\[", r"\]\)"),
        (r"\(", r"\)"),
        (">", r"\]"),
    )
)
NODE = re.compile(rf"({ID})({SHAPES})")
ARROW = re.compile(rf"({ID})(?:{SHAPES})?(?::::sign)? (?:-->|-\.->)(?:\|({TEXT})\|)? ({ID})")
OTHER = re.compile(
    rf"flowchart LR|subgraph ({ID})\[{TEXT}\]|end"
    rf"|classDef {ID} [a-z:#0-9,-]+[ 0-9]*|class {ID}(?:,{ID})* {ID}"
)


def parsed(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The nodes with their texts, and the arrows; fails on a line that is none of Mermaid's."""
    nodes: dict[str, str] = {}
    arrows: list[tuple[str, str]] = []
    depth = 0
    lines = text.splitlines()
    assert lines[0] == "flowchart LR"
    for line in map(str.strip, lines):
        if found := NODE.fullmatch(line):
            assert found[1] not in nodes
            nodes[found[1]] = found[2]
        elif found := ARROW.fullmatch(line):
            arrows.append((found[1], found[3]))
        else:
            assert OTHER.fullmatch(line), line
            depth += line.startswith("subgraph ") - (line == "end")
    assert depth == 0
    return nodes, arrows


def read(text: str) -> str:
    """As Mermaid shows it."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", text)).replace("<br/>", "\n")


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_line_is_mermaid_and_every_step_is_a_node(flow: Flow) -> None:
    nodes, arrows = parsed(picture(flow, MERMAID))
    assert sorted(nodes) == sorted(map(node_id, graph_of(flow).places))
    assert {target for _, target in arrows} <= set(nodes)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_way_is_an_arrow_or_a_line_of_its_node(flow: Flow) -> None:
    nodes, arrows = parsed(picture(flow, MERMAID))
    deck, found = planned(flow)
    entries = [arrow for arrow in arrows if arrow[0] == "start" or arrow[0].endswith("-words")]
    drawn = [arrow for arrow in arrows if arrow not in entries]
    assert sorted(drawn) == sorted(
        (node_id(line.source), node_id(line.target)) for line in found.lines
    )
    for (address, index), sign in found.signs.items():
        row = deck.cards[address].rows[index]
        mark = {"root": "⌂", "back": "←", "named": "→", "nowhere": "?"}[sign]
        shown = read(nodes[node_id(address)])
        assert f"{row.label} {mark}".strip()[:80] in shown


def test_subflows_are_framed() -> None:
    text = picture(every_keyword(), MERMAID)
    assert '  subgraph f_proof["sub-flow proof, called by sure"]\n' in text
    frame = text[text.index("subgraph f_proof") :].partition("  end\n")[0]
    assert "s_proof-ask[" in frame
    assert "s_main[" not in frame


def test_words_and_the_start_lead_in() -> None:
    text = picture(every_keyword(), MERMAID)
    assert 'start(["start of a conversation"]):::sign --> s_look_up\n' in text
    assert 's_person-words>"“human”"]:::sign -.-> s_person\n' in text


@pytest.mark.parametrize(
    "title",
    [
        'say "hi" <b>now</b> & then',
        "1. First",
        "12) Twelfth",
        "- a dash",
        "+ a plus",
        "# a heading",
        "`code` $x$ *bold* ~gone~",
        "a | b ] c } d ) e",
        "end",
        "%% comment --> x",
        "#35; &amp; &lt;",
        "back\\nslash",
        "@{ shape: x }",
        "click _under_ me",
        "🇵🇪 مرحبا 路由器",
    ],
)
def test_odd_titles_and_texts_are_shown_as_they_are(title: str) -> None:
    flow = source().flow
    main = flow.steps["main"]
    assert isinstance(main, Menu)
    options = dict(main.options)
    options["restart"] = msgspec.structs.replace(options["restart"], title={"en": title})
    step = msgspec.structs.replace(main, text={"en": f"{title}!"}, options=options)
    text = picture(msgspec.structs.replace(flow, steps={**flow.steps, "main": step}), MERMAID)
    nodes, _ = parsed(text)
    plain = re.sub(r"([*~_])(\w+)\1", r"\2", title)  # bold and the like, as WhatsApp shows them
    assert f"{plain}!" in read(nodes["s_main"])
    assert f'-->|"{plain}"| s_confirm' in read(text)


@pytest.mark.parametrize(
    ("text", "written"), [("1. First", "1#46; First"), ("2) b", "2#41; b"), ("- a", "#45; a")]
)
def test_no_label_begins_a_list(text: str, written: str) -> None:
    """Mermaid would show "Unsupported markdown: list" instead."""
    assert encoded(text) == written
    assert encoded(f"Line {text}") == f"Line {text}"


def test_a_name_of_mermaids_own_is_no_trouble() -> None:
    assert node_id("end") == "s_end"
    assert node_id("proof.end") == "s_proof-end"


def test_a_flowchart_that_github_would_not_draw_is_drawn_with_a_warning() -> None:
    drawn = draw(large(400, 1), MERMAID, [])
    assert isinstance(drawn, Picture)
    assert drawn.warning is not None
    assert "--around or --subflow" in drawn.warning
    assert parsed(drawn.text)
    assert too_large("flowchart LR\n" + "  a --> b\n" * 501) == "501 arrows; GitHub draws 500"
    assert too_large(picture(shipped(), MERMAID)) is None
