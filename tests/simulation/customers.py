"""Customers: what they tap and type, on what their phone shows.

What lives here: acts of customers and how they reach us (late, twice). What must not: what we make
of them.
"""

from __future__ import annotations

import trio
from msgspec import Struct

from actors.ids import MessageId
from actors.messages import CustomerWrote, Input, Other, Tapped, Typed
from actors.values import Choice, Customer
from adapters.ports import Event, ForCustomer
from tests.simulation.phone import Platform
from tests.simulation.world import World

NUMBER = "106"
_WORDS = (
    *("menu", "estado", "asesor", "1", "2", "3", "reiniciar", "actualizar", "si", "no", "bot"),
    *("hola", "xyz", "linea", "70013", "volver al bot", "plan"),
)
_WEIGHTS = {
    "restart": 12,
    "update": 6,
    "yes": 25,
    "anyway": 12,
    "retry": 30,
    "cancel": 3,
    "agent": 2,
    "language": 0.2,
    "plan": 0.3,
    "bill": 0.3,
    "outage": 0.3,
    "visit": 0.3,
}
_WINDOW_S = 86_400


class Act(Struct, frozen=True):
    """One thing that a customer did."""

    message_id: MessageId
    customer: str
    at_ms: int
    menu_choice: bool


class Person:
    """A customer with a phone."""

    def __init__(self, world: World, platform: Platform, number: int) -> None:
        # The last digit decides what the customer system knows: 9 nothing, 2 two lines.
        digits = f"3460000{number}{world.dice('phones').choice('123459')}"
        self.customer = Customer(NUMBER, digits, f"+{digits}", "Ana")
        self.acts: list[Act] = []
        self._world = world
        self._platform = platform
        self._dice = world.dice(f"customer {number}")

    async def live(self) -> None:
        """Do this and that until the trouble is over, then one last thing."""
        world, dice = self._world, self._dice
        await trio.sleep(dice.uniform(0, 60))
        self._do(Typed("hola"))
        while True:
            await trio.sleep(self._pause_s())
            if world.calm:
                break
            chosen = self._choose()
            self._do(chosen)
            if dice.random() < 0.12:
                # A second tap, before the first was answered.
                await trio.sleep(dice.choice((0.0, 0.3, 2.0)))
                self._do(chosen)
        tap = self._tap(old=False)
        self._do(tap if tap is not None else Typed("menu"))

    def _pause_s(self) -> float:
        draw = self._dice.random()
        if draw < 0.75:
            return self._dice.uniform(1, 15)
        return self._dice.uniform(15, 90) if draw < 0.93 else self._dice.uniform(90, 700)

    def _choose(self) -> Input:
        draw = self._dice.random()
        if draw < 0.8:
            tap = self._tap(old=draw > 0.7)
            if tap is not None:
                return tap
        if draw > 0.98:
            return Other("sticker")
        return Typed(self._dice.choice(_WORDS))

    def _tap(self, *, old: bool) -> Tapped | None:
        shown = self._platform.phones.get(self.customer.identifier, [])
        tappable = [each.say.choices for each in shown if each.say.choices]
        if not tappable:
            return None
        choices = self._dice.choice(tappable) if old else tappable[-1]
        if not old and self._dice.random() < 0.3:
            # What else is still on the screen, such as the menu below a failed job.
            choices = tuple(choice for each in tappable[-3:] for choice in each)
        [choice] = self._dice.choices(choices, [_weight(each) for each in choices])
        return Tapped(choice.id, choice.title)

    def _do(self, act: Input) -> None:
        world, dice = self._world, self._dice
        message_id = MessageId(f"whatsapp:{self.customer.identifier}.{len(self.acts)}")
        done = Act(message_id, self.customer.identifier, world.now_ms(), isinstance(act, Tapped))
        self.acts.append(done)
        world.note("customer", f"{message_id} > {act}")
        wrote = CustomerWrote(self.customer, act, done.at_ms)
        alias = ForCustomer(f"{NUMBER}/{self.customer.identifier}")
        event = Event(message_id, alias, wrote, opens_window_s=_WINDOW_S)
        late_s = dice.uniform(0.05, 0.5)
        if not world.calm and dice.random() < world.plan.webhooks_late:
            late_s = dice.choice((dice.uniform(5, 60), dice.uniform(60, 1500)))
        for _ in range(2 if dice.random() < world.plan.webhooks_twice else 1):
            world.soon(lambda: world.bring(event, "whatsapp"), late_s + dice.uniform(0, 0.5))


def _weight(choice: Choice) -> float:
    return _WEIGHTS.get(choice.id.rpartition("/")[2], 1)
