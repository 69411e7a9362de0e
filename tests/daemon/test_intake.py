"""From what a request meant to rows, in one unit of work."""

from __future__ import annotations

from typing import Any

import pytest

from actors.codec import decode_message
from actors.ids import CONVERSATION, ActorId, MessageId, is_actor_id
from actors.messages import CustomerWrote, DeliveryFailed, Message, Typed
from actors.values import Fault
from adapters.ports import (
    Damaged,
    DeliveryReceipt,
    Event,
    ForActor,
    ForAlias,
    ForCustomer,
    HttpAnswer,
    Reception,
)
from daemon.intake import Intake
from daemon.tree import Switchboard
from state.memory_disk import MemoryDisk
from state.memory_store import MemoryStore
from state.rows import Acceptance
from state.store import StoreFull
from tests.daemon.parts import ANN, CUSTOMER, NOW_MS, HandClock, Log, Shell, owed, shell

WROTE = CustomerWrote(CUSTOMER, Typed("my secret words"), NOW_MS)


class Door:
    """An intake on a store of its own."""

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self.log = Log()
        store = MemoryStore(self.disk, Switchboard())
        self.intake = Intake(store, HandClock(), self.log.logger)

    async def take(self, *events: Event | Damaged, **more: Any) -> Acceptance:
        return await self.intake.accept(Reception(HttpAnswer(200), events, **more), "whatsapp")

    def heard(self) -> list[Message]:
        return [decode_message(letter.row.body) for letter in self.disk.letters.values()]


def wrote(message_id: str, alias: str = "106/51999") -> Event:
    return Event(MessageId(message_id), ForCustomer(alias), WROTE, opens_window_s=86_400)


async def test_a_new_customer_gets_a_conversation_and_an_open_window() -> None:
    door = Door()
    assert (await door.take(wrote("w:1"))).taken == 1
    [letter] = door.disk.letters.values()
    assert is_actor_id(letter.row.actor, CONVERSATION)
    assert letter.row.at_ms == NOW_MS
    assert door.heard() == [WROTE]
    assert door.disk.windows == {letter.row.actor: NOW_MS + 86_400_000}
    assert door.intake.under_way == 0


async def test_two_messages_of_a_new_customer_make_one_conversation() -> None:
    door = Door()
    await door.take(wrote("w:1"), wrote("w:2"))
    await door.take(wrote("w:3"))
    assert len({letter.row.actor for letter in door.disk.letters.values()}) == 1
    assert len(door.disk.letters) == 3


async def test_the_id_of_a_conversation_is_random() -> None:
    """Made from the number, it would let the number's next owner into this chat."""
    found = set()
    for _ in range(20):
        door = Door()
        await door.take(wrote("w:1"))
        found |= {letter.row.actor for letter in door.disk.letters.values()}
    assert len(found) == 20


async def test_the_same_event_again_is_taken_once() -> None:
    door = Door()
    await door.take(wrote("w:1"))
    again = await door.take(wrote("w:1"), wrote("w:2"))
    assert (again.taken, again.duplicates) == (1, 1)
    [_, line] = door.log.of("accepted")
    assert (line["taken"], line["duplicates"], line["source"]) == (1, 1, "whatsapp")


async def test_a_damaged_event_is_kept_and_does_not_harm_its_neighbours() -> None:
    door = Door()
    damaged = Damaged(MessageId("w:bad"), b"\x00my secret words", "no sender")
    accepted = await door.take(wrote("w:1"), damaged, wrote("w:2"))
    assert accepted.taken == 3
    dead = [letter for letter in door.disk.letters.values() if letter.error is not None]
    assert [(one.row.message_id, one.error, one.row.body) for one in dead] == [
        ("w:bad", "no sender", damaged.raw)
    ]


async def test_nothing_that_was_written_gets_into_the_log() -> None:
    door = Door()
    await door.take(wrote("w:1"), Damaged(MessageId("w:2"), b"my secret words", "bad"))
    assert "secret" not in repr(door.log.lines)
    assert "51999" not in repr(door.log.lines)


async def test_who_must_exist_does() -> None:
    door = Door()
    event = Event(MessageId("t:1"), ForActor(ActorId("job_x"), must_exist=True), WROTE)
    assert (await door.take(event)).refused == 1
    free = Event(MessageId("t:1"), ForActor(ActorId("job_x"), must_exist=False), WROTE)
    assert (await door.take(free)).taken == 1


async def test_a_message_for_a_name_that_nobody_has_yet_waits() -> None:
    door = Door()
    event = Event(MessageId("t:1"), ForAlias("telco:main:77", park_s=600), WROTE)
    assert (await door.take(event)).parked == 1
    [parked] = door.disk.parked.values()
    assert (parked.alias, parked.until_ms) == ("telco:main:77", NOW_MS + 600_000)


async def test_receipts_settle_and_failures_are_told() -> None:
    async with shell() as parts:
        parts.registry.stop()
        await parts.owe(owed("eff_ok"), owed("eff_bad", lane="b"))
        await claim(parts, "lane", "b")
        door = Door(parts.disk)
        accepted = await door.take(
            receipts=(
                DeliveryReceipt("eff_ok.1", 2, "v1"),
                DeliveryReceipt("eff_bad.1", 0, None, "recipient_unreachable", "131026"),
                DeliveryReceipt("nobody.1", 1),
                DeliveryReceipt("strange", 1, None, "x"),
            )
        )
        assert (accepted.receipts_known, accepted.receipts_unknown) == (2, 2)
        assert parts.state_of("eff_ok") == "delivered"
        assert parts.state_of("eff_bad") == "rejected"
        [letter] = parts.disk.letters.values()
        failed = DeliveryFailed(owed("eff_bad").effect, Fault("recipient_unreachable", "131026"))
        assert (letter.row.actor, decode_message(letter.row.body)) == (ANN, failed)


async def claim(parts: Shell, *lanes: str) -> None:
    for lane in lanes:
        await parts.store.store.claim(lane, NOW_MS)


async def test_a_full_store_is_told_and_nothing_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full(*_args: object, **_kwargs: object) -> Acceptance:
        raise StoreFull

    door = Door()
    monkeypatch.setattr(MemoryStore, "accept", full)
    with pytest.raises(StoreFull):
        await door.take(wrote("w:1"))
    assert door.intake.under_way == 0
    assert door.log.lines == []
