"""One chat at the agents' desk: who is in it, what its agent sees and does.

What lives here: the participants of a conversation as Genesys Cloud keeps them
(https://developer.genesys.cloud/routing/conversations/), and the agent's side for the player. What
must not: HTTP (`genesys`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.telco_jobs import rfc3339

GAP_MS = 3_000
"""How long after an agent's refusal or a transfer nobody is in the chat but the customer."""


@dataclass(eq=False)
class DeskLine:
    """One line of the chat as the agent's screen shows it."""

    id: str
    who: str
    """`customer`, the agent's name, or `flow`."""
    text: str
    at_ms: int
    message_id: str | None = None
    """The daemon's own id of a line that it posted."""
    receipt: str | None = None
    """For an agent's line: `Delivered` or `Failed`, once the daemon has said so."""
    reasons: tuple[str, ...] = ()


@dataclass(eq=False)
class Participant:
    """Somebody or something in the conversation."""

    id: str
    purpose: str
    state: str
    queue: str | None = None
    name: str | None = None
    connected_ms: int | None = None
    disconnect_type: str | None = None

    @property
    def alive(self) -> bool:
        """Whether it is still in the conversation."""
        return self.state not in ("disconnected", "terminated")

    def leave(self, how: str) -> None:
        """Leave the conversation, unless that has happened already."""
        if self.alive:
            self.state, self.disconnect_type = "disconnected", how

    def document(self) -> dict[str, Any]:
        """As the interface shows it."""
        shown: dict[str, Any] = {"id": self.id, "purpose": self.purpose, "state": self.state}
        if self.queue is not None:
            shown["queue"] = {"id": self.queue}
        if self.name is not None:
            shown |= {"name": self.name, "user": {"id": f"user-{self.name.lower()}"}}
        if self.connected_ms is not None:
            shown["connectedTime"] = rfc3339(self.connected_ms)
        if self.disconnect_type is not None:
            shown["disconnectType"] = self.disconnect_type
        return shown


@dataclass(eq=False)
class DeskChat:
    """One conversation, and the hands of its agent."""

    id: str
    customer: str
    """The `from.id` that the daemon gave the customer."""
    queue: str
    clock: Agenda
    post_line: Callable[[DeskChat, DeskLine, str], None]
    post_typing: Callable[[DeskChat], None]
    new_id: Callable[[], str]
    nickname: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    """What the daemon told of the case; the agent's script shows it."""
    transcript: list[DeskLine] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The customer comes in and stands in the queue."""
        self._join("customer", "connected")
        self._enqueue()

    @property
    def state(self) -> str:
        """`queued`, `ringing`, `active`, `gap` (between two agents) or `ended`."""
        if not self.participants[0].alive:
            return "ended"
        agent = self.agent
        if agent is not None:
            return "active" if agent.state == "connected" else "ringing"
        return "queued" if any(p.purpose == "acd" and p.alive for p in self.participants) else "gap"

    @property
    def open(self) -> bool:
        """Whether the conversation has not ended."""
        return self.state != "ended"

    @property
    def agent(self) -> Participant | None:
        """The agent who is in the chat, or whose screen rings."""
        return next((p for p in self.participants if p.purpose == "agent" and p.alive), None)

    # --- what an agent does -------------------------------------------------------------------

    def ring(self, name: str = "Rita") -> None:
        """Offer the chat to an agent."""
        self._need("queued", "gap")
        self._join("agent", "alerting", name)

    def accept(self, name: str = "Rita") -> None:
        """An agent takes the chat."""
        self._need("queued", "gap", "ringing")
        agent = self.agent
        if agent is not None and agent.name != name:
            agent.leave("transfer.noanswer")
            agent = None
        agent = agent or self._join("agent", "alerting", name)
        agent.state, agent.connected_ms = "connected", self.clock.now_ms()
        self._leave("acd", "transfer")

    def reject(self) -> None:
        """The agent whose screen rings does not want it; after a gap it is queued again."""
        self._need("ringing")
        self._leave("agent", "transfer.noanswer")
        self._leave("acd", "transfer.noanswer")
        self._queue_again()

    def say(self, text: str, *, by_flow: bool = False) -> DeskLine:
        """Write a line to the customer; as the desk's flow where `by_flow`, then in any state."""
        if not by_flow:
            self._need("active")
        agent = self.agent
        who = "flow" if by_flow or agent is None else str(agent.name)
        line = DeskLine(self.new_id(), who, text, self.clock.now_ms())
        self.transcript.append(line)
        self.post_line(self, line, "Bot" if by_flow else "Human")
        return line

    def type(self) -> None:
        """Begin to write: a typing sign goes out."""
        self._need("active")
        self.post_typing(self)

    def transfer(self, queue: str | None = None, *, gap_ms: int = GAP_MS) -> None:
        """Send the chat to another queue, or back to this one; it is there after a gap."""
        self._need("active")
        self._leave("agent", "transfer")
        self.queue = queue or self.queue
        self._queue_again(gap_ms)

    def end(self) -> None:
        """The agent ends the chat."""
        self._need("active")
        self._leave("agent", "client")
        self._leave("customer", "peer")

    # --- what the interface does --------------------------------------------------------------

    def disconnect(self, how: str = "client") -> None:
        """End it from outside: everybody leaves."""
        for participant in self.participants:
            participant.leave(how)

    def document(self) -> dict[str, Any]:
        """As the interface shows it, with flat participants."""
        customer = {
            "attributes": dict(self.attributes),
            "type": "open",
            "messages": [
                {"messageId": line.id, "messageTime": rfc3339(line.at_ms)}
                for line in self.transcript
            ],
        }
        shown = [participant.document() for participant in self.participants]
        shown[0] |= customer
        return {"id": self.id, "participants": shown, "recentTransfers": []}

    def _need(self, *states: str) -> None:
        if self.state not in states:
            raise RuntimeError(f"the chat is {self.state}, not {' or '.join(states)}")

    def _join(self, purpose: str, state: str, name: str | None = None) -> Participant:
        queue = None if purpose == "customer" else self.queue
        joined = Participant(self.new_id(), purpose, state, queue, name)
        if state == "connected":
            joined.connected_ms = self.clock.now_ms()
        self.participants.append(joined)
        return joined

    def _leave(self, purpose: str, how: str) -> None:
        for participant in self.participants:
            if participant.purpose == purpose:
                participant.leave(how)

    def _enqueue(self) -> None:
        self._join("acd", "connected")

    def _queue_again(self, gap_ms: int = GAP_MS) -> None:
        def again() -> None:
            if self.state == "gap":
                self._enqueue()

        self.clock.call_later(gap_ms, again)
