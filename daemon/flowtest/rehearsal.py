"""One conversation file played on the pure core.

What lives here: setting the stage for one file, and all that is known afterwards. What must not:
which files are played, or what is printed (`command`).
"""

from __future__ import annotations

import trio
from msgspec import Struct

from actors.flow.reader import FlowSource
from daemon.flowtest.stage import DirectStage, OnTurn
from daemon.scripts.format import Script
from daemon.scripts.needs import Needs
from daemon.scripts.player import ChatLine, Failure, Played, Player
from daemon.scripts.stage import NotAtRest


class Rehearsal(Struct, frozen=True):
    """How it went."""

    played: Played
    lines: tuple[ChatLine, ...]
    """All that was done and said, in order, up to where it went otherwise."""
    turns: int
    """Messages that actors handled."""

    @property
    def failure(self) -> Failure | None:
        """Where it went otherwise than the file says."""
        return self.played.failure


def rehearse(
    source: FlowSource,
    script: Script,
    on_turn: OnTurn = lambda _row, _result: None,
    needs: Needs | None = None,
) -> Rehearsal:
    """Play a file. Neither waits nor touches anything outside; trio only runs the coroutines."""
    return trio.run(_rehearse, source, script, on_turn, needs)


async def _rehearse(
    source: FlowSource, script: Script, on_turn: OnTurn, needs: Needs | None
) -> Rehearsal:
    stage = DirectStage(source, script.language, script.begins_ms, on_turn, needs)
    lines: list[ChatLine] = []
    try:
        played = await Player(stage, script, lines.append).play()
    except NotAtRest as error:
        played = Played((), Failure(0, str(error)))
    if played.failure is None and stage.bugs:
        # The customer got an apology, which a file may not look at: a bug is never as expected.
        played = Played(
            played.chat, Failure(0, f"a bug of ours, not of the flow:\n{stage.bugs[0]}")
        )
    return Rehearsal(played, tuple(lines), stage.turns)
