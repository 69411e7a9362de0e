"""The daemon's work in one loop: turns, calls and timers, one after another, in virtual time.

What lives here: the order in which things happen where the daemon has tasks. What must not: a
rule. Actors, turns, outbox, the judgement of outcomes and the adapters are the daemon's own; only
what runs them is another: no task, no thread, no file, no socket, and nothing ever waits.

What comes first where several things could is `stage`'s to say; here, what actors have not heard
yet comes before messages to customers.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence

from actors import outcomes
from actors.calls import Call, promise_of
from actors.codec import decode_call
from actors.conversation.state import Surroundings
from actors.ids import ActorId, EffectId, timer_message_id
from actors.kinds import AnyLiving, wake
from actors.outcomes import Outcome, Rejected
from actors.values import Fault
from adapters.ports import Attempt, HttpRequest, Sender
from daemon import sending
from daemon.intake import arrival_of, receipt_of
from daemon.pools import pool_of, pools_of
from daemon.sending import Pace
from daemon.turn import TurnResult, run_turn
from daemon.wiring import Vendors
from state import memory_outbox, memory_turns
from state.memory_disk import MemoryDisk
from state.rows import Claimed, InboxRow, LaneRing, NothingDue, OutboxRow, SettleAs, Settlement
from state.work import Rings

_MESSAGES = "/message"
"""The end of the names of lanes of messages to customers."""
_SETTLED_KEPT = 50
"""Calls that are remembered after their end, for the receipts that may follow."""

Watch = Callable[[AnyLiving, InboxRow, TurnResult], None]
"""Sees each turn: the actor after it, the message, and what came of it."""


class OneLoop:
    """The daemon on a disk in memory. It can be killed and started: the disk is what stays."""

    def __init__(
        self,
        vendors: Vendors,
        around: Surroundings,
        now_ms: Callable[[], int],
        pace: Pace,
        watch: Watch,
    ) -> None:
        self.disk = MemoryDisk()
        self.running = False
        self._vendors = vendors
        self._around = around
        self._now_ms = now_ms
        self._pace = pace
        self._watch = watch
        self._minted = 0
        self._settled: deque[EffectId] = deque()
        self._forget()

    def _forget(self) -> None:
        """All that is in memory only."""
        self._living: dict[ActorId, AnyLiving] = {}
        self._rows: deque[InboxRow] = deque()
        self._ready: dict[str, str] = {}
        """Lanes that may have something to send, and their destinations, oldest first."""
        self._later: list[tuple[int, str, str]] = []
        self._looks: list[int] = []
        """When calls of unknown fate are looked at."""
        self._paused_ms: dict[str, int] = {}

    # --- beginning and end ----------------------------------------------------------------------

    def start(self) -> None:
        """Begin, or go on from the disk."""
        self.disk.epoch += 1
        self.running = True
        self._rows = deque(
            letter.row for letter in self.disk.letters.values() if letter.done_ms is None
        )
        for call in self.disk.calls.values():
            if call.state == "pending":
                self.lanes([call.ring(call.due_ms)])
            elif call.state == "unknown":
                heapq.heappush(self._looks, call.due_ms)

    def kill(self) -> None:
        """End at once."""
        self.running = False
        self._forget()

    # --- the bell (of `state.store`) ------------------------------------------------------------

    def inbox(self, rows: Sequence[InboxRow]) -> None:
        """New messages."""
        self._rows.extend(rows)

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        """New or newly due calls."""
        for ring in rings:
            self._ready_at(ring.due_ms, ring.lane, ring.destination)

    def looked_at(self, lanes: Sequence[str]) -> None:
        """Nothing rings while a lane is looked at: there is one loop."""

    def timer(self, due_ms: int) -> None:
        """A timer was set: found on the disk when it is due."""

    def _ready_at(self, due_ms: int, lane: str, destination: str) -> None:
        if due_ms > self._now_ms():
            heapq.heappush(self._later, (due_ms, lane, destination))
        else:
            self._ready[lane] = destination

    # --- the door -------------------------------------------------------------------------------

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Take a webhook; the status of the answer."""
        known = self._vendors.receivers.get(path)
        if known is None:
            return 404
        now_ms = self._now_ms()
        _, receiver = known
        understood = receiver.receive(HttpRequest("POST", path, (), headers, body, now_ms))
        disk, rings = self.disk, Rings()
        windows: memory_turns.Windows = {}
        taken = [
            memory_turns.take(disk, rings, arrival_of(event, now_ms, self._mint), windows)
            for event in understood.events
        ]
        disk.open_windows(rings, windows)
        for receipt in understood.receipts:
            memory_outbox.apply_receipt(disk, rings, receipt_of(receipt, now_ms))
        rings.ring(self)
        if taken == ["refused"] and understood.answer_if_refused is not None:
            return understood.answer_if_refused.status
        return understood.answer.status

    def _mint(self) -> str:
        # Where the daemon draws lots, a test goes the same way each time.
        self._minted += 1
        return str(self._minted)

    # --- one thing at a time --------------------------------------------------------------------

    async def step(self) -> bool:
        """Do the next thing of the chat itself: a turn, or a message to a customer.

        False where there is nothing to do now.
        """
        if self._rows:
            self._turn(self._rows.popleft())
            return True
        return await self._serve_one(lambda lane: lane.endswith(_MESSAGES))

    async def call(self) -> bool:
        """Make one call to a vendor; False where there is nothing to do now."""
        return await self._serve_one(lambda _lane: True)

    async def _serve_one(self, wanted: Callable[[str], bool]) -> bool:
        self._call_up()
        now_ms = self._now_ms()
        going = (lane for lane in self._ready if self._paused_until_ms(lane) <= now_ms)
        lane = next((lane for lane in going if wanted(lane)), None)
        if lane is None:
            return False
        await self._serve(lane, self._ready.pop(lane))
        return True

    def fire_due(self) -> bool:
        """Let timers fire and looks happen that are due; False where none are."""
        now_ms, disk = self._now_ms(), self.disk
        due = sorted((t.due_ms, key) for key, t in disk.timers.items() if t.due_ms <= now_ms)
        rings = Rings()
        for _, key in due:
            timer = disk.timers.pop(key)
            message_id = timer_message_id(timer.actor, timer.name, timer.generation)
            disk.put(rings, message_id, timer.actor, now_ms, timer.body)
        rings.ring(self)
        looked = self._look_at_unknown(now_ms)
        return bool(due) or looked

    def next_due_ms(self) -> int | None:
        """When something falls due by itself."""
        dues = [timer.due_ms for timer in self.disk.timers.values()]
        dues += [entry[0] for entry in self._later[:1]] + self._looks[:1]
        now_ms = self._now_ms()
        dues += [until for lane in self._ready if (until := self._paused_until_ms(lane)) > now_ms]
        return min(dues, default=None)

    # --- turns ----------------------------------------------------------------------------------

    def _turn(self, row: InboxRow) -> None:
        at_rest = self.disk.actors.get(row.actor)
        living = self._living.get(row.actor)
        if living is None:
            state = (at_rest.state or None) if at_rest is not None else None
            living = self._living[row.actor] = wake(row.actor, state)
        result = run_turn(living, at_rest, [row], self._now_ms(), self._around)
        rings = Rings()
        memory_turns.check(self.disk, result.commit)
        memory_turns.apply(self.disk, rings, result.commit)
        # Of what is handled only the memory of duplicates is needed: a test may be long.
        del self.disk.letters[row.position]
        rings.ring(self)
        self._watch(living, row, result)

    # --- calls ----------------------------------------------------------------------------------

    def _call_up(self) -> None:
        now_ms = self._now_ms()
        while self._later and self._later[0][0] <= now_ms:
            _, lane, destination = heapq.heappop(self._later)
            self._ready[lane] = destination

    def _paused_until_ms(self, lane: str) -> int:
        return self._paused_ms.get(pool_of(lane, self._ready[lane]), 0)

    async def _serve(self, lane: str, destination: str) -> None:
        match memory_outbox.claim(self.disk, lane, self._now_ms()):
            case NothingDue(next_due_ms):
                if next_due_ms is not None:
                    heapq.heappush(self._later, (next_due_ms, lane, destination))
            case Claimed(row, more):
                self._settle(await self._attempt(row))
                if more:
                    self._ready[lane] = destination

    async def _attempt(self, row: OutboxRow) -> Settlement:
        call = decode_call(row.body)
        instead = sending.before(row, call, self._now_ms())
        if instead is not None:
            return instead
        sender = self._vendors.sender_of(row.destination)
        outcome = await self._perform(sender, call, row)
        pause_s = sending.pause_s(outcome, self._pace)
        if pause_s is not None:
            for pool in pools_of(row.destination):
                self._paused_ms[pool] = self._now_ms() + round(pause_s * 1000)
        promise = sender.promise(call) if sender is not None else promise_of(call)
        return sending.after(row, call, outcome, promise, self._now_ms(), self._pace)

    async def _perform(self, sender: Sender | None, call: Call, row: OutboxRow) -> Outcome:
        if sender is None:
            return Rejected(Fault(outcomes.NOT_CONFIGURED), alarm=True)
        name = f"{row.effect}.{row.attempts}"
        attempt = Attempt(name, row.attempts, self._now_ms(), row.actor, row.effect)
        return await sender.perform(call, attempt)

    def _settle(self, settlement: Settlement) -> None:
        rings = Rings()
        memory_outbox.settle(self.disk, rings, settlement)
        rings.ring(self)
        self._forget_old_calls(settlement.effect)
        if settlement.outcome is SettleAs.UNKNOWN and settlement.due_ms is not None:
            heapq.heappush(self._looks, settlement.due_ms)

    def _forget_old_calls(self, settled: EffectId) -> None:
        self._settled.append(settled)
        if len(self._settled) > _SETTLED_KEPT:
            oldest = self._settled.popleft()
            call = self.disk.calls.get(oldest)
            if call is not None and call.done_ms is not None:
                del self.disk.calls[oldest]

    def _look_at_unknown(self, now_ms: int) -> bool:
        looked = False
        while self._looks and self._looks[0] <= now_ms:
            heapq.heappop(self._looks)
            looked = True
        if looked:
            for call in list(self.disk.calls.values()):
                if call.state == "unknown" and call.due_ms <= now_ms:
                    row = call.outside(self.disk.windows.get(call.actor))
                    self._settle(sending.reconcile(row, decode_call(row.body), now_ms))
        return looked
