"""The drawings in docs/ show the shipped flow as it is."""

from __future__ import annotations

from tests.daemon.flow_show.pages import PAGE, PICTURE, drawn_page, drawn_picture

ANEW = "after a change of the flow or the drawing: python -m tests.daemon.flow_show.pages"


def test_the_picture_is_current() -> None:
    assert PICTURE.read_bytes() == drawn_picture().encode(), ANEW


def test_the_flowchart_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == drawn_page(page), ANEW


def test_the_page_shows_the_picture() -> None:
    assert f"]({PICTURE.name})" in PAGE.read_text(encoding="utf-8")
