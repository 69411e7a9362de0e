"""The customer system (CRM) and the agents' desk.

What lives here: two vendors behind one `Sender` each. What must not: what the flow or a hand-over
makes of their answers.
"""

from __future__ import annotations

import json

import trio
from msgspec import Raw, Struct

from actors import outcomes
from actors.calls import (
    Call,
    CloseDesk,
    OpenDesk,
    Promise,
    QueryDesk,
    ReportLine,
    SendToDesk,
    WebRequest,
    promise_of,
)
from actors.ids import ActorId, EffectId, MessageId
from actors.messages import DeskClosed, DeskObserved, DeskOpened, DeskWrote, RequestAnswered
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import DeskState, Fault
from adapters.ports import Attempt, Event, ForActor
from tests.simulation.world import Tried, World


class Crm:
    """Answers web requests of the flow."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice("crm")

    def promise(self, call: Call) -> Promise:
        """As the core's own."""
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Answer, or not."""
        assert isinstance(call, WebRequest)
        fate = self._world.fate(self._dice, self._world.plan.crm_trouble)
        with trio.move_on_after(call.timeout_s):
            outcome = await self._world.call(call, attempt, fate, self._answer)
            return Transient(outcome.fault) if isinstance(outcome, Unknown) else outcome
        return Transient(Fault(outcomes.TIMEOUT))

    def _answer(self, tried: Tried) -> Outcome:
        call, dice = tried.call, self._dice
        assert isinstance(call, WebRequest)
        status, document = 200, _document(call, dice.random())
        if document is None:
            status = 404
        elif not self._world.calm and dice.random() < self._world.plan.crm_trouble / 2:
            status, document = 500, None
        body = Raw(json.dumps(document).encode())
        return Delivered(answer=RequestAnswered(EffectId(tried.effect), status, body))


def _document(call: WebRequest, chance: float) -> object:
    if call.path.endswith("/outage"):
        return {"active": chance < 0.2, "until": None}
    if call.path.endswith("/visit/first"):
        return {"day": "2027-02-01", "part": "morning"}
    if call.path.endswith("/visit") and call.method == "PUT":
        return call.body
    if call.path.endswith("/visit"):
        return {"day": "2027-02-02", "part": "afternoon"} if chance < 0.5 else None
    if call.path == "/notes":
        return {"id": "n-1"}
    if call.path.endswith("/plan"):
        return {"name": "Fibra", "down_mbps": 600, "up_mbps": 300, "price": 25, "currency": "EUR"}
    if call.path.endswith("/bill"):
        return {"amount": 25, "currency": "EUR", "due_date": "2027-01-31"}
    digits = (call.query.get("phone") or call.query.get("account") or "0").strip("+ ")
    last = digits[-1:]
    if last == "9" and not call.query.get("account"):
        return None
    lines = [_line(digits, number) for number in range(2 if last == "2" else 1)]
    return [{"id": f"c{digits}", "name": "Ana", "lines": lines}]


def _line(digits: str, number: int) -> dict[str, object]:
    device = {"id": f"r{digits}-{number}", "model": "HG8145"}
    return {"id": f"l{number}", "address_hint": "C/ Luna", "plan": "Fibra", "devices": [device]}


class Chat(Struct):
    """A chat at the desk."""

    ref: str
    state: DeskState = DeskState.QUEUED
    closed: bool = False
    lines: int = 0
    heard: int = 0

    def move(self, state: DeskState) -> None:
        """Change, unless it is over."""
        if not self.closed:
            self.state = state


class Desk:
    """Chats, and the agents who take them or do not."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice("desk")
        self.chats: dict[ActorId, Chat] = {}
        self.written: dict[str, bool] = {}
        """Lines that agents wrote, and whether the desk said that it was a person."""

    def promise(self, call: Call) -> Promise:
        """As the core's own."""
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Open, pass on, look, close, report."""
        fate = self._world.fate(self._dice, self._world.plan.desk_trouble)
        outcome = await self._world.call(call, attempt, fate, self._act)
        # As the real adapter: nothing that a desk is asked may not be asked again.
        return Transient(outcome.fault) if isinstance(outcome, Unknown) else outcome

    def _act(self, tried: Tried) -> Outcome:
        call, dice, world = tried.call, self._dice, self._world
        match call:
            case OpenDesk(handover):
                if not world.calm and dice.random() < world.plan.desk_trouble / 4:
                    return Rejected(Fault(outcomes.FORBIDDEN))
                return self._open(handover)
            case SendToDesk(handover):
                self.chats[handover].heard += 1
                return Delivered(tried.effect)
            case QueryDesk(handover):
                state = self.chats[handover].state
                world.note("desk", f"{handover} is {state.value}")
                agent = "Eva" if state is DeskState.ACTIVE else None
                return Delivered(answer=DeskObserved(state, agent))
            case CloseDesk(handover):
                chat = self.chats[handover]
                chat.state, chat.closed = DeskState.GONE, True
                return Delivered(answer=DeskClosed())
            case ReportLine():
                return Delivered()
            case other:
                raise TypeError(type(other).__name__)

    def _open(self, handover: ActorId) -> Outcome:
        world, dice = self._world, self._dice
        chat = self.chats.get(handover)
        if chat is None:
            chat = self.chats[handover] = Chat(f"d{len(self.chats) + 1}")
            world.note("desk", f"opens {chat.ref} for {handover}")
            world.soon(lambda: self._attend(handover), dice.uniform(1, 60))
        nameless = not world.calm and dice.random() < 0.05
        return Delivered(answer=DeskOpened(None if nameless else chat.ref))

    async def _attend(self, handover: ActorId) -> None:
        """An agent's evening: nobody comes, somebody refuses, or somebody talks and ends."""
        dice, chat = self._dice, self.chats[handover]
        if dice.random() < 0.2:
            return
        if dice.random() < 0.3:
            chat.move(DeskState.RINGING)
            await trio.sleep(dice.uniform(1, 15))
            chat.move(dice.choice((DeskState.QUEUED, DeskState.GONE)))
            await trio.sleep(dice.uniform(0.5, 5))
        chat.move(DeskState.ACTIVE)
        for _ in range(dice.randint(0, 4)):
            await trio.sleep(dice.uniform(1, 40))
            if chat.closed and dice.random() < 0.8:
                break
            self._write(handover, chat)
        await trio.sleep(dice.uniform(1, 120))
        if dice.random() < 0.9:
            chat.state, chat.closed = DeskState.GONE, True

    def _write(self, handover: ActorId, chat: Chat) -> None:
        dice, world = self._dice, self._world
        chat.lines += 1
        line_id = f"{chat.ref}.{chat.lines}"
        signed = dice.choice((True, True, None))
        self.written[line_id] = signed is True
        world.note("desk", f"agent writes {line_id}")
        wrote = DeskWrote(line_id, f"line {line_id}", signed, chat.ref)
        event = Event(MessageId(f"genesys:{line_id}"), ForActor(handover), wrote)
        for _ in range(2 if dice.random() < world.plan.webhooks_twice else 1):
            late_s = dice.uniform(0, 1) if dice.random() < 0.8 else dice.uniform(1, 20)
            world.soon(lambda: world.bring(event, "genesys"), late_s)
