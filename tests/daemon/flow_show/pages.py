"""Draws the shipped flow for docs/: a picture, and a flowchart inside of docs/flow-shipped.md.

`python -m tests.daemon.flow_show.pages` writes both anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from daemon.flow_show.picture import Wanted
from tests.daemon.flow_show.drawing import picture
from tests.daemon.flow_show.drawn_flows import shipped

DOCS = Path(__file__).resolve().parents[3] / "docs"
PICTURE = DOCS / "flow-shipped.svg"
PAGE = DOCS / "flow-shipped.md"
_BEGIN, _END = "<!-- drawing: flowchart -->", "<!-- end of drawing: flowchart -->"


def drawn_picture() -> str:
    """The shipped flow as SVG."""
    return picture(shipped(), Wanted("svg", "en"))


def drawn_page(page: str) -> str:
    """The page with its flowchart as the shipped flow is now."""
    pattern = f"{re.escape(_BEGIN)}.*?{re.escape(_END)}"
    if len(re.findall(pattern, page, re.DOTALL)) != 1:
        raise ValueError("the page has no place for the flowchart")
    flowchart = f"{_BEGIN}\n```mermaid\n{picture(shipped(), Wanted('mermaid', 'en'))}```\n{_END}"
    return re.sub(pattern, lambda _: flowchart, page, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(drawn_picture(), encoding="utf-8")
    PAGE.write_text(drawn_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
