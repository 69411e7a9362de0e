"""The live actors: who is awake, who is woken, who has to make room.

What lives here: ringing, the limit on live actors, and their mailboxes. What must not: what an
actor does with a message (`actor_loop`, `turn`). An actor's row is the truth, its task a cache: it
may be dropped whenever it is idle and comes back with the next message.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence

import trio

from actors.ids import ActorId, kind_of
from daemon.metrics import Metrics
from state.rows import InboxRow

_WOKEN_AT_ONCE = 200
"""Of those who have old messages at the start."""


class Mailbox:
    """A live actor's bounded channel. `behind`: its rows must be read from the store."""

    def __init__(self, actor: ActorId, size: int) -> None:
        self.actor = actor
        self.behind = True
        self.position = 0
        """The last message that was handled."""
        self.idle_since_s = 0.0
        """In trio's time; of one that waits."""
        self.asked_to_go = False
        """It has been idle for too long, or room has to be made."""
        self._send, self._receive = trio.open_memory_channel[InboxRow](size)

    def put(self, row: InboxRow) -> None:
        """Deliver a row that is committed; on a full channel the actor reads the store instead."""
        if self.behind:
            return
        try:
            self._send.send_nowait(row)
        except trio.WouldBlock:
            self.behind = True

    def take(self, limit: int) -> list[InboxRow]:
        """What is there now, at most `limit`, without waiting."""
        rows: list[InboxRow] = []
        while len(rows) < limit:
            try:
                row = self._receive.receive_nowait()
            except (trio.WouldBlock, trio.EndOfChannel):
                break
            if row.position > self.position:
                rows.append(row)
        return rows

    @property
    def empty(self) -> bool:
        """Whether nothing waits, neither here nor in the store as far as we know."""
        return not self.behind and self._receive.statistics().current_buffer_used == 0

    async def wait(self) -> InboxRow | None:
        """The next row; None when it shall go."""
        try:
            return await self._receive.receive()
        except trio.EndOfChannel:
            return None

    def make_room(self) -> None:
        """Ask the idle actor to go; what was delivered is read first."""
        self.asked_to_go = True
        self._send.close()


