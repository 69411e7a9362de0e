"""The memory store's side of calls: claims, settlements, receipts.

What lives here: the same decisions as in `sending` and `accepting`, over `MemoryDisk`, written a
second time on purpose: where the two disagree, the contract suite says so. What must not: the
protocol itself (`memory_store`).
"""

from __future__ import annotations

from actors.ids import MessageId
from state.accepting import attempt_of
from state.memory_disk import Call, MemoryDisk
from state.rows import Claimed, NothingDue, Receipt, SettleAs, Settlement
from state.work import Rings


def claim(disk: MemoryDisk, lane: str, now_ms: int) -> Claimed | NothingDue:
    """See `Store.claim`."""
    calls = [call for call in disk.calls.values() if call.new.lane == lane]
    if any(call.state == "sending" for call in calls):
        return NothingDue(None)
    next_due_ms: int | None = None
    for call in calls:
        if call.state != "pending":
            continue
        if call.due_ms <= now_ms:
            window_ms = disk.windows.get(call.actor)
            call.state, call.epoch, call.window_ms = "sending", disk.epoch, window_ms
            call.attempts, call.started_ms = call.attempts + 1, now_ms
            more = any(other.state == "pending" for other in calls)
            return Claimed(call.outside(window_ms), more)
        next_due_ms = call.due_ms if next_due_ms is None else min(next_due_ms, call.due_ms)
        if call.attempts > 0:
            break
    return NothingDue(next_due_ms)


def settle(disk: MemoryDisk, rings: Rings, unit: Settlement) -> bool:
    """See `Store.settle`."""
    call = disk.calls.get(unit.effect)
    if call is None or call.attempts != unit.attempts or call.state not in ("sending", "unknown"):
        return False
    left_behind = call.state == "sending" and call.epoch != disk.epoch
    due_ms = unit.at_ms if unit.due_ms is None else unit.due_ms
    window_ms = disk.windows.get(call.actor)
    moved_on = window_ms is not None and (call.window_ms is None or window_ms > call.window_ms)
    match unit.outcome:
        case SettleAs.DELIVERED | SettleAs.REJECTED | SettleAs.DROPPED:
            call.state, call.done_ms = unit.outcome.value, unit.at_ms
        case SettleAs.RETRY:
            call.state, call.due_ms = "pending", due_ms
        case SettleAs.RESEND:
            call.state, call.due_ms = "pending", due_ms
            call.resends += 1
        case SettleAs.UNKNOWN:
            call.state, call.due_ms = "unknown", due_ms
        case SettleAs.HOLD if moved_on:
            call.state, call.due_ms = "pending", unit.at_ms
        case SettleAs.HOLD:
            call.state = "held"
    if call.state == "pending":
        rings.lanes.append(call.ring(call.due_ms))
    elif left_behind:
        rings.lanes.append(call.ring(unit.at_ms))
    call.vendor_id, call.error = unit.vendor_id or call.vendor_id, unit.error
    if unit.tell is not None:
        tell = unit.tell
        disk.put(rings, tell.message_id, tell.actor, tell.at_ms, tell.body, tell.cause)
    return True


def apply_receipt(disk: MemoryDisk, rings: Rings, receipt: Receipt) -> bool:
    """What a receipt does; whether it is about one of our attempts."""
    attempt = attempt_of(receipt.attempt_id)
    call = None if attempt is None else disk.calls.get(attempt[0])
    if attempt is None or call is None or not 1 <= attempt[1] <= call.attempts:
        return False
    was_sending = call.state == "sending"
    call.vendor_id = receipt.vendor_id or call.vendor_id
    if receipt.failure is not None:
        if attempt[1] == call.attempts:
            _fail(disk, rings, call, receipt.at_ms, receipt.failure)
    else:
        if receipt.rank >= 1 and call.done_ms is None:
            call.state, call.done_ms = "delivered", receipt.at_ms
        call.rank = max(call.rank, receipt.rank)
    if was_sending and call.state != "sending":
        rings.lanes.append(call.ring(receipt.at_ms))
    return True


def _fail(disk: MemoryDisk, rings: Rings, call: Call, at_ms: int, body: bytes) -> None:
    if call.rank >= 2 or call.state in ("rejected", "dropped"):
        return
    call.state = "rejected"
    call.done_ms = at_ms if call.done_ms is None else call.done_ms
    message_id = MessageId(f"{call.new.effect}.failed")
    disk.put(rings, message_id, call.actor, at_ms, body, call.new.cause)
