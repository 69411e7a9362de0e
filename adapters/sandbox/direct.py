"""Simulated vendors without sockets: a call is answered, and a webhook taken, in place.

What lives here: the wire of a world in which nothing ever waits, for whoever runs the daemon's
parts in one loop. What must not: what a vendor answers, or the daemon's parts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import httpx

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.carrying import Carrying
from adapters.sandbox.exchange import Asked, Dropped, Hung, Reply, System
from adapters.sandbox.wire import Headers, Parcel, RetryRules
from adapters.sandbox.world import World


class DirectWorld(World):
    """A world in one place. `mail` is what waits to be carried, `transport` reaches the doors."""

    def __init__(self, clock: Agenda) -> None:
        self.mail: deque[Letter] = deque()
        self.transport = DirectTransport()
        wires = [DirectWire(clock, self.mail, self.transport) for _ in range(5)]
        super().__init__(clock, *wires)


class DirectWire:
    """One vendor. A `Wire`."""

    def __init__(self, clock: Agenda, mail: deque[Letter], transport: DirectTransport) -> None:
        self._clock = clock
        self._mail = mail
        self._transport = transport

    def door(self, system: System) -> DirectDoor:
        """A door that the world's transport reaches."""
        return self._transport.add(system)

    def carrier(self, rules: RetryRules, headers: Headers) -> DirectCourier:
        """A courier that puts webhooks into the world's mail."""
        return DirectCourier(self._clock, self._mail, rules, headers)

    def new_id(self) -> str:
        """The same in each run: names decide jitter, and a test must go the same way each time."""
        return f"{self._transport.count():032x}"


@dataclass(frozen=True)
class Letter:
    """A webhook to be carried now."""

    parcel: Parcel
    courier: DirectCourier


class DirectCourier(Carrying):
    """Puts webhooks into the mail. Whoever takes a letter out says what the daemon answered."""

    def __init__(
        self, clock: Agenda, mail: deque[Letter], rules: RetryRules, headers: Headers
    ) -> None:
        super().__init__(clock, rules, headers)
        self._mail = mail

    def _put(self, parcel: Parcel) -> None:
        self._mail.append(Letter(parcel, self))


class DirectDoor:
    """Where a system is found. A `Door`."""

    def __init__(self, system: System, url: str) -> None:
        self.system = system
        self.reachable = True
        self._url = url

    @property
    def url(self) -> str:
        """A name of its own, in the form of an address; nobody listens there."""
        return self._url

    def down(self) -> None:
        """Refuse connections from now on."""
        self.reachable = False

    def up(self) -> None:
        """Be reachable (again)."""
        self.reachable = True


class DirectTransport(httpx.AsyncBaseTransport):
    """Asks a system in place. Never waits: what would hang is a time-out at once."""

    def __init__(self) -> None:
        self._doors: dict[int, DirectDoor] = {}
        self._counted = 0

    def count(self) -> int:
        """The next number of this world."""
        self._counted += 1
        return self._counted

    def add(self, system: System) -> DirectDoor:
        """A door of its own for a system."""
        port = len(self._doors) + 1
        door = self._doors[port] = DirectDoor(system, f"http://127.0.0.1:{port}")
        return door

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or raise as httpx does."""
        door = self._doors.get(request.url.port or 0)
        if door is None or not door.reachable:
            raise httpx.ConnectError("refused", request=request)
        match door.system.ask(_asked(request)):
            case Reply(status, content, headers):
                return httpx.Response(status, headers=dict(headers), content=content)
            case Dropped():
                raise httpx.RemoteProtocolError("closed without an answer", request=request)
            case Hung():
                raise httpx.ReadTimeout("no answer", request=request)


def _asked(request: httpx.Request) -> Asked:
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = dict(request.url.params.items())
    return Asked(request.method, request.url.path, query, headers, request.read())
