"""What the daemon keeps of one conversation, for the operator who asks what happened.

What lives here: reading it from the store, page by page, as plain values. What must not: what is
made of it (`daemon.replay`), or who may ask (`operator`). All of it is personal data.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.codec import Unreadable
from actors.conversation import Conversation
from actors.ids import CONVERSATION, ActorId, is_actor_id
from actors.kinds import wake
from state.rows import CalledRow, HeardRow
from state.store import Store

SPAN = 5_000
"""Positions that one question looks at: a few milliseconds of the writer's time."""
ACTORS_MAX = 500


class Histories:
    """Reads from one store."""

    def __init__(self, store: Store, default_language: str) -> None:
        self._store = store
        self._default_language = default_language

    async def conversation(self, actor: str, now_ms: int) -> dict[str, object] | None:
        """How a conversation stands, and the flow that it is in; None where there is none."""
        if not is_actor_id(actor, CONVERSATION):
            return None
        row = await self._store.load(ActorId(actor))
        if row is None or not row.state:
            return None
        try:
            state = wake(row.actor, row.state).state
        except Unreadable:
            return None
        if not isinstance(state, Conversation):
            return None
        kept = await self._store.flows()
        body = kept.get(state.flow_version)
        return {
            "flow_version": state.flow_version,
            "flow": body.decode() if body is not None else None,
            "default_language": self._default_language,
            "now_ms": now_ms,
            "jobs": [view.id for view in state.jobs],
            "handovers": [state.handover.id] if state.handover is not None else [],
        }

    async def heard(self, actors: Sequence[str], after: int) -> dict[str, object]:
        """A page of what actors heard, and where the next one begins."""
        rows, beyond = await self._store.heard([ActorId(one) for one in actors], after, SPAN)
        return {"rows": [_heard(row) for row in rows], "after": beyond}

    async def called(self, actors: Sequence[str], after: int) -> dict[str, object]:
        """A page of the calls that actors decided on, and where the next one begins."""
        rows, beyond = await self._store.called([ActorId(one) for one in actors], after, SPAN)
        return {"rows": [_called(row) for row in rows], "after": beyond}


def _heard(row: HeardRow) -> dict[str, object]:
    return {
        "position": row.position,
        "message_id": row.message_id,
        "actor": row.actor,
        "at_ms": row.at_ms,
        "body": row.body.decode("utf-8", "replace"),
        "cause": row.cause,
        "dead": row.error is not None,
    }


def _called(row: CalledRow) -> dict[str, object]:
    return {
        "position": row.position,
        "effect": row.effect,
        "actor": row.actor,
        "at_ms": row.at_ms,
        "body": row.body.decode("utf-8", "replace"),
        "cause": row.cause,
        "due_ms": row.due_ms,
        "state": row.state,
        "attempts": row.attempts,
        "started_ms": row.started_ms,
        "done_ms": row.done_ms,
    }
