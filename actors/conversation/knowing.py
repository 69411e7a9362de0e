"""What texts, expressions, paths and bodies of the flow may ask for.

What lives here: looking values up, and texts with values in them. What must not: keeping values
(`walk`), or saying texts (`saying`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from actors.conversation.state import ConversationTurn
from actors.flow import model
from actors.flow.evaluation import truth, value_of
from actors.flow.formats import Manner, zone_of
from actors.flow.hours import is_open, opens
from actors.flow.render import choose, fill, has_values
from actors.flow.values import show
from actors.values import Scalar

Asking = model.Menu | model.Question
Chosen = model.Option | model.AnswerChoice

_NOTHING: Mapping[str, Scalar] = {}


class Known:
    """The values of a conversation by name, worked out only when one is asked for."""

    def __init__(self, turn: ConversationTurn, more: Mapping[str, Scalar] = _NOTHING) -> None:
        self._turn = turn
        self._more = more

    def get(self, name: str) -> Scalar:
        """The value of this name; None where there is none."""
        if name in self._more:
            return self._more[name]
        state = self._turn.state
        if "." in name:
            match name:
                case "customer.name":
                    return state.customer.name
                case "customer.phone":
                    return state.customer.phone
                case _ if name.startswith("hours."):
                    return _of_hours(self._turn, name)
                case _ if name.startswith("jobs."):
                    return _of_jobs(self._turn, name)
                case _:
                    pass
        return state.values.get(name)


def _of_hours(turn: ConversationTurn, name: str) -> Scalar:
    """`hours.<name>.open`, `hours.<name>.opens`."""
    match name.split("."):
        case [_, hours, "open"]:
            return open_now(turn, hours)
        case [_, hours, "opens"] if hours in turn.flow.hours:
            moment = opens(turn.flow.hours[hours], _clocks_of(turn, hours))
            return moment.isoformat() if moment is not None else None
        case _:
            return None


def _of_jobs(turn: ConversationTurn, name: str) -> Scalar:
    """`jobs.<name>.running`: on the router that is spoken of, on any where none is."""
    asked, _, what = name.removeprefix("jobs.").rpartition(".")
    job = turn.flow.jobs.get(asked)
    if job is None or what != "running":
        return None
    device = turn.state.values.get(job.device)
    return any(
        view.name == asked and view.running and (device is None or view.device == show(device))
        for view in turn.state.jobs
    )


def open_now(turn: ConversationTurn, hours: str) -> bool:
    """Whether opening hours of the flow are open."""
    found = turn.flow.hours.get(hours)
    return found is not None and is_open(found, _clocks_of(turn, hours))


def _clocks_of(turn: ConversationTurn, hours: str) -> datetime:
    return now(turn, turn.flow.hours[hours].time_zone)


def holds(turn: ConversationTurn, expression: str) -> bool:
    """Whether an expression of the flow is true."""
    return truth(expression, Known(turn), today(turn))


def compute(turn: ConversationTurn, expression: str) -> Scalar:
    """What an expression of the flow comes to."""
    return value_of(expression, Known(turn), today(turn))


def today(turn: ConversationTurn) -> str:
    """The day by the flow's clocks, such as `2026-12-25`."""
    return now(turn).date().isoformat()


def now(turn: ConversationTurn, time_zone: str | None = None) -> datetime:
    """The time by the clocks of a time zone; the flow's unless another is named."""
    moment = datetime.fromtimestamp(turn.now_ms / 1000, UTC)
    return moment.astimezone(zone_of(time_zone or turn.around.time_zone))


def choosable(turn: ConversationTurn, step: Asking) -> Mapping[str, Chosen]:
    """What can be chosen in a step, by name."""
    match step:
        case model.Menu(options=options):
            if not any(option.when for option in options.values()):
                return options
            return {
                name: option
                for name, option in options.items()
                if option.when is None or holds(turn, option.when)
            }
        case model.Question(answer=model.ChoiceAnswer(choices=choices)):
            return choices
        case _:
            return {}


def filled(
    turn: ConversationTurn,
    text: Mapping[str, str],
    more: Mapping[str, Scalar] = _NOTHING,
    *,
    language: str | None = None,
) -> str:
    """A text of the flow with values in it, in the customer's language unless another is named."""
    spoken, words = choose(text, language or turn.state.language, turn.flow.languages[0])
    if not has_values(words):
        return words
    return fill(words, Known(turn, more), Manner(spoken, turn.around.time_zone))
