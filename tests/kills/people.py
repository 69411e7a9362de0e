"""Customers, and the agents whom some of them meet: what each does when, and on what they wait.

What lives here: steps, who carries them out, and the loop that lets time pass between them. What
must not: which steps there are (`chapters`), or how a world comes to rest (a `Host` knows).

Everybody waits for what a person would wait for, such as the answer to the last tap. So the same
script means the same whether the answer comes at once or only after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from adapters.sandbox.customers import CrmCustomer, CustomerLine, Router
from adapters.sandbox.desk import DeskChat
from adapters.sandbox.patterns import matches
from adapters.sandbox.phone import Phone
from adapters.sandbox.telco_jobs import Plot
from adapters.sandbox.world import World

PATIENCE_S = 600
"""Then one goes on all the same; what never came is the oracle's affair."""

_SMALL_STEP_MS = 20
_AREA_CODES = (201, 203, 205, 206, 207, 208, 209, 210, 212, 213)
CROWD_MAX = 100 * len(_AREA_CODES)
_PLAN = {"name": "Fibra 300", "down_mbps": 300, "up_mbps": 150, "price": 89.9, "currency": "PEN"}


# --- steps --------------------------------------------------------------------------------------


class Write(Struct, frozen=True):
    """The customer writes."""

    text: str


class Tap(Struct, frozen=True):
    """The customer taps, on the last message that offers it.

    `fresh`: on what has come since they did something. Where nothing offers it, they type it.
    """

    title: str
    fresh: bool = True


class Arrange(Struct, frozen=True):
    """What is in store for this customer's next job."""

    plot: Plot


class Accept(Struct, frozen=True):
    """An agent takes the chat."""

    name: str


class Line(Struct, frozen=True):
    """The agent writes."""

    text: str


class End(Struct, frozen=True):
    """The agent ends the chat."""


class Pause(Struct, frozen=True):
    """So much time passes."""

    seconds: int


class Shown(Struct, frozen=True):
    """Wait until a message like this has come since the customer did something."""

    pattern: str


class Offered(Struct, frozen=True):
    """Wait until something with this title can be tapped, since the customer did something."""

    title: str


class Desk(Struct, frozen=True):
    """Wait until the customer's chat at the desk is in this state."""

    state: str


class DeskSees(Struct, frozen=True):
    """Wait until the agents see this line."""

    text: str


Act = Write | Tap | Arrange | Accept | Line | End
Wait = Shown | Offered | Desk | DeskSees
Step = Act | Wait | Pause


# --- one customer -------------------------------------------------------------------------------