class Registry:
    """Starts a task for an actor with news and rings those that are awake. No call blocks."""

    def __init__(
        self,
        nursery: trio.Nursery,
        live: Callable[[Mailbox], Awaitable[None]],
        metrics: Metrics,
        *,
        live_actors_max: int,
        mailbox_max: int,
    ) -> None:
        self._nursery = nursery
        self._live_task = live
        self._metrics = metrics
        self._max = live_actors_max
        self._mailbox_max = mailbox_max
        self._live: dict[ActorId, Mailbox] = {}
        self._idle: OrderedDict[ActorId, Mailbox] = OrderedDict()
        self._waiting: OrderedDict[ActorId, None] = OrderedDict()
        self._leaving: set[ActorId] = set()
        """Asked to go, and not gone yet."""
        self._expected: OrderedDict[ActorId, None] = OrderedDict()
        """They have old messages and were not woken yet."""
        self._calmer = trio.Event()
        """Set whenever an actor has come to rest."""
        self._somebody_idle = trio.Event()
        self._stopping = False

    def inbox(self, rows: Sequence[InboxRow]) -> None:
        """Deliver rows that were just committed."""
        for row in rows:
            mailbox = self._live.get(row.actor)
            if mailbox is None or mailbox.asked_to_go:
                self.wake(row.actor)
            else:
                self._idle.pop(row.actor, None)
                mailbox.put(row)

    def wake(self, actor: ActorId) -> None:
        """Let an actor read its rows."""
        mailbox = self._live.get(actor)
        if self._stopping:
            return
        if mailbox is not None and not mailbox.asked_to_go:
            return
        if mailbox is not None or len(self._live) >= self._max:
            # It is just going, or there is no room: its turn comes when somebody has gone.
            self._waiting[actor] = None
            self._make_room()
        else:
            self._start(actor)

    def expect(self, actors: Iterable[ActorId]) -> None:
        """These have messages from before; `wake_expected` will wake them."""
        self._expected.update(dict.fromkeys(actors))

    async def wake_expected(self) -> None:
        """Wake them a few at a time: whoever writes meanwhile must not be behind them all."""
        while self._expected and not self._stopping:
            for _ in range(min(_WOKEN_AT_ONCE, len(self._expected))):
                self.wake(self._expected.popitem(last=False)[0])
            while self._awake_and_busy > _WOKEN_AT_ONCE // 2:
                self._calmer = trio.Event()
                await self._calmer.wait()

    def is_live(self, actor: ActorId) -> bool:
        """Whether an actor has a task, or is about to get one."""
        return actor in self._live or actor in self._waiting or actor in self._expected

    def idle(self, mailbox: Mailbox) -> None:
        """An actor waits for messages; it may be asked to make room."""
        self._idle[mailbox.actor] = mailbox
        mailbox.idle_since_s = trio.current_time()
        self._calmer.set()
        self._somebody_idle.set()
        if self._waiting:
            self._make_room()

    def busy(self, mailbox: Mailbox) -> None:
        """An actor has something to do."""
        self._idle.pop(mailbox.actor, None)

    async def put_to_sleep(self, idle_s: float) -> None:
        """Ask whoever has waited for `idle_s` to go, until cancelled.

        One task for all: a deadline for each would cost every message two steps in trio's books.
        """
        while True:
            while not self._idle:
                self._somebody_idle = trio.Event()
                await self._somebody_idle.wait()
            due = next(iter(self._idle.values())).idle_since_s + idle_s
            if due <= trio.current_time():
                self._ask_to_go()
            else:
                await trio.sleep_until(due)

    @property
    def busy_count(self) -> int:
        """Actors that are handling messages, or wait for room to do so or for being woken."""
        return self._awake_and_busy + len(self._expected)

    @property
    def _awake_and_busy(self) -> int:
        return len(self._live) - len(self._idle) + len(self._waiting)

    @property
    def live_count(self) -> int:
        """Actors that have a task."""
        return len(self._live)

    @property
    def crowded(self) -> bool:
        """Whether actors wait for room while nobody is idle."""
        return bool(self._waiting) and not self._idle and len(self._live) >= self._max

    def go_to_the_back(self, mailbox: Mailbox) -> None:
        """End a live actor's task and let it wait for room behind the others. No checkpoint."""
        self._waiting[mailbox.actor] = None
        self._waiting.move_to_end(mailbox.actor)
        self.gone(mailbox)

    def stop(self) -> None:
        """Start nobody any more; who is idle goes, who is busy finishes its turn first."""
        self._stopping = True
        for mailbox in list(self._live.values()):
            mailbox.make_room()

    def _make_room(self) -> None:
        surplus = len(self._live) - len(self._leaving) - self._max + len(self._waiting)
        for _ in range(min(surplus, len(self._idle))):
            self._ask_to_go()

    def _ask_to_go(self) -> None:
        """The one that has waited longest."""
        actor, mailbox = self._idle.popitem(last=False)
        self._leaving.add(actor)
        mailbox.make_room()

    def _start(self, actor: ActorId) -> None:
        mailbox = Mailbox(actor, self._mailbox_max)
        self._live[actor] = mailbox
        self._nursery.start_soon(self._run, mailbox, name=f"actor {actor}")

    async def _run(self, mailbox: Mailbox) -> None:
        gauge = self._metrics.live_actors.labels(kind_of(mailbox.actor))
        gauge.inc()
        try:
            await self._live_task(mailbox)
        finally:
            gauge.dec()
            self.gone(mailbox)

    def gone(self, mailbox: Mailbox) -> None:
        """An actor has no task any more. No checkpoint between its last look and this."""
        if self._live.get(mailbox.actor) is mailbox:
            del self._live[mailbox.actor]
            self._idle.pop(mailbox.actor, None)
            self._leaving.discard(mailbox.actor)
        self._calmer.set()
        self._start_waiting()

    def _start_waiting(self) -> None:
        # Only the front of the queue is looked at: after a restart it may be very long.
        going: list[ActorId] = []
        while self._waiting and len(self._live) < self._max and not self._stopping:
            actor, _ = self._waiting.popitem(last=False)
            if actor in self._live:
                going.append(actor)
            else:
                self._start(actor)
        for actor in reversed(going):
            self._waiting[actor] = None
            self._waiting.move_to_end(actor, last=False)
