"""A customer's chat played on the pure core: `Chat` holds the state and does what a shell would.

Each message is decided twice, to see that nothing but the arguments counts, and the state goes
through its stored form between messages.
"""

from __future__ import annotations

from actors import conversation, fallback
from actors.buttons import LeaveButton, encode
from actors.calls import Purpose, Say, WebRequest
from actors.codec import StateCodec, decode_message, encode_message
from actors.conversation.state import Conversation, Surroundings
from actors.effects import Decision, Do, Effect, Note, Tell
from actors.flow.check import check_flow
from actors.ids import (
    CONVERSATION,
    HANDOVER,
    ROUTER_JOB,
    ActorId,
    EffectId,
    MessageId,
    actor_id,
    effect_id,
)
from actors.messages import (
    AgentSaid,
    CallRejected,
    CallUnknown,
    CustomerWrote,
    DeliveryFailed,
    Envelope,
    HandoverNews,
    HandoverReported,
    HandoverRequested,
    Input,
    JobReported,
    JobRequested,
    LineReturned,
    Message,
    News,
    Other,
    RequestAnswered,
    Tapped,
    Typed,
)
from actors.values import Choice, Customer, Fault, JobFault
from tests.actors.small_flow import around as small_surroundings
from tests.actors.small_flow import source

CODEC = StateCodec(Conversation, 1, {})
ANA = Customer("1065", "51999888777", "+51999888777", "Ana")
LOOK_UP = "/customers/%2B51999888777"
KNOWN = {
    LOOK_UP: (200, b'{"account": "A1", "routers": [{"id": "r-1", "label": "Router azul"}]}'),
    "/lines/r-1": (200, b'{"state": "up"}'),
}
START_MS = 1_700_000_000_000


