"""The simulated customer system (CRM) that a flow's web requests ask.

What lives here: a handful of invented customers, and the switches that make the system slow or
unreachable. What must not: anything that a flow should not be able to ask over HTTP.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.exchange import Answer, Asked, Handler, Reply, Route, System, reply
from adapters.sandbox.stubs import Stubs
from adapters.sandbox.telco_jobs import rfc3339
from adapters.sandbox.troubles import Trouble, Troubles
from adapters.sandbox.wire import Wire

# Numbers that are set aside for fiction: they reach nobody.
DEFAULT_PHONE = "+12025550143"
TWO_LINES_PHONE = "+12025550172"

CRM = "crm"
"""What a flow calls the customer system."""
CRM_PATH = "/api"


@dataclass(frozen=True)
class Router:
    """One device of a line."""

    id: str
    model: str


@dataclass(frozen=True)
class CustomerLine:
    """One internet line."""

    id: str
    address_hint: str
    plan: str
    devices: tuple[Router, ...]


@dataclass(frozen=True)
class CrmCustomer:
    """What the customer system knows of one customer."""

    id: str
    name: str
    lines: tuple[CustomerLine, ...]
    plan: dict[str, Any] = field(default_factory=dict)
    bill_amount: float = 0.0

    def document(self) -> dict[str, Any]:
        """As the interface shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "lines": [
                {
                    "id": line.id,
                    "address_hint": line.address_hint,
                    "plan": line.plan,
                    "devices": [{"id": each.id, "model": each.model} for each in line.devices],
                }
                for line in self.lines
            ],
        }


def demo_customers() -> dict[str, CrmCustomer]:
    """The invented customers, by phone number."""
    fibre = {
        "name": "Fibra 300",
        "down_mbps": 300,
        "up_mbps": 150,
        "price": 89.9,
        "currency": "PEN",
    }
    ana = CrmCustomer(
        "c-1001",
        "Ana Quispe",
        (CustomerLine("l-1", "Jr. Los Ficus 1**", "Fibra 300", (Router("r-1001", "HG-8145"),)),),
        fibre,
        89.9,
    )
    bruno = CrmCustomer(
        "c-1002",
        "Bruno Salas",
        (
            CustomerLine("l-2", "Av. del Molino 2**", "Fibra 600", (Router("r-2001", "HG-8245"),)),
            CustomerLine(
                "l-3",
                "Calle Sauce 3**",
                "Fibra 300",
                (Router("r-3001", "HG-8145"), Router("r-3002", "Mesh AX-2")),
            ),
        ),
        {**fibre, "name": "Fibra 600", "down_mbps": 600, "up_mbps": 300, "price": 129.9},
        219.8,
    )
    return {DEFAULT_PHONE: ana, TWO_LINES_PHONE: bruno}


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
        def route(path: str, handler: Handler) -> Route:
            return Route("GET", CRM_PATH + path, self.troubles.around(self._guarded(handler)))

        return (
            route("/customers", self._customers),
            route("/customers/{id}/plan", self._plan),
            route("/customers/{id}/bill", self._bill),
            route("/lines/{id}/outage", self._outage),
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
        customer = self.customers.get(asked.query.get("phone", ""))
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

    def _outage(self, asked: Asked) -> Reply:
        line = asked.parts["id"]
        known = any(line == each.id for one in self.customers.values() for each in one.lines)
        if not known:
            return _not_found()
        if line not in self._outages:
            return reply(200, {"active": False})
        until_ms = self._outages[line]
        until = None if until_ms is None else rfc3339(until_ms)
        return reply(200, {"active": True, "until": until})

    def _by_id(self, asked: Asked) -> CrmCustomer | None:
        wanted = asked.parts["id"]
        return next((one for one in self.customers.values() if one.id == wanted), None)


def _not_found() -> Reply:
    return reply(404, {"error": "not found"})


def _failure(status: int) -> Callable[[], Reply]:
    return lambda: reply(status, {"error": "unavailable"})
