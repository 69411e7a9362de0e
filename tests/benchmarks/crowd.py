"""A thousand customers with phones, and what carries their messages to the daemon.

What lives here: phones that can be waited for, and a courier with many hands that notes how long
each webhook took. What must not: what the customers do (`conversations`).
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from adapters.sandbox.clock import Activity
from adapters.sandbox.courier import ANSWER_WITHIN_S, Courier
from adapters.sandbox.customers import CrmCustomer, CustomerLine, Router
from adapters.sandbox.phone import Phone, ShownMessage
from adapters.sandbox.whatsapp import META_RETRIES, SimulatedWhatsApp
from adapters.sandbox.wire import Headers, Parcel
from adapters.sandbox.world import SandboxWorld
from tests.benchmarks.posting import Poster

_TRIES = 5
_AREA_CODES = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212)
CROWD_MAX = 100 * len(_AREA_CODES)
_PLAN = {"name": "Fibra 300", "down_mbps": 300, "up_mbps": 150, "price": 89.9, "currency": "PEN"}


class ManyHands(Courier):
    """Carries webhooks side by side over kept connections."""

    def __init__(
        self,
        world: SandboxWorld,
        nursery: trio.Nursery,
        poster: Poster,
        headers: Headers,
    ) -> None:
        super().__init__(world.clock, Activity(world.clock.activity), META_RETRIES, headers)
        self._nursery = nursery
        self._poster = poster
        self._make_headers = headers
        self.acks_s: list[float] = []
        """How long the daemon took to acknowledge each webhook."""
        self.not_taken = 0
        """Answers other than 200; such a webhook is posted again."""
        self._under_way = 0
        self._idle = trio.Event()
        self.stopped = False
        """Whether nothing is carried any more: the world lives on for a moment."""

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._under_way

    async def wait_idle(self) -> None:
        """Block until nothing is on its way."""
        while self._under_way:
            await self._idle.wait()

    def post(self, parcel: Parcel) -> None:
        """Carry it now."""
        if self.stopped:
            return
        if not self._under_way:
            self._idle = trio.Event()
        self._under_way += 1
        self._nursery.start_soon(self._carry, parcel)

    async def _carry(self, parcel: Parcel) -> None:
        headers = self._make_headers(parcel)
        for _ in range(_TRIES):
            began = trio.current_time()
            status = 0
            with trio.move_on_after(ANSWER_WITHIN_S):
                status = await self._poster.post(parcel.target, parcel.body, headers)
            self.acks_s.append(trio.current_time() - began)
            if status == 200:
                break
            self.not_taken += 1
            await trio.sleep(1)
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()


class WaitingPhone(Phone):
    """A phone whose owner looks at it until the answer has come."""

    def __init__(self, number: str, name: str, whatsapp: SimulatedWhatsApp) -> None:
        super().__init__(
            number,
            name,
            whatsapp.display_number,
            whatsapp._clock.now_ms,
            whatsapp._post_inbound,
            whatsapp._post_read,
        )
        self._wanted = ""
        self._came = trio.Event()

    def show(self, message: ShownMessage) -> None:
        """A message has come in."""
        super().show(message)
        if self._wanted and self._wanted in message.text:
            self._came.set()

    async def does(self, what: Callable[[Phone], object], wanted: str) -> float:
        """Do something and wait for an answer that holds `wanted`; how many seconds that took."""
        self._wanted, self._came = wanted, trio.Event()
        began = trio.current_time()
        what(self)
        await self._came.wait()
        self._wanted = ""
        return trio.current_time() - began


def gather(world: SandboxWorld, count: int) -> list[WaitingPhone]:
    """So many customers, each with a line, a router and a phone."""
    if count > CROWD_MAX:
        raise ValueError(f"there are only {CROWD_MAX} numbers that reach nobody")
    phones = []
    for index in range(count):
        # Numbers that are set aside for fiction.
        area, last = divmod(index, 100)
        number = f"+1{_AREA_CODES[area]}55501{last:02d}"
        line = CustomerLine(f"l-b{index}", "", "Fibra 300", (Router(f"r-b{index}", "HG-8145"),))
        world.services.customers[number] = CrmCustomer(
            f"c-b{index}", f"Customer {index}", (line,), dict(_PLAN), 89.9
        )
        phone = WaitingPhone(number, f"Customer {index}", world.whatsapp)
        world.whatsapp.phones[phone.wa_id] = phone
        phones.append(phone)
    return phones