class Chat:
    """A conversation under test."""

    def __init__(
        self,
        around: Surroundings | None = None,
        answers: dict[str, tuple[int, bytes]] | None = None,
        name: str = "ana",
    ) -> None:
        self.actor: ActorId = actor_id(CONVERSATION, name)
        self.around = around or small_surroundings()
        self.answers = KNOWN if answers is None else answers
        self.data: bytes | None = None
        self.now_ms = START_MS
        self.count = 0
        self.quarantined: bool | None = None
        """None: all is well. Else every message goes to the fallback."""
        self.said: list[tuple[EffectId, Do, Say]] = []
        self.requests: list[tuple[EffectId, WebRequest]] = []
        self.tells: list[Tell] = []
        self.notes: list[Note] = []
        self.effects: list[Effect] = []
        """Of the message heard last."""

    # --- what can be seen -----------------------------------------------------------------------

    @property
    def state(self) -> Conversation:
        assert self.data is not None
        return CODEC.decode(self.data)

    @property
    def last(self) -> Say:
        return self.said[-1][2]

    @property
    def last_id(self) -> EffectId:
        return self.said[-1][0]

    @property
    def last_do(self) -> Do:
        return self.said[-1][1]

    @property
    def titles(self) -> list[str]:
        return [choice.title for choice in self.last.choices]

    @property
    def jobs(self) -> list[tuple[ActorId, JobRequested]]:
        return [
            (tell.to, tell.message) for tell in self.tells if isinstance(tell.message, JobRequested)
        ]

    @property
    def job(self) -> ActorId:
        return self.jobs[-1][0]

    @property
    def handover(self) -> ActorId:
        return [tell.to for tell in self.tells if isinstance(tell.message, HandoverRequested)][-1]

    def told(self, to: ActorId) -> list[Message]:
        return [tell.message for tell in self.tells if tell.to == to]

    def noted(self) -> list[str]:
        return [note.event for note in self.notes]

    def button(self, title: str) -> str:
        """The id of the choice with this title that was shown last."""
        for _, _, say in reversed(self.said):
            for choice in say.choices:
                if choice.title == title:
                    return choice.id
        raise AssertionError(f"never shown: {title}")

    def all_choices(self) -> list[Choice]:
        return [choice for _, _, say in self.said for choice in say.choices]

    # --- what can be done -----------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)

    def hear(self, body: Message) -> list[Say]:
        """Let the conversation hear a message; what was said to the customer in answer."""
        before = len(self.said)
        self.count += 1
        envelope = Envelope(MessageId(f"m{self.count}"), self.now_ms, _stored(body))
        state = CODEC.decode(self.data) if self.data is not None else None
        decision, again = self.decide(state, envelope), self.decide(state, envelope)
        assert decision == again
        self.effects = []
        if decision is None:
            return []
        self.data = CODEC.encode(decision.state)
        self.effects = list(decision.effects)
        asked: list[tuple[EffectId, WebRequest]] = []
        for index, effect in enumerate(decision.effects):
            key = effect_id(self.actor, envelope.id, index)
            match effect:
                case Do(call=Say() as say):
                    self.said.append((key, effect, say))
                case Do(call=WebRequest() as request):
                    asked.append((key, request))
                case Tell():
                    self.tells.append(effect)
                case Note():
                    self.notes.append(effect)
                case _:
                    pass
        self.requests += asked
        for key, request in asked:
            if request.path in self.answers:
                self.answer(*self.answers[request.path], effect=key)
        return [say for _, _, say in self.said[before:]]

    def decide(
        self, state: Conversation | None, envelope: Envelope
    ) -> Decision[Conversation] | None:
        """What the conversation, or the fallback in its place, decides; changes nothing here."""
        if self.quarantined is None:
            return conversation.decide(self.actor, state, envelope, self.now_ms, self.around)
        return fallback.conversation(
            self.actor, state, envelope, self.now_ms, self.around, quarantined=self.quarantined
        )

    def does(self, what: Input, age_s: float = 0) -> list[Say]:
        return self.hear(CustomerWrote(ANA, what, self.now_ms - round(age_s * 1000)))

    def types(self, text: str, age_s: float = 0) -> list[Say]:
        return self.does(Typed(text), age_s)

    def taps(self, title: str, age_s: float = 0) -> list[Say]:
        """Tap what was shown last under this title."""
        return self.presses(self.button(title), age_s, title)

    def presses(self, button: str, age_s: float = 0, title: str = "") -> list[Say]:
        return self.does(Tapped(button, title), age_s)

    def sends(self, what: str) -> list[Say]:
        return self.does(Other(what))

    def answer(self, status: int, body: bytes, effect: EffectId | None = None) -> list[Say]:
        """Answer a web request; the oldest one that is open unless it is named."""
        effect = effect or self.requests[0][0]
        self.requests = [open_ for open_ in self.requests if open_[0] != effect]
        document = decode_message(
            b'{"type":"request_answered","effect":"%b","status":%d,"body":%b}'
            % (effect.encode(), status, body or b"null")
        )
        assert isinstance(document, RequestAnswered)
        return self.hear(document)

    def request_fails(
        self, *, unknown: bool = False, code: str = "timeout", detail: str = ""
    ) -> list[Say]:
        effect, request = self.requests.pop(0)
        fault = Fault(code, detail)
        kind = CallUnknown if unknown else CallRejected
        return self.hear(kind(effect, request, fault))

    def news(
        self,
        news: News,
        job: ActorId | None = None,
        *,
        attempt: int = 1,
        step: str | None = None,
        fault: JobFault | None = None,
        can_retry: bool = False,
        can_cancel: bool = False,
        retries_left: int = 0,
        again: bool = False,
    ) -> list[Say]:
        return self.hear(
            JobReported(
                job or self.job,
                attempt,
                news,
                step=step,
                fault=fault,
                can_retry=can_retry,
                can_cancel=can_cancel,
                retries_left=retries_left,
                again=again,
            )
        )

    def desk(self, news: HandoverNews, agent: str | None = None) -> list[Say]:
        return self.hear(HandoverReported(self.handover, news, agent))

    def agent_says(self, text: str, line_id: str = "L1", *, late: bool = False) -> list[Say]:
        return self.hear(AgentSaid(self.handover, line_id, text, late))

    def line_comes_back(self, text: str, handover: ActorId | None = None) -> list[Say]:
        return self.hear(LineReturned(handover or self.handover, text, self.now_ms))

    def hear_returned(self, text: str, age_s: float) -> list[Say]:
        """A line that the customer wrote some time ago comes back."""
        return self.hear(LineReturned(self.handover, text, self.now_ms - round(age_s * 1000)))

    def fate_unknown(self, index: int = -1) -> list[Say]:
        """Nobody can tell whether something that was said arrived."""
        effect, _, say = self.said[index]
        return self.hear(CallUnknown(effect, say, Fault("timeout")))

    def not_sent(self, index: int = -1, code: str = "window_closed") -> list[Say]:
        effect, _, say = self.said[index]
        return self.hear(CallRejected(effect, say, Fault(code)))

    def not_delivered(self, index: int = -1, code: str = "recipient_unreachable") -> list[Say]:
        return self.hear(DeliveryFailed(self.said[index][0], Fault(code)))

    # --- ways to a place ------------------------------------------------------------------------

    def starts_restart(self) -> ActorId:
        """From the main menu through the confirmation; the job's id."""
        self.taps("Reiniciar")
        self.taps("Sí")
        return self.job

    def meets_agent(self) -> ActorId:
        """From anywhere to a chat with an agent; the hand-over's id."""
        self.types("persona")
        self.desk(HandoverNews.QUEUED)
        self.desk(HandoverNews.JOINED, "Luz")
        return self.handover


def arrived(around: Surroundings | None = None) -> Chat:
    """A chat that stands in the main menu."""
    chat = Chat(around)
    chat.types("hola")
    assert chat.state.step == "main"
    return chat


def reached(text: str, **more: object) -> Chat:
    """A chat that stands at the step `test` of a flow made by `small_flow.extended`."""
    found = source(text)
    faults = check_flow(found, frozenset({"main"}), frozenset({"crm"}))
    assert not faults, "\n".join(map(str, faults))
    chat = arrived(
        small_surroundings(flows={found.version: found.flow}, flow_version=found.version, **more)
    )
    chat.taps("Más")
    return chat


def texts(said: list[Say]) -> list[str]:
    """What was said, without buttons."""
    return [say.text for say in said]


def questions(said: list[Say]) -> list[Say]:
    """The menus and questions in what was said."""
    return [say for say in said if say.purpose is Purpose.QUESTION]


def leave_button(chat: Chat, handover: ActorId) -> str:
    """The id of the button that leads back to the bot."""
    return encode(chat.actor, LeaveButton(handover))


def some_job(*parts: str) -> ActorId:
    """The id of a job of nobody's."""
    return actor_id(ROUTER_JOB, "other", *parts)


def some_handover() -> ActorId:
    """The id of a hand-over of nobody's."""
    return actor_id(HANDOVER, "other")


def starts_in(chat: Chat) -> list[ActorId]:
    """Jobs asked for by the message heard last."""
    return [
        effect.to
        for effect in chat.effects
        if isinstance(effect, Tell) and isinstance(effect.message, JobRequested)
    ]


def _stored(body: Message) -> Message:
    return decode_message(encode_message(body))
