"""Services of the operator as a script wants them: a request of this form gets that answer.

What lives here: the stubs, the requests that came, and a system for services that have nothing but
stubs. What must not: the simulated customer system (`services`), which asks the stubs first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.sandbox.exchange import Answer, Asked, Dropped, Reply, System, reply
from adapters.sandbox.patterns import matches, matches_json
from adapters.sandbox.wire import Wire

OTHERS_PATH = "/services/"
"""Where the daemon finds a service that is stubbed only, before its name."""


@dataclass(frozen=True)
class Form:
    """What a request must be like."""

    service: str
    method: str
    path: str
    """A pattern."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Patterns; what is not listed may be anything."""
    body: object = None
    """As `matches_json`; None: anything."""

    def fits(self, service: str, asked: Asked) -> bool:
        """Whether a request to a service is like this."""
        return (
            (self.service, self.method) == (service, asked.method)
            and matches(self.path, asked.path)
            and all(
                name in asked.query and matches(pattern, asked.query[name])
                for name, pattern in self.query.items()
            )
            and (self.body is None or matches_json(self.body, asked.json()))
        )


@dataclass
class Stub:
    """What is answered to requests of a form."""

    form: Form
    status: int | None
    """None: the connection closes without an answer."""
    document: Any = None
    times_left: int | None = None
    """None: for ever."""

    def answer(self) -> Answer:
        """Answer one request."""
        if self.times_left is not None:
            self.times_left -= 1
        if self.status is None:
            return Dropped()
        return Reply(self.status) if self.document is None else reply(self.status, self.document)


class Stubs:
    """The stubs of one world, and what was asked of services."""

    def __init__(self) -> None:
        self._stubs: list[Stub] = []
        self.asked: list[tuple[str, Asked]] = []
        """Service and request, oldest first; those that were answered without a stub included."""

    def add(self, stub: Stub) -> None:
        """Answer so from now on.

        Those for some times go first, in their order; of those for ever, the last one counts.
        """
        self._stubs.append(stub)

    def answer(self, service: str, asked: Asked) -> Answer | None:
        """The answer to a request; None where no stub fits."""
        self.asked.append((service, asked))
        fitting = [stub for stub in self._stubs if stub.form.fits(service, asked)]
        for stub in fitting:
            if stub.times_left:
                return stub.answer()
        for stub in reversed(fitting):
            if stub.times_left is None:
                return stub.answer()
        return None

    def count(self, form: Form) -> int:
        """How many requests of this form came so far."""
        return sum(form.fits(service, asked) for service, asked in self.asked)


class StubbedServices(System):
    """All services of the operator that have nothing but stubs."""

    def __init__(self, wire: Wire, stubs: Stubs) -> None:
        super().__init__("services")
        self._stubs = stubs
        self.server = wire.door(self)

    def ask(self, asked: Asked) -> Answer:
        """Answer as the stubs say; 404 where none does."""
        service, _, path = asked.path.removeprefix(OTHERS_PATH).partition("/")
        inner = Asked(asked.method, "/" + path, asked.query, asked.headers, asked.body)
        found = self._stubs.answer(service, inner)
        return found if found is not None else reply(404, {"error": "no stub fits"})
