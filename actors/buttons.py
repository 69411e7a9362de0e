"""What a button carries: the thing that it belongs to, so that a late press is understood.

What lives here: the ids of buttons and rows, and reading them back. What must not: what a press
does. Each id begins with the tag of the conversation that showed it: a button that was forwarded
from somebody else's chat is not ours. An id holds at most 200 characters, the platform's limit for
rows of lists (https://developers.facebook.com/documentation/business-messaging/whatsapp/).
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from actors.ids import HANDOVER, ROUTER_JOB, ActorId, is_actor_id, tag_of

ID_MAX = 200


class JobAction(Enum):
    """What a button of a job asks for."""

    RETRY = "retry"
    AGENT = "agent"
    CANCEL = "cancel"
    """Stop a running attempt, or leave a failed one as it is."""


class MenuButton(Struct, frozen=True):
    """An option of a menu, as shown in one turn of the conversation."""

    turn: int
    step: str
    option: str


class JobButton(Struct, frozen=True):
    """An action on one attempt of a job."""

    job: ActorId
    attempt: int
    action: JobAction


class LeaveButton(Struct, frozen=True):
    """Back from the agent to the bot."""

    handover: ActorId


class PersonButton(Struct, frozen=True):
    """To a person, whatever else is going on."""


Button = MenuButton | JobButton | LeaveButton | PersonButton


def encode(conversation: ActorId, button: Button) -> str:
    """The id of a button shown by `conversation`."""
    return "/".join([tag_of(conversation), *_parts(button)])


def _parts(button: Button) -> list[str]:
    match button:
        case MenuButton(turn, step, option):
            return ["m", str(turn), step, option]
        case JobButton(job, attempt, action):
            return ["j", job, str(attempt), action.value]
        case LeaveButton(handover):
            return ["h", handover]
        case PersonButton():
            return ["p"]


def decode(conversation: ActorId, text: str) -> Button | None:
    """The button behind an id; None where it is damaged or another conversation's."""
    tag, *parts = text.split("/")
    if tag != tag_of(conversation):
        return None
    match parts:
        case ["m", turn, step, option] if _counts(turn):
            return MenuButton(int(turn), step, option)
        case ["j", job, attempt, action] if is_actor_id(job, ROUTER_JOB) and _counts(attempt):
            if action in _ACTIONS:
                return JobButton(ActorId(job), int(attempt), _ACTIONS[action])
        case ["h", handover] if is_actor_id(handover, HANDOVER):
            return LeaveButton(ActorId(handover))
        case ["p"]:
            return PersonButton()
        case _:
            pass
    return None


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


_ACTIONS = {action.value: action for action in JobAction}
