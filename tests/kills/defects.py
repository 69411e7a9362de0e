"""Defects that can be planted in the process, to see that the oracle finds them.

What lives here: one entry for each, and how it is switched on. What must not: seams; a defect sits
on top of the store with its seams, so that the process may die in the middle of it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any, cast

import trio
from msgspec.structs import replace
from starlette.types import ASGIApp, Receive, Scope, Send

from actors.ids import ActorId, MessageId
from daemon import sending
from state.rows import (
    Acceptance,
    ActorRow,
    Arrival,
    Claimed,
    Commit,
    NothingDue,
    Receipt,
    SettleAs,
    Settlement,
)
from state.store import Store
from tests.simulation.defects import send_again


class Defect(Enum):
    """What is wrong with the program."""

    ANSWERS_FIRST = "a webhook is answered before it is committed"
    SETTLES_FIRST = "a message is recorded as delivered before it is sent"
    RESENDS_AT_ONCE = "a message of unknown fate is sent again at once"
    FORGETS_DUPLICATES = "a webhook that comes twice is taken for two"
    MARKS_APART = "that a message was handled is written in a transaction of its own"


class Plant:
    """Puts a defect where it belongs."""

    def __init__(self, defect: Defect | None) -> None:
        self._defect = defect
        self._owed: _Owed = {}
        if defect is Defect.RESENDS_AT_ONCE:
            sending.set_aside = send_again

    def store(self, store: Store) -> Store:
        """The store with the defect."""
        match self._defect:
            case Defect.ANSWERS_FIRST:
                return cast(Store, _AnswersFirst(store, self._owed))
            case Defect.SETTLES_FIRST:
                return cast(Store, _SettlesFirst(store))
            case Defect.FORGETS_DUPLICATES:
                return cast(Store, _ForgetsDuplicates(store))
            case Defect.MARKS_APART:
                return cast(Store, _MarksApart(store))
            case Defect.RESENDS_AT_ONCE | None:
                return store

    def door(self, app: ASGIApp) -> ASGIApp:
        """The public door with the defect."""

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, send)
            commit = self._owed.pop(trio.lowlevel.current_task(), None)
            if commit is not None:
                await commit()

        return door


_Owed = dict[trio.lowlevel.Task, Callable[[], Awaitable[object]]]
"""What the task that answers a webhook has still to commit."""


class _Wrapped:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _AnswersFirst(_Wrapped):
    """Says that it is taken, and leaves the writing to whoever has given the answer."""

    def __init__(self, store: Store, owed: _Owed) -> None:
        super().__init__(store)
        self._owed = owed

    async def accept(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] = ()
    ) -> Acceptance:
        await trio.lowlevel.checkpoint()
        task = trio.lowlevel.current_task()
        self._owed[task] = partial(self._store.accept, arrivals, receipts)
        return Acceptance(len(arrivals), 0, 0, 0, len(receipts), 0)


class _SettlesFirst(_Wrapped):
    async def claim(self, lane: str, now_ms: int) -> Claimed | NothingDue:
        claimed = await self._store.claim(lane, now_ms)
        # What other calls answer would be lost: this defect is meant to be seen after a kill only.
        if isinstance(claimed, Claimed) and lane.endswith("/message"):
            row = claimed.row
            done = Settlement(row.effect, row.attempts, SettleAs.DELIVERED, now_ms)
            await self._store.settle(done)
        return claimed


class _ForgetsDuplicates(_Wrapped):
    _taken = 0

    async def accept(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] = ()
    ) -> Acceptance:
        accepted = await self._store.accept(arrivals, receipts)
        if accepted.duplicates:
            self._taken += 1
            mark = f"{os.getpid()}.{self._taken}"
            again = [replace(a, message_id=MessageId(f"{a.message_id}#{mark}")) for a in arrivals]
            return await self._store.accept(again)
        return accepted


class _MarksApart(_Wrapped):
    """Each turn takes two transactions, and so two versions, of which the daemon knows one."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._ahead: dict[ActorId, int] = {}

    async def load(self, actor: ActorId) -> ActorRow | None:
        self._ahead.pop(actor, None)
        return await self._store.load(actor)

    async def commit(self, unit: Commit) -> None:
        if not unit.state:
            await self._store.commit(unit)
            return
        ahead = self._ahead.get(unit.actor, 0)
        version = unit.expected_version + ahead
        await self._store.commit(replace(unit, expected_version=version, handled=()))
        mark = Commit(
            actor=unit.actor,
            expected_version=version + 1,
            status=unit.status,
            state=unit.state,
            at_ms=unit.at_ms,
            failures=unit.failures,
            flow_version=unit.flow_version,
            handled=unit.handled,
        )
        await self._store.commit(mark)
        self._ahead[unit.actor] = ahead + 1
