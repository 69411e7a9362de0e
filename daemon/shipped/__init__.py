"""What is shipped with the program besides code: the flow `router_care.yaml`.

What lives here: data files that work as they are and serve as a pattern for an operator's own, and
where to find them. What must not: code that reads them (`actors.flow`, `daemon.flows`).
"""

from __future__ import annotations

from pathlib import Path


def shipped_flow() -> Path:
    """The path of the shipped flow file."""
    return Path(__file__).with_name("router_care.yaml")


def shipped_scripts() -> list[Path]:
    """The conversation files that are played by `routerbot sandbox --script`, by name."""
    return sorted(Path(__file__).with_name("scripts").glob("*.chat"))
