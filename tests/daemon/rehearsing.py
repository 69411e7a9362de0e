"""Playing a few lines of a conversation on the pure core, with the small flow."""

from __future__ import annotations

from pathlib import Path

from actors.flow.reader import FlowSource
from daemon.flowtest.rehearsal import Rehearsal, rehearse
from daemon.flowtest.stage import OnTurn
from daemon.scripts.format import read_steps
from daemon.scripts.player import Failure
from tests.actors.small_flow import source

KNOWN = """\
language: en
service: crm GET /customers/* -> 200 {"routers": [{"id": "r-1", "label": "Box"}], "account": "a-1"}
"""
HELLO = (
    KNOWN
    + """\
customer: hi
bot: Hello Ana, what now?
"""
)


def play(
    text: str, flow: FlowSource | None = None, on_turn: OnTurn = lambda _row, _result: None
) -> Rehearsal:
    """Play a file of this text."""
    return rehearse(flow or source(), read_steps(text, Path("a.chat")), on_turn)


def goes_well(text: str, flow: FlowSource | None = None) -> Rehearsal:
    """Play it; it must go as it says."""
    rehearsal = play(text, flow)
    assert rehearsal.failure is None, str(rehearsal.failure)
    return rehearsal


def goes_wrong(text: str, flow: FlowSource | None = None) -> Failure:
    """Play it; where it goes otherwise than it says."""
    failure = play(text, flow).failure
    assert failure is not None
    return failure
