"""The seams in the process: what the wiring opened, wrapped so that it can die in between.

What lives here: the wrappers around store, senders and the public door, and the two ways to die.
What must not: any change of what they do (`defects`), or the harness's side.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Any, cast

from msgspec.structs import replace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.calls import Call, Promise
from actors.codec import decode_call
from actors.ids import kind_of
from actors.outcomes import Delivered, Outcome
from adapters.ports import Attempt, Sender
from daemon.wiring import Vendors
from state.rows import Acceptance, Arrival, Claimed, Commit, NothingDue, Receipt, Settlement
from state.store import Store
from tests.kills.orders import Orders, Seam

EVENT = "event"
RECEIPT = "receipt"


class Killer:
    """A process beside ours that kills it from outside, whatever ours does just then.

    A thread of ours would have to wait until the others let it run, and so spare some instants.
    """

    def __init__(self) -> None:
        """Call it before there are threads."""
        victim = os.getpid()
        reading, self._writing = os.pipe()
        if os.fork() == 0:
            os.close(self._writing)
            delay = os.read(reading, 16)
            if delay:
                time.sleep(int(delay) / 1_000_000)
                os.kill(victim, signal.SIGKILL)
            os._exit(0)
        os.close(reading)

    def kill_in(self, delay_us: int) -> None:
        """Kill us so long from now."""
        os.write(self._writing, str(delay_us).encode())


class Seams:
    """Where the process may be ordered to die."""

    def __init__(self, orders: Orders, killer: Killer) -> None:
        self._orders = orders
        self._killer = killer

    def passes(self, seam: Seam, *whats: str) -> None:
        """One of the named instants: there may be no next one."""
        order = self._orders.due(seam, whats)
        if order is None:
            return
        if order.seam is Seam.RANDOM:
            self._killer.kill_in(order.delay_us)
        else:
            os.kill(os.getpid(), signal.SIGKILL)


class SeamStore:
    """A `Store` that passes seams; whatever has none is the real store's."""

    def __init__(self, store: Store, seams: Seams) -> None:
        self._store = store
        self._seams = seams
        self._calls: dict[str, str] = {}
        """Effects that were claimed, and what kind of call each is."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def accept(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] = ()
    ) -> Acceptance:
        accepted = await self._store.accept(arrivals, receipts)
        if accepted.taken or accepted.parked:
            self._seams.passes(Seam.ACCEPTED, EVENT)
        elif accepted.receipts_known:
            self._seams.passes(Seam.ACCEPTED, RECEIPT)
        return accepted

    async def commit(self, unit: Commit) -> None:
        await self._store.commit(unit)
        calls = [type(decode_call(effect.body)).__name__ for effect in unit.effects]
        self._seams.passes(Seam.COMMITTED, kind_of(unit.actor), *calls)

    async def claim(self, lane: str, now_ms: int) -> Claimed | NothingDue:
        claimed = await self._store.claim(lane, now_ms)
        if isinstance(claimed, Claimed):
            call = type(decode_call(claimed.row.body)).__name__
            self._calls[claimed.row.effect] = call
            self._seams.passes(Seam.CLAIMED, call)
        return claimed

    async def settle(self, settlement: Settlement) -> bool:
        settled = await self._store.settle(settlement)
        if settled:
            call = self._calls.get(settlement.effect, "")
            self._seams.passes(Seam.SETTLED, settlement.outcome.value, call)
        return settled


def with_seams(store: Store, seams: Seams) -> Store:
    """The same store, with seams."""
    return cast(Store, SeamStore(store, seams))


class SeamSender:
    """A `Sender` that passes a seam when its vendor has done what was asked."""

    def __init__(self, sender: Sender, seams: Seams) -> None:
        self._sender = sender
        self._seams = seams

    def promise(self, call: Call) -> Promise:
        return self._sender.promise(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        outcome = await self._sender.perform(call, attempt)
        if isinstance(outcome, Delivered):
            self._seams.passes(Seam.ANSWERED, type(call).__name__)
        return outcome


def vendors_with_seams(vendors: Vendors, seams: Seams) -> Vendors:
    """The same vendors, with seams behind their answers."""
    senders = {name: SeamSender(sender, seams) for name, sender in vendors.senders.items()}
    return replace(vendors, senders=senders)


def door_with_seams(app: ASGIApp, seams: Seams) -> ASGIApp:
    """The same public door, with a seam behind each answer that says "taken"."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        taken = False

        async def answer(message: Message) -> None:
            nonlocal taken
            await send(message)
            if message["type"] == "http.response.start":
                taken = 200 <= message["status"] < 300
            elif taken and not message.get("more_body", False):
                seams.passes(Seam.ACKNOWLEDGED)

        await app(scope, receive, answer)

    return door
