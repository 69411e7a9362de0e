"""The language of the flow file, as frozen structs.

What lives here: every keyword, with its meaning; the JSON Schema is made from these structs. What
must not: a keyword that the program does not carry out. The language grows by new fields with
defaults and by new steps; `format` changes only when an old file would mean something else.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from actors.policies import HandoverPolicy, JobPolicy
from actors.values import Scalar

Text = Annotated[dict[str, str], Meta(min_length=1)]
"""What is said, by language: `{es: Hola, en: Hello}`. `{name}` puts a value in."""

Words = dict[str, tuple[str, ...]]
"""What a customer may type instead of tapping, by language; case and accents do not matter."""

StepName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a menu."""

    title: Text
    goto: StepName
    description: Text | None = None
    words: Words = {}


class Menu(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="menu"):
    """Shows options and waits: up to 3 as buttons, up to 10 as a list."""

    text: Text
    options: Annotated[dict[StepName, Option], Meta(min_length=1, max_length=10)]


class Message(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="message"):
    """Says something and goes on. Texts that follow each other become one message."""

    text: Text
    then: StepName


class Question(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="question"):
    """Asks for words, keeps them under a name, and goes on."""

    text: Text
    keep: str
    then: StepName
    longest: int = 60
    """In characters; a longer answer is asked for again."""


class Request(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="request"):
    """A JSON web request to a service of the configuration.

    The customer's chat does not stand still: whoever writes meanwhile is answered, and an answer
    that comes too late for where they are is left aside.
    """

    service: str
    path: str
    then: StepName
    """Where to go with a 2xx answer that holds everything in `keep`."""
    on_error: StepName
    """Where to go when the service cannot be reached or answers otherwise."""
    method: str = "GET"
    query: dict[str, str] = {}
    body: dict[str, Scalar] | None = None
    timeout_s: float = 8.0
    keep: dict[str, str] = {}
    """Name -> path in the answer, such as `0.lines.0.id`."""
    on_missing: StepName | None = None
    """Where to go when the answer lacks something in `keep`; default: `on_error`."""
    on_status: dict[str, StepName] = {}
    """Where to go on a certain status, such as `"404": unknown_customer`."""


class Branch(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="branch"):
    """Goes on depending on a value that was kept."""

    value: str
    cases: dict[str, StepName]
    """The value as text -> where to go; true, false and null are written like that."""
    otherwise: StepName


class StartJob(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="start_job"):
    """Starts a job beside the conversation and goes on at once."""

    job: str
    then: StepName


class JobStatus(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="job_status"):
    """Says how the customer's jobs stand, with what can be done about them, and goes on."""

    then: StepName


class Handover(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="handover"):
    """Brings the customer to a person."""


class SetLanguage(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="set_language"
):
    """Speaks another language from here on."""

    language: str
    then: StepName


Step = Menu | Message | Question | Request | Branch | StartJob | JobStatus | Handover | SetLanguage


class GlobalWord(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that lead somewhere from anywhere in the bot."""

    words: Words
    goto: StepName


class JobTexts(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said at each state of a job. `{device}`, `{step}`, `{retries_left}` can be used."""

    requested: Text
    waiting_for_provider: Text
    accepted: Text
    stalled: Text
    unseen: Text
    succeeded: Text
    failed: Text
    nothing_changed: Text
    timed_out: Text
    fate_unknown: Text
    cancelling: Text
    cancelled: Text
    cancel_too_late: Text
    corrected: Text
    checking: Text
    already_running: Text
    """Somebody asks for a job while this one runs on the same router."""
    steps: dict[str, Text] = {}
    """By the provider's step id; a step without a text is not told."""


class JobMenu(Struct, frozen=True, forbid_unknown_fields=True):
    """The titles of what can be done about a job."""

    retry: Text
    agent: Text
    leave: Text
    cancel: Text


class Job(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of job that the flow can start."""

    kind: str
    """The job kind in the provider's contract."""
    device: str
    """The name of the kept value that holds the router's id."""
    title: Text
    texts: JobTexts
    menu: JobMenu
    provider: str = "main"
    account: str | None = None
    """The name of the kept value that holds the account."""
    device_label: str | None = None
    """The name of the kept value that names the router to the customer."""
    policy: JobPolicy = JobPolicy()


class HandoverTexts(Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer hears around a chat with a person. `{agent}` can be used."""

    queued: Text
    joined: Text
    ended: Text
    left: Text
    nobody: Text
    unavailable: Text
    already: Text
    leave: Text
    """The title of the button that leads back to the bot."""


class Desk(Struct, frozen=True, forbid_unknown_fields=True):
    """How people come in."""

    texts: HandoverTexts
    summary: Text
    """The first thing that the agent reads: `{customer}`, `{device}`, `{jobs}`, `{transcript}`."""
    job_line: Text
    """News of a job for the agent: `{job}`, `{news}`."""
    language: str | None = None
    """The agents' language; default: the flow's first."""
    leave_words: Words = {}
    policy: HandoverPolicy = HandoverPolicy()


class Phrases(Struct, frozen=True, forbid_unknown_fields=True):
    """What the bot says on its own account."""

    not_understood: Text
    unsupported: Text
    """Instead of a picture, a sticker, a voice note."""
    too_long: Text
    stale: Text
    """A tap so old that it starts nothing any more."""
    no_jobs: Text
    choose: Text
    """The label of the button that opens a list; 20 characters at most."""
    apology: Text
    """After an error of ours."""
    person: Text
    """The title of the button that leads to a person; 20 characters at most."""


class Flow(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole flow file."""

    format: Annotated[int, Meta(ge=1, le=1)]
    name: str
    languages: Annotated[tuple[str, ...], Meta(min_length=1)]
    """The first one is spoken where a text lacks the customer's."""
    entry: StepName
    """Where a conversation begins, and begins again after a day."""
    root: StepName
    """The menu to which everything comes back."""
    steps: dict[StepName, Step]
    phrases: Phrases
    handover: Desk
    jobs: dict[str, Job] = {}
    words: dict[str, GlobalWord] = field(default_factory=dict)
