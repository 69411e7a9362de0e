"""What a conversation knows.

What lives here: the persisted state, and what a turn may know besides. What must not: decisions.
Fields are only ever added, with defaults. Times are milliseconds since 1970 in UTC. Holds personal
data.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from actors.flow.model import Flow
from actors.flow.render import pick
from actors.ids import ActorId, EffectId
from actors.messages import Envelope, JobReported, News
from actors.turn import Turn
from actors.values import Choice, Customer, Line, Scalar

TRANSCRIPT_MAX = 20
JOBS_MAX = 10
AGENT_LINES_MAX = 20

NEWS_AT_REST = frozenset(
    {
        News.SUCCEEDED,
        News.FAILED,
        News.NOTHING_CHANGED,
        News.TIMED_OUT,
        News.FATE_UNKNOWN,
        News.CANCELLED,
        News.CORRECTED,
    }
)
"""News after which an attempt does not go on by itself."""

NEWS_OF_FAILURE = frozenset({News.FAILED, News.NOTHING_CHANGED, News.TIMED_OUT, News.FATE_UNKNOWN})
"""News that ask the customer for a decision."""


class JobView(Struct, frozen=True):
    """A job as its conversation last heard of it."""

    id: ActorId
    name: str
    """The job's name in the flow."""
    device: str
    device_label: str | None
    started_ms: int
    report: JobReported
    reported_ms: int

    @property
    def running(self) -> bool:
        """Whether an attempt is under way."""
        return self.report.news not in NEWS_AT_REST

    @property
    def undecided(self) -> bool:
        """Whether it failed and the customer has not said what to do."""
        return self.report.news in NEWS_OF_FAILURE


class HandoverView(Struct, frozen=True):
    """The open hand-over as its conversation last heard of it."""

    id: ActorId
    agent: str | None = None
    joined: bool = False


class AgentLine(Struct, frozen=True):
    """An agent's line on its way to the customer."""

    effect: EffectId
    handover: ActorId
    line_id: str


class Waiting(Struct, frozen=True):
    """A web request whose answer the flow waits for."""

    effect: EffectId
    step: str
    sent_at_ms: int = 0
    """When the customer did what led here."""
    old_tap: bool = False
    """They tapped a menu that had scrolled away."""
    requests: int = 0
    """How many were made before this one since the customer did something."""
    pressed: str | None = None
    """The choice that led here; None: something else did."""


class Frame(Struct, frozen=True):
    """A sub-flow that the conversation is in, and where it goes on after it."""

    flow: str
    then: str
    """The address of a step."""


class Conversation(Struct, frozen=True):
    """The state of a conversation; persisted."""

    customer: Customer
    language: str
    flow_version: str
    turn: int = 0
    """Rises with each menu or question of the flow that is shown."""
    step: str | None = None
    """The menu or question that was shown last; None before the first."""
    waiting: Waiting | None = None
    values: dict[str, Scalar] = {}
    choices: tuple[Choice, ...] = ()
    """What was shown last to choose from, so that a number or a word can stand for a tap."""
    jobs: tuple[JobView, ...] = ()
    handover: HandoverView | None = None
    transcript: tuple[Line, ...] = ()
    last_inbound_ms: int = 0
    last_said: EffectId | None = None
    said_anew: EffectId | None = None
    """What was said once more because nobody knew whether it had arrived; that is done once."""
    progress_slot_ms: int = 0
    """When the last progress message was, or will be, due."""
    agent_lines: tuple[AgentLine, ...] = ()
    """The agent's last lines, so that a late failure can be reported to the desk."""
    unsupported_ms: int = 0
    """When we last said that we cannot read pictures and the like."""
    timers: dict[str, int] = {}
    timer_generation: int = 0
    misses: int = 0
    """Answers in a row that did not fit the question that was asked last."""
    stack: tuple[Frame, ...] = ()
    """The sub-flows that the conversation is in, the innermost last."""
    muted: bool = False
    """The customer does not want to hear the progress of jobs."""

    def job(self, job: ActorId) -> JobView | None:
        """The view of a job of this conversation."""
        return next((view for view in self.jobs if view.id == job), None)


class Surroundings(Struct, frozen=True):
    """What a turn of a conversation may know besides its state and the message."""

    flows: Mapping[str, Flow]
    """By version; holds every version that a conversation may be in."""
    flow_version: str
    """The version that new conversations get."""
    default_language: str
    time_zone: str = "UTC"
    """For opening hours, and for the dates and times that customers read."""
    tap_age_max_s: int = 600
    progress_spacing_s: int = 15


class ConversationTurn(Turn[Conversation]):
    """One turn of a conversation."""

    def __init__(
        self,
        actor: ActorId,
        envelope: Envelope,
        now_ms: int,
        state: Conversation,
        around: Surroundings,
    ) -> None:
        super().__init__(actor, envelope, now_ms, state)
        self.around = around
        self.sent_at_ms = now_ms
        """When the customer did what this turn is about."""
        self.old_tap = False
        """The button that was tapped belongs to a menu that had scrolled away."""
        self.requests = 0
        """Web requests made since the customer did something, before this turn."""
        self.pressed: str | None = None
        """The choice of a menu that led to what this turn is about."""
        self.texts: list[str] = []
        """Said in this turn and not yet sent: they become one message."""
        self.trail: list[str] = []
        """The steps that were carried out in this turn."""

    @property
    def flow(self) -> Flow:
        """The flow that this conversation is in."""
        return self.around.flows[self.state.flow_version]

    @property
    def desk_language(self) -> str:
        """The language that the agents read."""
        return self.flow.handover.language or self.flow.languages[0]

    @property
    def stale(self) -> bool:
        """Whether what the customer did is too old to start or cancel anything."""
        return self.now_ms - self.sent_at_ms > self.around.tap_age_max_s * 1000

    def text(self, text: Mapping[str, str]) -> str:
        """A text of the flow in the customer's language."""
        return pick(text, self.state.language, self.flow.languages[0])
