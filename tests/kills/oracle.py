"""The oracle: everything that is promised, looked at when all has come to rest.

What lives here: webhooks, starts, the desk and the log; each chat is `transcript`'s. What must
not: playing or killing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from actors.ids import EffectId
from adapters.ports import HttpRequest, Receiver, Reception
from adapters.sandbox.courier import Courier
from adapters.sandbox.desk import DeskChat
from adapters.sandbox.wire import Parcel
from adapters.sandbox.world import SandboxWorld, World
from daemon.wiring import Vendors
from tests.endtoend.reading import events
from tests.kills.evidence import Evidence
from tests.kills.people import Customer
from tests.kills.verdict import Broken, Counted, Verdict

_OUTSIDE = ("whatsapp:", "telco:", "genesys:")


# --- webhooks -----------------------------------------------------------------------------------


def webhooks(world: SandboxWorld, vendors: Vendors, found: Evidence, verdict: Verdict) -> None:
    """Whatever was acknowledged is handled, once."""
    taken = {each.id: each for each in found.taken}
    ranks = {each.said.effect: each.rank for each in found.sent}
    posted: set[str] = set()
    for courier in world.couriers:
        for parcel in courier.log:
            reception = _understood(courier, parcel, vendors, world)
            posted |= {event.message_id for event in reception.events}
            if not parcel.taken:
                verdict.broken(Broken.NOT_AT_REST, f"{parcel.id} was never acknowledged")
                continue
            for event in reception.events:
                verdict.checked["webhooks"] += 1
                row = taken.get(event.message_id)
                if row is None:
                    verdict.broken(Broken.UNHANDLED, f"{event.message_id} is not in the database")
                elif not row.done or row.error is not None:
                    verdict.broken(Broken.UNHANDLED, f"{event.message_id}: {row.error or 'open'}")
            for receipt in reception.receipts:
                verdict.checked["receipts"] += 1
                effect = EffectId(receipt.attempt_id.rpartition(".")[0])
                if ranks.get(effect, -1) < receipt.rank:
                    verdict.broken(Broken.UNHANDLED, f"a receipt of {receipt.attempt_id}")
    for name in taken:
        if name.startswith(_OUTSIDE) and name not in posted:
            verdict.broken(Broken.HANDLED_TWICE, f"{name} is not what was posted")


def _understood(
    courier: Courier, parcel: Parcel, vendors: Vendors, world: SandboxWorld
) -> Reception:
    path = urlsplit(parcel.target).path
    receiver: Receiver = vendors.receivers[path][1]
    headers = courier.headers(parcel)
    return receiver.receive(
        HttpRequest("POST", path, (), headers, parcel.body, world.clock.now_ms())
    )


# --- the provider and the desk ------------------------------------------------------------------


def starts(world: World, expected: Sequence[World], verdict: Verdict) -> None:
    """No attempt is started twice, and none is missing but what was cancelled before it began."""
    for what, found in (("starts", world.telco.starts), ("restarts", world.telco.fires)):
        for correlation, count in Counter(each.correlation for each in found).items():
            verdict.checked["starts"] += 1
            if count > 1:
                verdict.broken(Broken.DOUBLE_START, f"{correlation}: {count} {what}")
    wanted = Counter(each.device for one in expected for each in one.telco.starts)
    ours = Counter(each.device for each in world.telco.starts)
    cancelled = Counter(
        job.device
        for one in expected
        for job in one.telco.jobs.values()
        if job.state == "cancelled"
    )
    for device in wanted | ours:
        missing = wanted[device] - ours[device]
        cuts = [death for death, cut in verdict.cut_calls("StartJob") if cut.device == device]
        if 0 < missing <= min(cancelled[device], len(cuts)):
            for death in cuts[:missing]:
                verdict.count(Counted.TAKEN_BACK, death)
        elif missing:
            detail = f"{device}: {ours[device]} starts, not {wanted[device]}"
            verdict.broken(Broken.WRONG, detail)


def desk(customers: Sequence[Customer], expected: Sequence[Customer], verdict: Verdict) -> None:
    """The agents read what the customer wrote, in order; twice only where an answer was lost."""
    doubles = 0
    for ours, theirs in zip(customers, expected, strict=True):
        if len(ours.chats) != len(theirs.chats):
            detail = f"{ours.name}: {len(ours.chats)} chats, not {len(theirs.chats)}"
            verdict.broken(Broken.WRONG, detail)
        for chat, wanted in zip(ours.chats, theirs.chats, strict=False):
            verdict.checked["chats"] += 1
            doubles += len(list(_from_us(chat))) - len(_lines(chat))
            # The first line tells what happened before, what was said once more included.
            if _lines(chat)[1:] != _lines(wanted)[1:]:
                verdict.broken(Broken.WRONG, f"{ours.name}: the agent sees {_lines(chat)[1:]}")
    lost = len(verdict.cut_calls("OpenDesk", "SendToDesk"))
    if doubles > lost:
        verdict.broken(Broken.DOUBLE, f"{doubles} lines at the desk, {lost} answers were lost")
    for _ in range(min(doubles, lost)):
        verdict.count(Counted.DESK_DOUBLE)


def _from_us(chat: DeskChat) -> Iterator[tuple[str, str]]:
    for line in chat.transcript:
        if line.message_id is not None:
            yield line.message_id, line.text


def _lines(chat: DeskChat) -> list[str]:
    return list(dict(_from_us(chat)).values())


# --- the process --------------------------------------------------------------------------------


def process(log: Path, found: Evidence, world: SandboxWorld, verdict: Verdict) -> None:
    """Nothing is left over, no message was handled by two turns, and no error was logged."""
    for what in found.open:
        verdict.broken(Broken.NOT_AT_REST, what)
    handled: Counter[str] = Counter()
    for event in events(log):
        if event["event"] == "turn_refused" and event["reason"] == "ConstraintBroken":
            verdict.broken(Broken.HANDLED_TWICE, f"what a turn of {event['actor']} wants is there")
        elif event["level"] in ("error", "critical"):
            told = {key: event[key] for key in ("event", "reason", "outcome") if key in event}
            verdict.broken(Broken.ERROR, str(told))
        elif event["event"] == "turn":
            handled[event["message_id"]] += 1
    for name, count in handled.items():
        if count > 1:
            verdict.broken(Broken.HANDLED_TWICE, f"{name}: {count} turns")
    for code, details in world.whatsapp.rejected:
        verdict.broken(Broken.WRONG, f"the platform refused a message: {code} {details}")
