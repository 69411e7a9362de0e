"""Where a chat stands, read off the list of those who are in it.

What lives here: one pure function. What must not: patience. An agent who refuses leaves a gap that
looks like an end; the hand-over looks twice before it believes in one.
https://developer.genesys.cloud/commdigital/digital/ (conversation participants)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from actors.messages import DeskObserved
from actors.values import DeskState
from adapters.agents.genesys.shapes import text_at

_CUSTOMERS = frozenset({"customer", "external"})
_AGENTS = frozenset({"agent", "user"})
_TALKING = frozenset({"connected", "parked"})
_RINGING = frozenset({"alerting", "offering", "contacting"})
_OVER = frozenset({"disconnected", "terminated", "none", ""})


def derive(participants: Iterable[Mapping[str, Any]]) -> DeskObserved:
    """Where the chat stands, and with whom.

    Expects the flat participants of `GET /api/v2/conversations/messages/{id}`, where each has its
    own `state`; those of `GET /api/v2/conversations/{id}` are built otherwise and look gone.

    Whoever else is alive (a queue, a flow by whatever name: Genesys does not publish them all)
    counts as waiting, unless the customer's side is closed: then nobody waits any longer.
    """
    people = [dict(one) for one in participants]
    agents = [one for one in people if purpose_of(one) in _AGENTS]
    talking = [one for one in agents if state_of(one) in _TALKING]
    if talking:
        # Two are connected during a consultation; who came last is who the customer hears.
        last = max(enumerate(talking), key=lambda pair: (_since(pair[1]), pair[0]))[1]
        return DeskObserved(DeskState.ACTIVE, text_at(last, "name"))
    if any(state_of(one) in _RINGING for one in agents):
        return DeskObserved(DeskState.RINGING)
    customers = [one for one in people if purpose_of(one) in _CUSTOMERS]
    if customers and not any(is_alive(one) for one in customers):
        return DeskObserved(DeskState.GONE)
    if any(is_alive(one) for one in people if purpose_of(one) not in _CUSTOMERS):
        return DeskObserved(DeskState.QUEUED)
    return DeskObserved(DeskState.GONE)


def purpose_of(participant: Mapping[str, Any]) -> str:
    """What the participant is for, in lower case; empty where it does not say."""
    return (text_at(participant, "purpose") or "").strip().lower()


def state_of(participant: Mapping[str, Any]) -> str:
    """The participant's state in lower case; empty where it does not say."""
    return (text_at(participant, "state") or "").strip().lower()


def is_alive(participant: Mapping[str, Any]) -> bool:
    """Whether the participant is still in the chat. A state new to us counts as alive: to take a
    live chat for ended would cut a customer off."""
    return state_of(participant) not in _OVER


def is_customer(participant: Mapping[str, Any]) -> bool:
    """Whether this is our side of the chat."""
    return purpose_of(participant) in _CUSTOMERS


def _since(participant: Mapping[str, Any]) -> float:
    try:
        when = datetime.fromisoformat(text_at(participant, "connectedTime") or "")
        return when.timestamp()
    except (ValueError, OverflowError, OSError):
        return float("-inf")