class Customer:
    """One customer in one world, with what is still to be done."""

    def __init__(self, world: World, number: int, steps: Sequence[Step]) -> None:
        self.world = world
        self.name = f"Customer {number}"
        self.device = f"r-k{number}"
        self.phone = _phone(world, number, self.name, self.device)
        self.impatient: list[Wait] = []
        """What did not come in time."""
        self._left = list(steps)
        self._since_ms: int | None = None
        self._mark = 0
        """How much of the chat there was when the customer did something last."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._left

    @property
    def chats(self) -> list[DeskChat]:
        """This customer's chats at the desk, oldest first."""
        return [chat for chat in self.world.genesys.chats if chat.nickname == self.name]

    def go_on(self) -> bool:
        """Do the next thing if it is time for it; whether something was done."""
        while self._left:
            step = self._left[0]
            if not self._is_time(step):
                return False
            self._left.pop(0)
            self._since_ms = None
            if not isinstance(step, Pause | Wait):
                self._do(step)
                return True
        return False

    def next_due_ms(self) -> int | None:
        """When this customer goes on whatever happens."""
        if self._since_ms is None or not self._left:
            return None
        step = self._left[0]
        seconds = step.seconds if isinstance(step, Pause) else PATIENCE_S
        return self._since_ms + seconds * 1000

    def _is_time(self, step: Step) -> bool:
        if self._since_ms is None:
            self._since_ms = self.world.clock.now_ms()
        waited_s = (self.world.clock.now_ms() - self._since_ms) / 1000
        match step:
            case Pause(seconds):
                return waited_s >= seconds
            case Shown() | Offered() | Desk() | DeskSees():
                if self._has_come(step):
                    return True
                if waited_s >= PATIENCE_S:
                    self.impatient.append(step)
                    return True
                return False
            case _:
                return True

    def _has_come(self, wait: Wait) -> bool:
        fresh = self.phone.received[self._mark :]
        match wait:
            case Shown(pattern):
                return any(matches(pattern, message.text) for message in fresh)
            case Offered(title):
                return any(each.title == title for message in fresh for each in message.choices)
            case Desk(state):
                return bool(self.chats) and self.chats[-1].state == state
            case DeskSees(text):
                return any(
                    line.text == text for chat in self.chats[-1:] for line in chat.transcript
                )

    def _do(self, act: Act) -> None:
        match act:
            case Write(text):
                self._mark = len(self.phone.received)
                self.phone.write(text)
            case Tap():
                self._tap(act)
            case Arrange(plot):
                self.world.telco.plot_next(plot, self.device)
            case Accept(name):
                self._at_desk(lambda chat: chat.accept(name))
            case Line(text):
                self._at_desk(lambda chat: chat.say(text))
            case End():
                self._at_desk(lambda chat: chat.end())

    def _tap(self, tap: Tap) -> None:
        offered = self.phone.received[self._mark :] if tap.fresh else self.phone.received
        self._mark = len(self.phone.received)
        for message in reversed(offered):
            if any(choice.title == tap.title for choice in message.choices):
                self.phone.tap(tap.title, message)
                return
        self.phone.write(tap.title)

    def _at_desk(self, act: Callable[[DeskChat], object]) -> None:
        # Whoever never came to the desk, or is gone, was waited for in vain: see `impatient`.
        if self.chats and self.chats[-1].open:
            act(self.chats[-1])


def _phone(world: World, number: int, name: str, device: str) -> Phone:
    """The customer's phone; the customer system knows who that is."""
    # Numbers that are set aside for fiction.
    area, last = divmod(number, 100)
    digits = f"+1{_AREA_CODES[area]}55501{last:02d}"
    line = CustomerLine(f"l-k{number}", f"Street {number}", "Fibra 300", (Router(device, "HG-8"),))
    world.services.customers[digits] = CrmCustomer(f"c-k{number}", name, (line,), _PLAN, 89.9)
    return world.whatsapp.phone(digits, name)


# --- all of them --------------------------------------------------------------------------------


class Host(Protocol):
    """Whoever answers the customers of a world: the real process, or the core alone."""

    @property
    def world(self) -> World:
        """The world."""

    async def settle(self) -> None:
        """Returns when nothing more happens before the time moves on."""

    def next_due_ms(self) -> int | None:
        """When something falls due by itself, as of the last rest."""


async def play(host: Host, customers: Sequence[Customer]) -> None:
    """Let everybody do what they have to do."""
    while not all(customer.done for customer in customers):
        await host.settle()
        # All whose time has come act in the same instant.
        acted = [customer for customer in customers if customer.go_on()]
        if not acted:
            dues = [due for each in customers if (due := each.next_due_ms()) is not None]
            _pass_time(host, dues)


async def pass_time(host: Host, seconds: int) -> None:
    """Let time pass, from event to event."""
    await host.world.pass_time(seconds * 1000, settle=host.settle, next_due_ms=host.next_due_ms)


def _pass_time(host: Host, dues: list[int]) -> None:
    clock = host.world.clock
    now = clock.now_ms()
    dues += [due for due in (clock.next_due_ms(), host.next_due_ms()) if due is not None]
    due = min(dues, default=now)
    clock.advance(due - now if due > now else _SMALL_STEP_MS)
