"""The flow of docs/flow-check.md, and parts laid over it.

What lives here: reading the page, and putting documents together. What must not: what is expected
of them.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from actors.flow.check import World, check
from actors.flow.faults import FlowFault
from actors.flow.reader import read_leniently
from actors.flow.rules import Severity
from tests.actors.large_flow import written

PAGE = (Path(__file__).parents[2] / "docs" / "flow-check.md").read_text(encoding="utf-8")
WORLD = World(date(2026, 11, 25), frozenset({"main"}), frozenset({"crm"}))


class Section(NamedTuple):
    """What the page says of a rule."""

    title: str
    fault: str
    mended: str


def _block(text: str, word: str) -> str:
    found = re.search(rf"```yaml\n# {word}\n(.*?)```", text, re.DOTALL)
    return found[1] if found is not None else ""


def sections() -> dict[str, Section]:
    """By code, in the order of the page."""
    parts = re.split(r"^### ([EWN][0-9]{3}) (.*)$", PAGE, flags=re.MULTILINE)
    return {
        code: Section(title, _block(text, "fault"), _block(text, "mended"))
        for code, title, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    }


def whole() -> dict[str, Any]:
    """The flow of the examples."""
    found: dict[str, Any] = msgspec.yaml.decode(_block(PAGE, "whole").encode())
    return found


def laid_over(example: str | dict[str, Any]) -> dict[str, Any]:
    """The flow with an example over it: a step that says what it does stands for itself."""
    part = msgspec.yaml.decode(example.encode()) if isinstance(example, str) else example
    under = whole()
    if "languages" in (part or {}):
        under = _in_languages(under, part["languages"])
    laid: dict[str, Any] = _merged(under, part or {})
    return laid


def _merged(under: Any, part: Any) -> Any:
    if isinstance(under, dict) and isinstance(part, dict) and "do" not in part:
        return {**under, **{key: _merged(under.get(key), value) for key, value in part.items()}}
    return part


def _in_languages(document: Any, languages: list[str]) -> Any:
    """The document with each English text and word in other languages as well."""
    if not isinstance(document, dict):
        return document
    if set(document) == {"en"}:
        return dict.fromkeys(languages, document["en"])
    return {key: _in_languages(value, languages) for key, value in document.items()}


def found_in(example: str | dict[str, Any], world: World = WORLD) -> list[FlowFault]:
    """What is found where an example is laid over the flow."""
    reading = read_leniently(written(laid_over(example)).encode())
    faults = list(reading.faults)
    if reading.source is not None:
        faults += check(reading.source, world)
    assert all(fault.line and fault.column for fault in faults)
    return faults


def grave(faults: list[FlowFault]) -> list[FlowFault]:
    """Errors and warnings."""
    return [fault for fault in faults if fault.severity is not Severity.NOTE]
