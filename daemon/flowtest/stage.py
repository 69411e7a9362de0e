"""The stage of a test of a flow: a world and a daemon in one loop, and time that passes for both.

What lives here: the order in which outside and daemon take turns, and what went wrong inside. What
must not: what is played (`daemon.scripts`), or the daemon's own order (`one_loop`).

It keeps the protocol of `daemon.scripts.stage`. Its methods are coroutines because that protocol's
are, and because the adapters' are; none of them ever waits for anything.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from actors.conversation import Conversation
from actors.flow.reader import FlowSource
from actors.ids import ActorId
from actors.kinds import AnyLiving, wake
from actors.router_job import RouterJob
from adapters.sandbox.agenda import Agenda
from adapters.sandbox.customers import DEFAULT_PHONE
from adapters.sandbox.direct import DirectWorld, Letter
from adapters.sandbox.phone import Phone
from daemon import wiring
from daemon.flows import surroundings
from daemon.flowtest.configured import configured
from daemon.flowtest.one_loop import OneLoop
from daemon.scripts.format import SCRIPT_BEGINS_MS
from daemon.scripts.look import Look, look_at
from daemon.scripts.needs import Needs, needs_of
from daemon.scripts.stage import NotAtRest
from daemon.sending import pace_of
from daemon.turn import HANDLED, NOBODY, TurnResult
from state.rows import InboxRow

_STEPS_MAX = 20_000
"""Between two moments of rest; what needs more goes round for ever."""

OnTurn = Callable[[InboxRow, TurnResult], None]


class DirectStage:
    """A stage of its own for one script."""

    def __init__(
        self,
        source: FlowSource,
        language: str,
        begins_ms: int = SCRIPT_BEGINS_MS,
        on_turn: OnTurn = lambda _row, _result: None,
        needs: Needs | None = None,
    ) -> None:
        """`needs`: of the flow, where they are known already."""
        self.world = DirectWorld(Agenda(begins_ms))
        self.turns = 0
        """Messages that actors have handled."""
        self.bugs: list[str] = []
        """Where handling a message failed in our own code."""
        self._on_turn = on_turn
        config = configured(self.world, needs or needs_of(source.flow), language)
        self._daemon = OneLoop(
            wiring.assemble(config, lambda _destination: self.world.transport),
            surroundings(config, source, {source.version: source.flow}),
            self.world.clock.now_ms,
            pace_of(config.limits),
            self._watch,
        )
        self._daemon.start()

    @property
    def phone(self) -> Phone:
        """The customer's phone."""
        return self.world.whatsapp.phone(DEFAULT_PHONE)

    def _watch(self, _living: AnyLiving, row: InboxRow, result: TurnResult) -> None:
        self.turns += len(result.heard)
        for one in result.heard:
            if one.outcome not in (HANDLED, NOBODY):
                self.bugs.append(f"{one.message}: {one.outcome}\n{one.error or ''}".rstrip())
        self._on_turn(row, result)

    # --- time -----------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Go on until nothing happens any more before time moves on. Raises NotAtRest."""
        for _ in range(_STEPS_MAX):
            if not await self._step():
                return
        raise NotAtRest(f"not at rest after {_STEPS_MAX} steps: something goes round")

    async def _step(self) -> bool:
        """The next thing, as it would most likely be among tasks and sockets: what takes the bot
        itself a moment, then webhooks that are on their way, then calls, which go there and back.
        """
        if self._daemon.running and await self._daemon.step():
            return True
        if self.world.mail:
            self._carry(self.world.mail.popleft())
            return True
        if self._daemon.running and await self._daemon.call():
            return True
        scheduled = self.world.clock.take_due()
        if scheduled is not None:
            scheduled.action()
            return True
        return self._daemon.running and self._daemon.fire_due()

    def _carry(self, letter: Letter) -> None:
        parcel, courier = letter.parcel, letter.courier
        status = None
        if self._daemon.running:
            path = urlsplit(parcel.target).path
            status = self._daemon.receive(path, dict(courier.headers(parcel)), parcel.body)
        courier.answered(parcel, status)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, from event to event."""
        await self.world.pass_time(
            round(seconds * 1000), settle=self.settle, next_due_ms=self.next_due_ms
        )
        await self.settle()

    def next_due_ms(self) -> int | None:
        """When something in the daemon falls due by itself."""
        return self._daemon.next_due_ms() if self._daemon.running else None

    # --- the daemon -----------------------------------------------------------------------------

    async def start_daemon(self) -> None:
        """Start it, unless it runs; whatever waits for it outside is sent again at once."""
        if not self._daemon.running:
            self._daemon.start()
            self.world.daemon_started()

    async def kill_daemon(self) -> None:
        """End it at once."""
        self._daemon.kill()

    async def stop_daemon(self) -> int:
        """End it when it is at rest; its exit code."""
        await self.settle()
        self._daemon.kill()
        return 0

    async def look(self) -> Look | None:
        """See `daemon.scripts.stage.Stage`."""
        if not self._daemon.running:
            raise LookupError("the daemon does not run: nobody can look into it")
        number = self.world.whatsapp.phone_number_id
        actor = self._daemon.disk.aliases.get(wiring.customer_alias(number, self.phone.wa_id))
        conversation = self._state(actor)
        if not isinstance(conversation, Conversation):
            return None
        states = {view.id: self._state(view.id) for view in conversation.jobs}
        jobs = {key: job for key, job in states.items() if isinstance(job, RouterJob)}
        return look_at(conversation, jobs)

    def _state(self, actor: ActorId | None) -> object:
        row = self._daemon.disk.actors.get(actor) if actor is not None else None
        return wake(row.actor, row.state).state if row is not None and row.state else None
