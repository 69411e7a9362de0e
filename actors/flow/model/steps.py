"""The steps of a flow: `do` says which one it is.

What lives here: every step with its keys. What must not: carrying them out
(`actors.conversation.walk`). A conversation walks from step to step until one waits: a menu, a
question, a request, a hand-over.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actors.flow.model.answers import Answer
from actors.flow.model.basics import Expression, Json, StepName, Target, Text, ValueName, Words
from actors.values import Scalar

# --- said and asked -----------------------------------------------------------------------------


class Option(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a menu. A customer may tap it, or type its number, its title or its words."""

    title: Text
    """What is shown, without values: 20 characters at most up to 3 options, 24 from the fourth
    on."""
    goto: Target
    """Where to go when it is chosen."""
    description: Text | None = None
    """A second line, seen from the fourth option on: 72 characters at most, without values."""
    words: Words = {}
    """What may be typed instead of the title or its number."""
    when: Expression | None = None
    """Shown only where this is true. A button of an option that is hidden by now leads to the
    menu as it is. At least one option has no `when`."""


class Menu(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do", tag="menu"
):
    """Shows options and waits: up to 3 as buttons, up to 10 as a list."""

    text: Text
    """What is said above them: 1024 characters at most."""
    options: Annotated[dict[StepName, Option], Meta(min_length=1, max_length=10)]
    """By name, in the order in which they are shown."""


class Message(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="message",
):
    """Says something and goes on. Texts that follow each other become one message."""

    text: Text
    """What is said: 4096 characters at most."""
    then: Target
    """Where to go on."""


