"""People: how a customer comes to an agent, and what is said around it.

What lives here: texts and policy of hand-overs. What must not: their life (`actors.handover`).
"""

from __future__ import annotations

from msgspec import Struct

from actors.flow.model.basics import Target, Text, Words
from actors.policies import HandoverPolicy


class HandoverTexts(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the customer hears around a chat with a person."""

    queued: Text
    """A person was asked for."""
    joined: Text
    """A person took the chat. `{agent}` is their name, and may be empty."""
    ended: Text
    """The person ended the chat."""
    left: Text
    """The customer went back to the bot."""
    nobody: Text
    """Nobody took the chat in time."""
    unavailable: Text
    """The desk could not be reached or refused."""
    already: Text
    """The customer asks again while a person is asked for or here."""
    leave: Text
    """The title of the button that leads back to the bot; 20 characters at most."""


class Desk(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How people come in."""

    texts: HandoverTexts
    """What the customer hears."""
    summary: Text
    """The first thing that the agent reads: `{customer}`, `{device}`, `{jobs}`, `{transcript}`,
    `{reason}` and kept values. A reason that it does not place stands before it."""
    job_line: Text
    """News of a job for the agent: `{job}`, `{news}`."""
    language: str | None = None
    """The agents' language; default: the flow's first."""
    leave_words: Words = {}
    """What a customer types to go back to the bot."""
    policy: HandoverPolicy = HandoverPolicy()
    """How long a customer waits, and how closely the desk is watched."""
    hours: str | None = None
    """The opening hours of the people, for every way to them: the buttons of jobs too, and
    hand-over steps that name no hours of their own."""
    closed: Target | None = None
    """Where to go instead outside of `hours`."""
