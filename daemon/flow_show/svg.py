"""A page as SVG: one file without scripts, fonts or pictures from elsewhere.

What lives here: marks of SVG. What must not: places. Words stay text, so that they can be searched,
read aloud and copied; signs are links to the card that they name. Colours follow the reader's
light or dark page, and are light on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from daemon.flow_show.boxes import NAME, SMALL, TEXT, Badge, Words
from daemon.flow_show.cards import Card
from daemon.flow_show.legend import legend_of
from daemon.flow_show.marks import badge, number, place, step_id, text
from daemon.flow_show.page import Drawn, Frame, Page, Path
from daemon.flow_show.palette import STYLE, kind_class
from daemon.flow_show.typeset import clean, shorten, width_of, wrap

EDGE = 26.0
HEAD = 64.0
WIDTH_MIN = 640.0
TITLE, ABOUT = 20.0, 12.0
FAULT_LEADING = 16.0
FAULTS_MAX = 12
_RADIUS = 6.0


class Caption(Struct, frozen=True):
    """What stands around the picture."""

    title: str
    about: str
    """One line under the title."""
    description: str
    """For those who hear the picture."""
    faults: tuple[str, ...] = ()
    """What is wrong with the flow and has no card to stand on."""


def svg_of(page: Page, caption: Caption) -> str:
    """The whole file."""
    width = max(page.width + 2 * EDGE, WIDTH_MIN)
    inner = width - 2 * EDGE
    faults = _fault_lines(caption, inner)
    head = HEAD + FAULT_LEADING * len(faults)
    legend, legend_height = legend_of(page, inner)
    height = head + page.height + legend_height + 2 * EDGE
    title = shorten(clean(caption.title), inner, TITLE, bold=True)
    above = [
        Words(EDGE, 38, title, "title"),
        Words(EDGE, 58, shorten(clean(caption.about), inner, ABOUT), "about"),
        *(
            Words(EDGE, HEAD + 12 + FAULT_LEADING * index, fault, "fault")
            for index, fault in enumerate(faults)
        ),
    ]
    size = place(width=width, height=height)
    moved = page.moved(EDGE, head + EDGE)
    below = f"translate({number(EDGE)} {number(height - legend_height)})"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {number(width)} {number(height)}" role="graphics-document" '
        'aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(clean(caption.description))}</desc>',
        # One sheet, whatever its size: printers fit it to their paper.
        f"<style>@page{{size:{number(width)}px {number(height)}px;margin:0}}{STYLE}</style>",
        _ARROW,
        f'<rect class="page" {size}/>',
        *map(text, above),
        *map(_frame, moved.frames),
        *map(_path, moved.paths),
        *(line for drawn in moved.cards for line in _card(drawn)),
        f'<g transform="{below}">',
        *legend,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
    'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
    '<path class="head" d="M0 0.5 7.5 4 0 7.5z"/></marker></defs>'
)


def _fault_lines(caption: Caption, width: float) -> list[str]:
    shown = list(caption.faults[:FAULTS_MAX])
    if len(caption.faults) > FAULTS_MAX:
        shown.append(f"and {len(caption.faults) - FAULTS_MAX} more")
    return [line for fault in shown for line in wrap(f"! {fault}", width, SMALL, 2)]


# --- cards --------------------------------------------------------------------------------------


def _card(drawn: Drawn) -> Iterator[str]:
    box, card = drawn.box, drawn.box.card
    classes = " ".join(
        ["card", f"k-{kind_class(card.kind)}"]
        + (["is-root"] if "root" in card.marks else [])
        + (["at-fault"] if card.faults else [])
    )
    yield (
        f'<g id="{step_id(card.address)}" class="{classes}" role="graphics-object" '
        f"aria-label={quoteattr(f'{card.kind} {card.address}')} "
        f'transform="translate({number(drawn.x)} {number(drawn.y)})">'
    )
    yield f"<title>{escape(_full(card))}</title>"
    yield from map(badge, box.tabs)
    whole = place(y=box.top, width=box.width, height=box.height - box.top, rx=_RADIUS)
    yield f'<rect class="body" {whole}/>'
    # Round above, square below.
    top, side = number(box.top + _RADIUS), number(box.width - _RADIUS)
    yield (
        f'<path class="header" d="M0 {number(box.header)}V{top}a6 6 0 0 1 6-6H{side}'
        f'a6 6 0 0 1 6 6V{number(box.header)}z"/>'
    )
    for y in box.rules:
        yield f'<path class="rule" d="M0 {number(y)}H{number(box.width)}"/>'
    yield f'<rect class="rim" {whole}/>'
    yield from map(text, box.words)
    yield from map(_sign, box.signs)
    yield "</g>"


def _sign(sign: Badge) -> str:
    """A sign; a link where its card is in the picture."""
    shown = badge(sign)
    if sign.style in ("nowhere", "elsewhere"):
        return shown
    return f'<a href="#{step_id(sign.to)}">{shown}</a>'


def _full(card: Card) -> str:
    """What a pointer that rests on the card is shown: everything, unshortened."""
    lines = [f"{card.address}: {card.kind}", card.says, *card.facts, *card.faults]
    for row in card.rows:
        note = f" ({row.note})" if row.note else ""
        label = f"{row.label}{note}" or "then"
        lines.append(f"{label} → {row.to}" if row.to is not None else label)
    return "\n".join(clean(line) for line in lines if line)


# --- lines and frames ---------------------------------------------------------------------------


def _path(path: Path) -> str:
    line = path.line
    return (
        f'<path class="line" id="way-{line.source}-{line.row}" d="{_drawn(path.points)}" '
        f'marker-end="url(#arrow)"><title>{escape(f"{line.source} → {line.target}")}</title></path>'
    )


def _drawn(points: Sequence[tuple[float, float]]) -> str:
    """A line with round corners."""
    (x, y), found = points[0], []
    found.append(f"M{number(x)} {number(y)}")
    for index in range(1, len(points) - 1):
        (px, py), (cx, cy), (nx, ny) = points[index - 1 : index + 2]
        radius = min(_RADIUS, (abs(cx - px) + abs(cy - py)) / 2, (abs(nx - cx) + abs(ny - cy)) / 2)
        bx, by = cx - _towards(cx - px) * radius, cy - _towards(cy - py) * radius
        ax, ay = cx + _towards(nx - cx) * radius, cy + _towards(ny - cy) * radius
        found.append(
            f"L{number(bx)} {number(by)}Q{number(cx)} {number(cy)} {number(ax)} {number(ay)}"
        )
    x, y = points[-1]
    found.append(f"L{number(x)} {number(y)}")
    return "".join(found)


def _towards(distance: float) -> int:
    return (distance > 0) - (distance < 0)


def _frame(frame: Frame) -> str:
    name = f"sub-flow {frame.name}"
    called = f"· called by {', '.join(frame.callers)}" if frame.callers else "· never called"
    left = frame.x + 18 + width_of(name, NAME, bold=True)
    room = frame.x + frame.width - 12 - left
    around = place(x=frame.x, y=frame.y, width=frame.width, height=frame.height, rx=10)
    heading = [
        Words(frame.x + 12, frame.y + 19, name, "name"),
        Words(left, frame.y + 19, shorten(called, room, TEXT), "says"),
    ]
    return (
        f'<g class="frame" id="subflow-{frame.name}"><rect {around}/>'
        f"{''.join(map(text, heading))}</g>"
    )
