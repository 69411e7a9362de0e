"""What is shipped with the program besides code: the flow `router_care.yaml`, and examples.

What lives here: data files that work as they are and serve as a pattern for an operator's own, and
where to find them. What must not: code that reads them (`actors.flow`, `daemon.flows`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


class Example(NamedTuple):
    """A flow to begin with, and conversations that try it."""

    name: str
    what: str
    flow: Path

    @property
    def scripts(self) -> list[Path]:
        """Its conversation files, by name."""
        beside = self.flow.parent
        return sorted([*beside.glob("*.chat"), *(beside / "scripts").glob("*.chat")])


def shipped_flow() -> Path:
    """The path of the shipped flow file."""
    return _HERE / "router_care.yaml"


def shipped_scripts() -> list[Path]:
    """The conversation files that are played by `routerbot sandbox --script`, by name."""
    return sorted((_HERE / "scripts").glob("*.chat"))


def shipped_schema() -> Path:
    """The path of the JSON Schema of flow files."""
    return _HERE / "flow.schema.json"


def examples() -> tuple[Example, ...]:
    """The flows to begin with, the smallest first."""
    folder = _HERE / "examples"
    return (
        Example(
            "first",
            "the smallest that is of use: a menu, a restart of the router, a person",
            folder / "first" / "flow.yaml",
        ),
        Example(
            "plans",
            "questions, a web request and its errors, calculations, opening hours, two languages",
            folder / "plans" / "flow.yaml",
        ),
        Example("router_care", "the whole service, in three languages", shipped_flow()),
    )