class Keyword(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Words that lead elsewhere instead of being an answer."""

    words: Words
    """What is typed; the whole answer must be one of them."""
    goto: Target
    """Where to go."""


class Question(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="question",
):
    """Asks for something, keeps the answer under a name, and goes on."""

    text: Text
    """What is asked: 4096 characters at most, 1024 above choices."""
    keep: str
    """The name under which the answer is kept."""
    then: Target
    """Where to go with an answer that fits."""
    longest: int = 60
    """In characters, where `answer` is left out: free text, asked for until it fits."""
    answer: Answer | None = None
    """What is asked for: `kind` is `text`, `number`, `date`, `account` or `choice`."""
    invalid: Text | None = None
    """Said when an answer does not fit, before the question comes again; default: the phrases
    `too_long` for free text, `not_understood` otherwise."""
    tries: Annotated[int, Meta(ge=1, le=10)] | None = None
    """How many answers that do not fit are taken; default: 3 with `answer` or `on_failure`, else
    without end."""
    on_failure: Target | None = None
    """Where to go after the last of them; default: the root menu, with `invalid` said first."""
    keywords: dict[StepName, Keyword] = {}
    """Words that lead elsewhere instead of being kept, such as "I do not know"."""


# --- services and values ------------------------------------------------------------------------


class Request(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="request",
):
    """A JSON web request to a service of the configuration.

    The customer's chat does not stand still: whoever writes meanwhile is answered, and an answer
    that comes too late for where they are is left aside. Ten requests in a row without a customer's
    doing end in the root menu: steps that go round through a service.
    """

    service: str
    """`[services.<service>]` of the configuration."""
    path: str
    """Below the service's address, beginning with a slash. `{name}` puts a value in, encoded so
    that it stays one part of the path."""
    then: Target
    """Where to go with a 2xx answer that holds everything in `keep`."""
    on_error: Target
    """Where to go when the service cannot be reached or answers otherwise."""
    method: str = "GET"
    """`GET` reads; `POST`, `PUT`, `PATCH` and `DELETE` write: they are never repeated, and a press
    that is old, or of a menu that has scrolled away, makes none."""
    query: dict[str, str] = {}
    """Name -> value behind the path; `{name}` puts a value in."""
    body: dict[str, Json] | None = None
    """The JSON object that is sent, 20 levels deep at most. `{name}` in any text in it puts a value
    in; a text that is nothing but `"{name}"` becomes the value itself: a number stays a number."""
    timeout_s: float = 8.0
    """How long an answer may take; at most `call_deadline_s` of the service in the configuration,
    which is 10 there unless it says otherwise."""
    keep: dict[str, str] = {}
    """Name -> path in the answer, such as `0.lines.0.id`; `#` at its end counts the elements:
    `lines.#`. A conversation keeps 100 values at most, of 1000 characters each."""
    on_missing: Target | None = None
    """Where to go when the answer lacks something in `keep`; default: `on_error`. What is there
    is kept, what is not becomes null."""
    on_status: dict[str, Target] = {}
    """Where to go on a certain status, such as `"404": unknown_customer`, or on a class of them:
    `4xx`, `5xx`. Nothing is kept then."""
    on_timeout: Target | None = None
    """Where to go when no answer came in time, or it was lost on its way, so that nobody knows
    whether a request that writes was carried out; default: `on_error`."""
    attempts: Annotated[int, Meta(ge=1, le=5)] | None = None
    """How often a `GET` is made until the service answers; default: `request_attempts_max` of the
    configuration. Other methods are made once."""


class Branch(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="branch",
):
    """Goes on depending on a value."""

    value: str
    """The name of the value."""
    cases: dict[str, Target]
    """The value as text -> where to go; true, false and null (also: never kept) are written like
    that."""
    otherwise: Target
    """Where to go with any other value."""


class If(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do", tag="if"
):
    """Goes on depending on an expression."""

    test: Expression
    """Such as `tries < 3 and plan == 'fibre'`."""
    then: Target
    """Where to go where it is true."""
    otherwise: Target
    """Where to go where it is not; what makes no sense is not true."""


class SetValues(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do", tag="set"
):
    """Keeps values, and goes on."""

    then: Target
    """Where to go on."""
    values: dict[ValueName, Scalar] = {}
    """Name -> a text, a number, true, false or null. `{name}` in a text puts a value in; a text
    that is nothing but `"{name}"` becomes the value itself."""
    compute: dict[ValueName, Expression] = {}
    """Name -> an expression; each sees `values` and what was computed before it."""


class Forget(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="forget",
):
    """Forgets values, and goes on."""

    values: Annotated[tuple[ValueName, ...], Meta(min_length=1)]
    """Their names."""
    then: Target
    """Where to go on."""


class AskHours(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do", tag="hours"
):
    """Goes on depending on opening hours."""

    of: str
    """A name under `hours` of the file."""
    open: Target
    """Where to go while it is open."""
    closed: Target
    """Where to go while it is closed."""


# --- jobs, people, and the rest -----------------------------------------------------------------


class StartJob(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="start_job",
):
    """Starts a job beside the conversation, says its `requested`, and goes on at once."""

    job: str
    """A name under `jobs` of the file."""
    then: Target
    """Where to go on."""


class CancelJob(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="cancel_job",
):
    """Asks for the running job to be cancelled, as its Cancel button does, and goes on at once.

    What becomes of it is told like any other news of the job. Where none runs, `no_jobs` is said.
    """

    job: str
    """A name under `jobs` of the file."""
    then: Target
    """Where to go on."""


class JobStatus(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="job_status",
):
    """Says how the customer's jobs stand, with what can be done about them, and goes on."""

    then: Target
    """Where to go on."""


class Mute(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do", tag="mute"
):
    """Tells no progress of jobs from here on; results and answers still come. Goes on."""

    then: Target
    """Where to go on."""


class Unmute(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="unmute",
):
    """Tells the progress of jobs again, and goes on."""

    then: Target
    """Where to go on."""


class Handover(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="handover",
):
    """Brings the customer to a person; afterwards the bot is at the root menu."""

    hours: str | None = None
    """A name under `hours` of the file: people come only while it is open; default: `hours` of
    the file's `handover`."""
    closed: Target | None = None
    """Where to go while it is closed; needed with `hours`."""
    reason: Text | None = None
    """Why, for the agent: `{reason}` of the summary."""


class SetLanguage(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="set_language",
):
    """Speaks another language from here on, and goes on."""

    language: str
    """One of the file's `languages`."""
    then: Target
    """Where to go on."""


class CallSubflow(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do", tag="call"
):
    """Walks through a sub-flow, and goes on when it returns."""

    flow: str
    """A name under `subflows` of the file."""
    then: Target
    """Where to go on when it returns."""


class Return(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    tag="return",
):
    """Ends a sub-flow: the conversation goes on where it was called."""


Step = (
    Menu
    | Message
    | Question
    | Request
    | Branch
    | If
    | SetValues
    | Forget
    | AskHours
    | StartJob
    | CancelJob
    | JobStatus
    | Mute
    | Unmute
    | Handover
    | SetLanguage
    | CallSubflow
    | Return
)
