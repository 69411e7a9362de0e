"""What texts, expressions, paths and bodies of the flow may ask for.

What lives here: looking values up, and texts with values in them. What must not: keeping values
(`walk`), or saying texts (`saying`).
"""

from __future__ import annotations

from collections.abc import Mapping

from actors.conversation.state import ConversationTurn
from actors.flow.formats import Manner
from actors.flow.render import choose, fill
from actors.values import Scalar

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
        match name:
            case "customer.name":
                return state.customer.name
            case "customer.phone":
                return state.customer.phone
            case _:
                return state.values.get(name)


def filled(
    turn: ConversationTurn,
    text: Mapping[str, str],
    more: Mapping[str, Scalar] = _NOTHING,
    *,
    language: str | None = None,
) -> str:
    """A text of the flow with values in it, in the customer's language unless another is named."""
    spoken, words = choose(text, language or turn.state.language, turn.flow.languages[0])
    return fill(words, Known(turn, more), Manner(spoken, turn.around.time_zone))
