"""The messaging platform and the customers' phones.

What lives here: taking messages, receipts, and what each phone shows. What must not: what a
customer does (`customers`).
"""

from __future__ import annotations

from msgspec import Struct

from actors import outcomes
from actors.calls import Call, Promise, Say, promise_of
from actors.outcomes import Delivered, Outcome
from adapters.ports import Attempt, DeliveryReceipt, HttpAnswer, Reception
from tests.simulation.world import Tried, World

_SENDS_RANK = {1: 0.9, 2: 0.7, 3: 0.3}


class Shown(Struct, frozen=True):
    """A message on a phone."""

    at_ms: int
    effect: str
    say: Say


class Platform:
    """A `Sender` with the phones behind it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice("platform")
        self.phones: dict[str, list[Shown]] = {}
        self.failed: set[str] = set()
        """Effects that the platform said it could not deliver."""

    def promise(self, call: Call) -> Promise:
        """As the core's own."""
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Show it on the phone, if fate wills."""
        assert isinstance(call, Say)
        fate = self._world.fate(self._dice, self._world.plan.chat_trouble)
        return await self._world.call(call, attempt, fate, self._show)

    def _show(self, tried: Tried) -> Outcome:
        world, say = self._world, tried.call
        assert isinstance(say, Say)
        attempt_id = f"{tried.effect}.{tried.number}"
        dice = self._dice
        if not world.calm and dice.random() < world.plan.chat_trouble / 10:
            self.failed.add(tried.effect)
            self._receipt(DeliveryReceipt(attempt_id, 0, fault_code=outcomes.RECIPIENT))
            return Delivered(f"wamid.{attempt_id}")
        world.note("phone", f"{say.to.identifier} < {tried.effect} {say.purpose.value} {_in(say)}")
        shown = Shown(world.now_ms(), tried.effect, say)
        self.phones.setdefault(say.to.identifier, []).append(shown)
        for rank in (1, 2, 3):
            if dice.random() < _SENDS_RANK[rank] and dice.random() >= world.plan.receipts_missing:
                self._receipt(DeliveryReceipt(attempt_id, rank, f"wamid.{attempt_id}"))
                if dice.random() < 0.1:
                    self._receipt(DeliveryReceipt(attempt_id, rank))
        return Delivered(f"wamid.{attempt_id}")

    def _receipt(self, receipt: DeliveryReceipt) -> None:
        dice = self._dice
        late_s = dice.uniform(0, 3) if dice.random() < 0.7 else dice.uniform(3, 150)

        async def bring() -> None:
            await self._world.bring_all(Reception(HttpAnswer(200), receipts=(receipt,)), "whatsapp")

        self._world.soon(bring, late_s)


def _in(say: Say) -> str:
    choices = "".join(f" [{choice.title}]" for choice in say.choices)
    return f"{say.text[:50]!r}{choices}"
