"""The desk of an operator who has no agents (`[agents] adapter = "none"`).

What lives here: a sender that refuses at once. What must not: I/O.
"""

from __future__ import annotations

import trio

from actors import outcomes
from actors.calls import Call, Promise, promise_of
from actors.outcomes import Outcome, Rejected
from actors.values import Fault
from adapters.ports import Attempt


class NoDesk:
    """Refuses every call, so that the customer hears at once that nobody is there."""

    def promise(self, call: Call) -> Promise:
        """As `actors.calls.promise_of`: nothing is ever unknown here."""
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:  # noqa: ARG002 - the port's
        """Refuse with `not_configured`. No alarm: the operator chose this. A checkpoint."""
        await trio.lowlevel.checkpoint()
        return Rejected(Fault(outcomes.NOT_CONFIGURED, "no agents are configured"))
