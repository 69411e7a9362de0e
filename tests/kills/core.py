"""What should come of it: the pure core in the one loop in which `flow test` runs it.

What lives here: that loop as a `Host` for `people`, noting whatever the core wants to say. What
must not: anything of what is on trial. The loop has the real adapters and simulators in which
nothing goes wrong, but no store on a disk, no task, no relay, no retry, no door and no process.
"""

from __future__ import annotations

from actors.calls import Say
from actors.codec import decode_call
from adapters.sandbox.world import World
from daemon.flowtest.stage import DirectStage
from daemon.turn import TurnResult
from state.rows import InboxRow
from tests.endtoend.reading import shipped_source
from tests.kills.said import Said, said

LANGUAGE = "en"


class Core:
    """The core alone, in a world of its own that begins at some time."""

    def __init__(self, begins_ms: int) -> None:
        self.said: list[Said] = []
        """Whatever the core wanted to say, in the order of its decisions."""
        self._stage = DirectStage(shipped_source(), LANGUAGE, begins_ms, self._note)

    @property
    def world(self) -> World:
        """The world."""
        return self._stage.world

    async def settle(self) -> None:
        """See `Host`."""
        await self._stage.settle()
        assert self._stage.bugs == []

    def next_due_ms(self) -> int | None:
        """See `Host`."""
        return self._stage.next_due_ms()

    def _note(self, _row: InboxRow, turn: TurnResult) -> None:
        for effect in turn.commit.effects:
            call = decode_call(effect.body)
            if isinstance(call, Say):
                self.said.append(said(effect.effect, call, effect.topic))
