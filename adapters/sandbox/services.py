"""The simulated customer system (CRM) that a flow's web requests ask.

What lives here: its interface, and the switches that make it slow or unreachable. What must not:
anything that a flow should not be able to ask over HTTP; its customers (`customers`), its
calendar (`visits`).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.customers import PLANS, CrmCustomer, CustomerLine, demo_customers
from adapters.sandbox.exchange import Answer, Asked, Handler, Reply, Route, System, reply
from adapters.sandbox.stubs import Stubs
from adapters.sandbox.telco_jobs import rfc3339
from adapters.sandbox.troubles import Trouble, Troubles
from adapters.sandbox.visits import NotPossible, Taken, TooLate, Visits
from adapters.sandbox.wire import Wire

CRM = "crm"
"""What a flow calls the customer system."""
CRM_PATH = "/api"


class SimulatedServices(System):
    """The customer system, at `/api`."""

    def __init__(self, clock: Agenda, wire: Wire, stubs: Stubs) -> None:
        super().__init__(CRM)
        self._stubs = stubs
        self.authorization = "Bearer " + secrets.token_hex(20)
        """What the header `Authorization` must hold."""
        self.customers = demo_customers()
        """By phone number with the plus; whatever is put here is found."""
        self.asked: list[str] = []
        """Path and query of each request."""
        self.visits = Visits(clock)
        self.notes: list[dict[str, Any]] = []
        """What customers left for the team, oldest first."""
        self.troubles = Troubles(clock)
        self._outages: dict[str, int | None] = {}
        self._clock = clock
        self.routes = self._interface()
        self.server = wire.door(self)

    # --- for the player -----------------------------------------------------------------------

    def down(self, status: int | None = None) -> None:
        """Be down: refuse connections, or answer everything with `status`."""
        if status is None:
            self.server.down()
        else:
            self.troubles.standing = Trouble(False, _failure(status))

    def up(self) -> None:
        """Be up again, and quick."""
        self.server.up()
        self.troubles.clear()
        self.slow_ms = 0

    def slow(self, ms: int) -> None:
        """Let each answer take so long by the clock."""
        self.slow_ms = ms

    def hang_next(self, n: int = 1) -> None:
        """Never answer the next `n` requests."""
        self.troubles.hang(n)

    def lose_next(self, n: int = 1) -> None:
        """Do what the next `n` requests ask, but close the connection without saying so."""
        self.troubles.drop(n)

    def fail_next(self, n: int = 1, status: int = 500) -> None:
        """Fail the next `n` requests."""
        self.troubles.refuse(_failure(status), n)

    def outage(self, line: str, until_ms: int | None = None) -> None:
        """Report an outage of a line, with its expected end where that is known."""
        self._outages[line] = until_ms

    def end_outage(self, line: str) -> None:
        """The line works again."""
        self._outages.pop(line, None)

    # --- the wire -----------------------------------------------------------------------------

    def ask(self, asked: Asked) -> Answer:
        """Answer as the stubs say; where none fits, as the customer system does."""
        path = "/" + asked.path.removeprefix(CRM_PATH).lstrip("/")
        inner = Asked(asked.method, path, asked.query, asked.headers, asked.body)
        found = self._stubs.answer(CRM, inner)
        return found if found is not None else super().ask(asked)

    def _interface(self) -> tuple[Route, ...]:
        def route(path: str, handler: Handler, method: str = "GET") -> Route:
            guarded = self.troubles.around(self._guarded(handler))
            return Route(method, CRM_PATH + path, guarded)

        return (
            route("/customers", self._customers),
            route("/customers/{id}/plan", self._plan),
            route("/customers/{id}/bill", self._bill),
            route("/lines/{id}/plan", self._line_plan),
            route("/lines/{id}/outage", self._outage),
            route("/lines/{id}/visit", self._visit),
            route("/lines/{id}/visit/first", self._first_visit),
            route("/lines/{id}/visit", self._put_visit, "PUT"),
            route("/lines/{id}/visit", self._cancel_visit, "DELETE"),
            route("/notes", self._note, "POST"),
        )

    def _guarded(self, handler: Handler) -> Handler:
        def guarded(asked: Asked) -> Answer:
            query = urlencode(asked.query)
            self.asked.append(asked.path + (f"?{query}" if query else ""))
            given = asked.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), self.authorization.encode()):
                return reply(401, {"error": "unauthorized"})
            return handler(asked)

        return guarded

    def _customers(self, asked: Asked) -> Reply:
        account = asked.query.get("account")
        customer = (
            next((one for one in self.customers.values() if one.account == account), None)
            if account
            else self.customers.get(asked.query.get("phone", ""))
        )
        return reply(200, [] if customer is None else [customer.document()])

    def _plan(self, asked: Asked) -> Reply:
        customer = self._by_id(asked)
        return _not_found() if customer is None else reply(200, customer.plan)

    def _bill(self, asked: Asked) -> Reply:
        customer = self._by_id(asked)
        if customer is None:
            return _not_found()
        today = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        due = today + timedelta(days=10)
        bill = {"amount": customer.bill_amount, "currency": "PEN", "due_date": f"{due:%Y-%m-%d}"}
        return reply(200, bill)

    def _line_plan(self, asked: Asked) -> Reply:
        line = next((one for one in self._lines() if one.id == asked.parts["id"]), None)
        plan = PLANS.get(line.plan) if line is not None else None
        return _not_found() if plan is None else reply(200, plan)

    def _outage(self, asked: Asked) -> Reply:
        line = asked.parts["id"]
        if not self._knows(line):
            return _not_found()
        if line not in self._outages:
            return reply(200, {"active": False})
        until_ms = self._outages[line]
        until = None if until_ms is None else rfc3339(until_ms)
        return reply(200, {"active": True, "until": until})

    # --- visits -------------------------------------------------------------------------------

    def _visit(self, asked: Asked) -> Reply:
        visit = self.visits.of(asked.parts["id"])
        return _not_found() if visit is None else reply(200, visit.document())

    def _first_visit(self, asked: Asked) -> Reply:
        visit = self.visits.first() if self._knows(asked.parts["id"]) else None
        return _not_found() if visit is None else reply(200, visit.document())

    def _put_visit(self, asked: Asked) -> Reply:
        line, wanted = asked.parts["id"], asked.json()
        if not self._knows(line):
            return _not_found()
        if not isinstance(wanted, dict):
            return reply(422, {"error": "not an object"})
        try:
            visit = self.visits.put(line, str(wanted.get("day")), str(wanted.get("part")))
        except NotPossible as why:
            return reply(422, {"error": str(why)})
        except Taken:
            return reply(409, {"error": "taken"})
        except TooLate:
            return reply(409, {"error": "too late"})
        return reply(200, visit.document())

    def _cancel_visit(self, asked: Asked) -> Reply:
        try:
            there = self.visits.cancel(asked.parts["id"])
        except TooLate:
            return reply(409, {"error": "too late"})
        return Reply(204) if there else _not_found()

    # --- notes --------------------------------------------------------------------------------

    def _note(self, asked: Asked) -> Reply:
        note = asked.json()
        if not isinstance(note, dict) or not note.get("text"):
            return reply(422, {"error": "no text"})
        self.notes.append(note)
        return reply(201, {"id": f"n-{len(self.notes)}"})

    # --- finding ------------------------------------------------------------------------------

    def _lines(self) -> Iterator[CustomerLine]:
        return (line for one in self.customers.values() for line in one.lines)

    def _knows(self, line: str) -> bool:
        return any(line == each.id for each in self._lines())

    def _by_id(self, asked: Asked) -> CrmCustomer | None:
        wanted = asked.parts["id"]
        return next((one for one in self.customers.values() if one.id == wanted), None)


def _not_found() -> Reply:
    return reply(404, {"error": "not found"})


def _failure(status: int) -> Callable[[], Reply]:
    return lambda: reply(status, {"error": "unavailable"})
