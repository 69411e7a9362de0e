"""The smallest marks of SVG: a number, a piece of text, a badge.

What lives here: what every part of the drawing is written with. What must not: where it stands.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from daemon.flow_show.boxes import BADGE_PAD, Badge, Words


def number(value: float) -> str:
    """A number, as short as it can be written."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def place(**values: float) -> str:
    """Attributes with numbers: `place(x=1, y=2)`."""
    return " ".join(f'{name}="{number(value)}"' for name, value in values.items())


def text(words: Words) -> str:
    """Words at their place."""
    anchor = f' text-anchor="{words.anchor}"' if words.anchor != "start" else ""
    where = place(x=words.x, y=words.y)
    return f'<text class="{words.style}" {where}{anchor}>{escape(words.text)}</text>'


def badge(of: Badge) -> str:
    """A badge with its words."""
    ground = place(x=of.x, y=of.y, width=of.width, height=of.height, rx=of.height / 2)
    y = of.y + of.height / 2 + 3.5
    if of.style == "from":
        # Without a ground it stands like other words.
        inside = Words(of.x + BADGE_PAD, y, of.text, f"t-{of.style}")
    else:
        inside = Words(of.x + of.width / 2, y, of.text, f"t-{of.style}", "middle")
    return f'<rect class="p-{of.style}" {ground}/>{text(inside)}'


def step_id(address: str) -> str:
    """The id of a card inside the file."""
    return f"step-{address}"
