"""Sub-flows: where the conversation goes on after them.

What lives here: the stack of calls. What must not: steps (`walk`). A step of the file is in no
sub-flow: whoever gets there, by a global word, an old button, a way out, has left them all. So
nothing that a customer does can leave a call behind that nobody returns from.
"""

from __future__ import annotations

from actors.conversation.state import ConversationTurn, Frame
from actors.flow.addresses import entry_of, scope_of
from actors.flow.limits import SUBFLOWS_DEEP_MAX


def enter(turn: ConversationTurn, flow: str, then: str) -> str | None:
    """Call a sub-flow; the address where it begins, None where that cannot be."""
    entry = entry_of(turn.flow, flow)
    # The check counts too; this bounds what a lost version of the flow left behind.
    if entry is None or len(turn.state.stack) >= SUBFLOWS_DEEP_MAX:
        turn.note("subflow_not_entered", alarm=True, subflow=flow)
        return None
    turn.set(stack=(*turn.state.stack, Frame(flow, then)))
    return entry


def leave(turn: ConversationTurn) -> str:
    """Return from a sub-flow; the address where its caller goes on, the root where none called."""
    stack = turn.state.stack
    if not stack:
        return turn.flow.root
    turn.set(stack=stack[:-1])
    return stack[-1].then


def arrive(turn: ConversationTurn, address: str) -> None:
    """Forget the calls of sub-flows that this step is not in."""
    stack = turn.state.stack
    if not stack:
        return
    scope = scope_of(address)
    while stack and stack[-1].flow != scope:
        stack = stack[:-1]
    if stack != turn.state.stack:
        turn.set(stack=stack)
