"""Units of work that come one at a time: timers, recoveries, flows, pruning, the ping.

What lives here: what time and the daemon itself ask of the store. What must not: what actors or
the outside ask of it.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from actors.ids import timer_message_id
from state.connection import listed
from state.queries import SQL
from state.rows import NewMessage
from state.store import ConstraintBroken
from state.work import Unclaimed, Work

PARKED_TOO_LONG = "waited for somebody of this name until its time was over"
"""The reason of a dead letter that was parked in vain."""


class FireTimers(Struct, frozen=True):
    """The unit of work of `Store.fire_timers`."""

    now_ms: int
    limit: int


class CountRecovery(Struct, frozen=True):
    """The unit of work of `Store.count_recovery`."""

    position: int


class KeepFlow(Struct, frozen=True):
    """The unit of work of `Store.keep_flow`."""

    version: str
    body: bytes
    at_ms: int


class Prune(Struct, frozen=True):
    """The unit of work of `Store.prune`."""

    before_ms: int
    limit: int


class Ping(Struct, frozen=True):
    """The unit of work of `Store.ping`: a write, so that it meets a full disk."""


def fire_timers(work: Work, unit: FireTimers) -> int | None:
    """Move due timers into inboxes; when the next is due."""
    due = work.connection.fetch(SQL["timers_due"], (unit.now_ms, unit.limit))
    if due:
        work.connection.run_many(SQL["clear_timer"], [(actor, name) for actor, name, _, _ in due])
        # The time is when it was fired, not when it was due: the sweep for messages that wait too
        # long must not find each timer that fell due while the daemon was down.
        work.tell(
            [
                NewMessage(timer_message_id(actor, name, generation), actor, unit.now_ms, body)
                for actor, name, generation, body in due
            ]
        )
    [(next_due_ms,)] = work.connection.fetch(SQL["next_timer"])
    return None if next_due_ms is None else int(next_due_ms)


def count_recovery(work: Work, unit: CountRecovery) -> int:
    """Count; ConstraintBroken where no message is open at the position."""
    rows = work.connection.fetch(SQL["count_recovery"], (unit.position,))
    if not rows:
        raise ConstraintBroken("no message is open at this position")
    return int(rows[0][0])


def keep_flow(work: Work, unit: KeepFlow) -> None:
    """Keep a version; the body that was kept first stays."""
    work.connection.run(SQL["keep_flow"], (unit.version, unit.body, unit.at_ms))


def prune(work: Work, unit: Prune) -> int:
    """Forget up to the limit, kind by kind; how many rows."""
    left = unit.limit
    for forget in _KINDS:
        if left > 0:
            left -= forget(work, unit.before_ms, left)
    return unit.limit - left


_Forget = Callable[[Work, int, int], int]


def _rows_of(statement: str) -> _Forget:
    def forget(work: Work, before_ms: int, limit: int) -> int:
        return work.connection.run_many(SQL[statement], [(before_ms, limit)])

    return forget


def _forget_finished(work: Work, before_ms: int, limit: int) -> int:
    rows = work.connection.fetch(SQL["finished_actors"], (before_ms, limit))
    if rows:
        actors = listed(row[0] for row in rows)
        for statement in ("forget_actors", "forget_aliases", "forget_windows"):
            work.connection.run(SQL[statement], (actors,))
    return len(rows)


def _bury_parked(work: Work, before_ms: int, limit: int) -> int:
    past = work.connection.fetch(SQL["parked_past"], (before_ms, limit))
    if past:
        work.connection.run_many(SQL["unpark_one"], [(row[0],) for row in past])
        work.bury(
            [
                Unclaimed(work.next_inbox(), message_id, at_ms, body, until_ms, PARKED_TOO_LONG)
                for _, message_id, at_ms, body, until_ms in past
            ]
        )
    return len(past)


# Calls come before the actors that wait for them, and actors before the flows that they are in.
_KINDS = (
    _rows_of("prune_inbox"),
    _rows_of("prune_outbox"),
    _rows_of("prune_held"),
    _forget_finished,
    _rows_of("prune_flows"),
    _bury_parked,
)


def ping(work: Work, unit: Ping) -> None:
    """Write, so that the answer says that writing works."""
    del unit
    work.connection.run(SQL["ping"])
