"""What is read outside of any transaction: one statement each.

What lives here: the questions of the `Store` protocol, and how their answers become rows. What
must not: a statement that writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.ids import ActorId
from state.connection import Connection, listed
from state.queries import SQL
from state.rows import (
    ActorRow,
    ActorStatus,
    CalledRow,
    Counts,
    DeadLetterRow,
    HeardRow,
    InboxRow,
    LaneRing,
    OutboxRow,
)
from state.sending import outbox_row


def load(connection: Connection, actor: ActorId) -> ActorRow | None:
    """An actor at rest."""
    rows = connection.fetch(SQL["load"], (actor,))
    if not rows:
        return None
    [(_, version, status, state, failures, flow_version)] = rows
    return ActorRow(actor, version, ActorStatus(status), state, failures, flow_version)


def open_inbox(connection: Connection, actor: ActorId, after: int, limit: int) -> list[InboxRow]:
    """Unhandled messages of an actor beyond a position."""
    rows = connection.fetch(SQL["open_inbox"], (actor, after, limit))
    return [InboxRow(*row) for row in rows]


def interrupted(connection: Connection, epoch: int, limit: int) -> list[OutboxRow]:
    """Rows left `sending` by an owner before `epoch`."""
    rows = connection.fetch(SQL["interrupted"], (epoch, limit))
    return [outbox_row(row) for row in rows]


def unknown_due(connection: Connection, now_ms: int, limit: int) -> list[OutboxRow]:
    """Rows of unknown fate to be looked at."""
    rows = connection.fetch(SQL["unknown_due"], (now_ms, limit))
    return [outbox_row(row) for row in rows]


def unknown_sends(connection: Connection, after: int, limit: int) -> list[OutboxRow]:
    """Rows of unknown fate beyond a position."""
    rows = connection.fetch(SQL["unknown_sends"], (after, limit))
    return [outbox_row(row) for row in rows]


def dead_letters(connection: Connection, after: int, limit: int) -> list[DeadLetterRow]:
    """Dead letters beyond a position."""
    rows = connection.fetch(SQL["dead_letters"], (after, limit))
    return [DeadLetterRow(*row) for row in rows]


def dead_letter(connection: Connection, position: int) -> DeadLetterRow | None:
    """One dead letter."""
    rows = connection.fetch(SQL["dead_letter"], (position,))
    return DeadLetterRow(*rows[0]) if rows else None


def open_lanes(connection: Connection, after: str, limit: int) -> list[LaneRing]:
    """Lanes with pending rows."""
    rows = connection.fetch(SQL["open_lanes"], (after, limit))
    return [LaneRing(*row) for row in rows]


def actors_with_open_inbox(
    connection: Connection, after: ActorId, accepted_before_ms: int, limit: int
) -> list[ActorId]:
    """Actors with a message that waits since before a time."""
    params = (after, accepted_before_ms, limit)
    rows = connection.fetch(SQL["actors_with_open_inbox"], params)
    return [row[0] for row in rows]


def known_as(connection: Connection, alias: str) -> ActorId | None:
    """Who is known by an alias."""
    rows = connection.fetch(SQL["known_names"], (listed([]), listed([alias])))
    return rows[0][1] if rows else None


def heard(
    connection: Connection, actors: Sequence[ActorId], after: int, span: int
) -> tuple[list[HeardRow], int | None]:
    """What actors heard, within a span of positions."""
    rows = connection.fetch(SQL["heard"], (listed(actors), after, after + span))
    return [HeardRow(*row) for row in rows], _beyond(connection, "heard_beyond", after + span)


def called(
    connection: Connection, actors: Sequence[ActorId], after: int, span: int
) -> tuple[list[CalledRow], int | None]:
    """The calls that actors decided on, within a span of positions."""
    rows = connection.fetch(SQL["called"], (listed(actors), after, after + span))
    return [CalledRow(*row) for row in rows], _beyond(connection, "called_beyond", after + span)


def _beyond(connection: Connection, statement: str, after: int) -> int | None:
    """Where to go on, with nothing left out before the next row that there is."""
    [(position,)] = connection.fetch(SQL[statement], (after,))
    return None if position is None else position - 1


def flows(connection: Connection) -> dict[str, bytes]:
    """All flow versions that are kept."""
    return dict(connection.fetch(SQL["flows"]))


def counts(connection: Connection) -> Counts:
    """How much of everything there is."""
    found = {(kind, what): number for kind, what, number in connection.fetch(SQL["counts"])}
    return Counts(
        actors={status.value: found.get(("actors", status.value), 0) for status in ActorStatus},
        inbox_open=found["inbox", "open"],
        inbox_dead=found["inbox", "dead"],
        outbox={
            state: found["outbox", state] for state in ("pending", "sending", "held", "unknown")
        },
        timers=found["timers", ""],
        parked=found["parked", ""],
    )
