"""What the bot has in mind, as far as a conversation file may ask.

What lives here: a look at a conversation and its jobs, as plain values. What must not: where their
states are kept, or comparing (`checking`). Holds personal data: it never leaves the sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from actors.conversation import Conversation
from actors.ids import ActorId
from actors.kinds import wake
from actors.router_job import RouterJob
from actors.values import Scalar
from state.store import Store

TO_BOT = "talks to the bot"
FOR_PERSON = "waits for a person"
TO_PERSON = "talks to a person"


class JobLook(Struct, frozen=True):
    """How a job stands."""

    name: str
    """In the flow."""
    phase: str
    attempt: int
    step: str | None
    """The provider's step that it is in."""


class Look(Struct, frozen=True):
    """How a conversation stands."""

    at: str | None
    """The menu or question that was shown last, or the request whose answer it waits for."""
    talks: str
    language: str
    values: dict[str, Scalar]
    jobs: tuple[JobLook, ...]
    """Oldest first."""


def look_at(conversation: Conversation, jobs: Mapping[ActorId, RouterJob]) -> Look:
    """Look at a conversation; of its jobs, those that are given."""
    handover = conversation.handover
    talks = TO_BOT if handover is None else TO_PERSON if handover.joined else FOR_PERSON
    waiting = conversation.waiting
    return Look(
        at=conversation.step if waiting is None else waiting.step,
        talks=talks,
        language=conversation.language,
        values=conversation.values,
        jobs=tuple(
            JobLook(view.name, job.phase.value, job.attempt, job.step)
            for view in conversation.jobs
            if (job := jobs.get(view.id)) is not None
        ),
    )


async def look_in(store: Store, alias: str) -> Look | None:
    """Look at the conversation known by an alias; None where there is none yet. May block."""
    actor = await store.known_as(alias)
    conversation = await _state(store, actor) if actor is not None else None
    if not isinstance(conversation, Conversation):
        return None
    jobs: dict[ActorId, RouterJob] = {}
    for view in conversation.jobs:
        job = await _state(store, view.id)
        if isinstance(job, RouterJob):
            jobs[view.id] = job
    return look_at(conversation, jobs)


async def _state(store: Store, actor: ActorId) -> object:
    row = await store.load(actor)
    return wake(actor, row.state).state if row is not None and row.state else None
