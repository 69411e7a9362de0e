"""The life of one live actor: wake, read, decide, commit; and passivation.

What lives here: the loop, and what it does about trouble with the store. What must not: rules of
an actor (`turn` folds them, purely). The state in memory is dropped whenever it may differ from
the row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import trio
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from actors.codec import Unreadable
from actors.conversation.state import Surroundings
from actors.ids import ROUTER_JOB, ActorId, kind_of
from actors.kinds import AnyLiving, wake
from daemon.clock import Clock
from daemon.metrics import Metrics
from daemon.registry import Mailbox, Registry
from daemon.turn import HANDLED, NOBODY, QUARANTINED, RECOVERIES_MAX, Heard, run_turn
from state.rows import ActorRow, ActorStatus, Commit, DeadLetter, InboxRow, NewEffect
from state.store import ConstraintBroken, StaleCommit, Store, StoreFull

_FULL_PAUSE_S = 1.0
_BY_FALLBACK = 2
CANNOT_BE_KEPT = "the turn cannot be kept"
STATE_UNREADABLE = "the actor's state cannot be read"
KILLS = "the process died while this was handled"


class ActorLoop:
    """Runs live actors; one instance serves them all."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        around: Callable[[], Surroundings],
        metrics: Metrics,
        log: FilteringBoundLogger,
        *,
        batch_max: int,
        expect: Callable[[Sequence[NewEffect]], None] = lambda _effects: None,
    ) -> None:
        """`expect` hears of calls just before they are committed; it must not block or raise."""
        self._store = store
        self._clock = clock
        self._around = around
        self._metrics = metrics
        self._log = log
        self._batch_max = batch_max
        self._expect = expect
        self.registry: Registry | None = None
        """Set by the tree, before the first actor is woken."""

    async def live(self, mailbox: Mailbox) -> None:
        """The task of one actor: returns when it is idle and nothing waits."""
        assert self.registry is not None
        actor = mailbox.actor
        at_rest = await self._store.load(actor)
        living = self._wake(actor, at_rest)
        if living is not None:
            at_rest = _without_state(at_rest)
        while True:
            rows = await self._next_rows(mailbox)
            if not rows:
                # No checkpoint between the look that found nothing and the end of the task.
                self.registry.gone(mailbox)
                return
            at_rest, living = await self._handle_all(mailbox, living, at_rest, rows)
            # Most of an actor's life is waiting: what is not needed for that does not wait with it.
            del rows
            if self.registry.crowded:
                # Others wait for room and this one never rests: its rows wait in the store, its
                # turn comes again behind theirs.
                self.registry.go_to_the_back(mailbox)
                return

    async def _handle_all(
        self,
        mailbox: Mailbox,
        living: AnyLiving | None,
        at_rest: ActorRow | None,
        rows: list[InboxRow],
    ) -> tuple[ActorRow | None, AnyLiving | None]:
        while rows:
            batch, rows = self._split(rows)
            if living is None:
                at_rest = await self._apologise(mailbox.actor, at_rest, batch)
            else:
                at_rest, living = await self._handle(living, at_rest, batch)
            mailbox.position = batch[-1].position
        return at_rest if living is None else _without_state(at_rest), living

    def _wake(self, actor: ActorId, at_rest: ActorRow | None) -> AnyLiving | None:
        try:
            return wake(actor, (at_rest.state or None) if at_rest is not None else None)
        except Unreadable as error:
            self._log.error(
                "actor_unreadable", actor=actor, reason=type(error).__name__, alarm=True
            )
            return None

    async def _next_rows(self, mailbox: Mailbox) -> list[InboxRow]:
        assert self.registry is not None
        while True:
            if mailbox.behind:
                mailbox.behind = False
                # Whatever is in the channel by now is in the store as well.
                mailbox.take(1 << 30)
                rows = await self._store.open_inbox(
                    mailbox.actor, mailbox.position, self._batch_max
                )
                mailbox.behind = mailbox.behind or len(rows) >= self._batch_max
                if rows:
                    return rows
                continue
            rows = mailbox.take(self._batch_max)
            if rows or mailbox.behind:
                if rows:
                    return rows
                continue
            if mailbox.asked_to_go:
                return []
            self.registry.idle(mailbox)
            row = await mailbox.wait()
            self.registry.busy(mailbox)
            if row is not None and row.position > mailbox.position:
                return [row, *mailbox.take(self._batch_max - 1)]
            if row is None and mailbox.empty:
                return []

    def _split(self, rows: list[InboxRow]) -> tuple[list[InboxRow], list[InboxRow]]:
        """A message that an earlier process left open is handled alone: it may be poison."""
        epoch = self._store.epoch
        if rows[0].epoch < epoch:
            return rows[:1], rows[1:]
        for index, row in enumerate(rows):
            if row.epoch < epoch:
                return rows[:index], rows[index:]
        return rows, []

    # --- one batch ------------------------------------------------------------------------------

    async def _handle(
        self,
        living: AnyLiving,
        at_rest: ActorRow | None,
        rows: list[InboxRow],
        trial: int = 0,
    ) -> tuple[ActorRow | None, AnyLiving | None]:
        """Fold and commit. `trial`: 0 the batch, 1 a message alone, 2 alone and by the fallback."""
        poison = CANNOT_BE_KEPT if trial == _BY_FALLBACK else None
        began = time.monotonic()
        try:
            if rows[0].epoch < self._store.epoch and trial == 0:
                recoveries = await self._count_recovery(rows[0])
                poison = KILLS if recoveries >= RECOVERIES_MAX else None
            result = run_turn(
                living, at_rest, rows, self._clock.now_ms(), self._around(), poison=poison
            )
            await self._commit(result.commit)
        except (StaleCommit, ConstraintBroken) as error:
            return await self._repair(living.actor, rows, error, trial)
        seconds = time.monotonic() - began
        try:
            if trial == 0 and rows[0].epoch == self._store.epoch:
                await self._store.lull()
        finally:
            # What is committed is told, also where everything is being cancelled.
            self._tell_log(living, result.heard, result.commit, seconds)
        return row_of(result.commit), living

    async def _count_recovery(self, row: InboxRow) -> int:
        while True:
            try:
                return await self._store.count_recovery(row.position)
            except StoreFull:
                await trio.sleep(_FULL_PAUSE_S)

    async def _commit(self, commit: Commit) -> None:
        """A full disk is waited out: the messages are safe, and the state moves on with them."""
        while True:
            try:
                if commit.effects:
                    self._expect(commit.effects)
                await self._store.commit(commit)
            except StoreFull:
                await trio.sleep(_FULL_PAUSE_S)
            else:
                return

    async def _repair(
        self, actor: ActorId, rows: list[InboxRow], error: Exception, trial: int
    ) -> tuple[ActorRow | None, AnyLiving | None]:
        """Memory and row disagree, or a unit contradicts itself: begin again from the row.

        The messages are tried one by one, to find the guilty one. That one is answered by the
        fallback; where even this cannot be kept, it is set aside in silence.
        """
        self._log.error("turn_refused", actor=actor, reason=type(error).__name__, alarm=True)
        self._metrics.turns.labels(kind_of(actor), type(error).__name__).inc(len(rows))
        at_rest = await self._store.load(actor)
        living = self._wake(actor, at_rest)
        still_open = await self._store.open_inbox(actor, rows[0].position - 1, len(rows))
        known = {row.position for row in rows}
        guilty = trial > 0 or (len(rows) == 1 and isinstance(error, ConstraintBroken))
        for row in still_open:
            if row.position not in known:
                continue
            if trial == _BY_FALLBACK or living is None:
                at_rest = await self._set_aside_all(actor, at_rest, [row])
            else:
                again = _BY_FALLBACK if guilty else 1
                at_rest, living = await self._handle(living, at_rest, [row], again)
        return at_rest, living

    async def _apologise(
        self, actor: ActorId, at_rest: ActorRow | None, rows: list[InboxRow]
    ) -> ActorRow | None:
        """The state cannot be read: the messages are set aside, and who wrote gets the apology.

        The row stays as it is: the program that can read it goes on where the actor was.
        """
        stranger = wake(actor, None)
        result = run_turn(
            stranger, at_rest, rows, self._clock.now_ms(), self._around(), poison=STATE_UNREADABLE
        )
        commit = result.commit
        if at_rest is not None:
            commit = replace(
                commit,
                status=at_rest.status,
                state=at_rest.state,
                failures=at_rest.failures,
                flow_version=at_rest.flow_version,
            )
        try:
            await self._commit(commit)
        except (StaleCommit, ConstraintBroken):
            return await self._set_aside_all(actor, await self._store.load(actor), rows)
        self._tell_log(stranger, result.heard, commit, 0.0)
        return row_of(commit)

    async def _set_aside_all(
        self, actor: ActorId, at_rest: ActorRow | None, rows: list[InboxRow]
    ) -> ActorRow | None:
        """Dead letters without a look; the row stays as it is, but quarantined."""
        self._metrics.dead_letters.labels("set_aside").inc(len(rows))
        commit = Commit(
            actor=actor,
            expected_version=at_rest.version if at_rest is not None else 0,
            status=ActorStatus.QUARANTINED,
            state=at_rest.state if at_rest is not None else b"",
            at_ms=self._clock.now_ms(),
            failures=at_rest.failures if at_rest is not None else 0,
            flow_version=at_rest.flow_version if at_rest is not None else None,
            dead=tuple(DeadLetter(row.position, CANNOT_BE_KEPT) for row in rows),
        )
        await self._commit(commit)
        for row in rows:
            self._log.error("message_set_aside", actor=actor, message_id=row.message_id, alarm=True)
        return row_of(commit)

    # --- the log --------------------------------------------------------------------------------

    def _tell_log(
        self, living: AnyLiving, heard: tuple[Heard, ...], commit: Commit, seconds: float
    ) -> None:
        kind = kind_of(living.actor)
        self._metrics.turn_seconds.labels(kind).observe(seconds)
        for one in heard:
            self._metrics.turns.labels(kind, one.outcome).inc()
            fine = one.outcome in (HANDLED, NOBODY)
            if not fine and one.outcome != QUARANTINED:
                self._metrics.dead_letters.labels(one.outcome).inc()
            write = self._log.info if fine else self._log.error
            write(
                "turn",
                actor=living.actor,
                conversation=living.conversation,
                job=living.actor if kind == ROUTER_JOB else None,
                message=one.message,
                message_id=one.row.message_id,
                cause=one.row.cause,
                outcome=one.outcome,
                flow_version=commit.flow_version,
                effects=one.effects,
                steps=one.steps or None,
                ms=round(seconds * 1000, 1),
                **({"traceback": one.error} if one.error else {}),
            )
            for note in one.notes:
                self._metrics.notes.labels(note.event).inc()
                tell = self._log.warning if note.alarm else self._log.info
                fields: dict[str, object] = {
                    **note.fields,
                    "actor": living.actor,
                    "conversation": living.conversation,
                    "message_id": one.row.message_id,
                    "alarm": note.alarm or None,
                }
                tell(note.event, **fields)


def _without_state(row: ActorRow | None) -> ActorRow | None:
    """The row of an actor whose state lies in memory anyway: not twice."""
    return replace(row, state=b"") if row is not None else None


def row_of(commit: Commit) -> ActorRow | None:
    """The actor at rest after a commit; None: the messages found nobody and made nobody."""
    if not commit.state and commit.expected_version == 0:
        return None
    return ActorRow(
        commit.actor,
        commit.expected_version + 1,
        commit.status,
        commit.state,
        commit.failures,
        commit.flow_version,
    )
