"""Groups of units of work, made up by a seed from what the store holds.

What lives here: which units there are, of every kind, and how likely each is. What must not: what
they do (`state`), or when the power goes.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from actors.ids import ActorId, EffectId, MessageId
from state import reading
from state.accepting import Accept
from state.connection import Connection
from state.mending import DropDeadLetter, Release, ReplayDeadLetter, SettleUnknown
from state.rows import (
    ActorStatus,
    Arrival,
    Commit,
    DeadLetter,
    NewEffect,
    NewMessage,
    OutboxRow,
    Receipt,
    SettleAs,
    Settlement,
    Timer,
    ToActor,
    ToAlias,
    ToDeadLetters,
    Withdrawal,
)
from state.sending import Claim
from state.transactions import Unit
from state.upkeep import CountRecovery, FireTimers, KeepFlow, Ping, Prune

_ACTORS = 24
_NAMES = ("status", "stall", "deadline", "poll")
_GROUP_MAX = 6


class Traffic:
    """What happens in one run, group by group; time and ids go on over all its lives."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._now_ms = 1_700_000_000_000
        self._made = 0
        self._kinds: list[tuple[int, _Make]] = [
            (30, self._accept),
            (40, self._commit),
            (22, self._claim),
            (18, self._settlement),
            (6, self._fire_timers),
            (3, self._count_recovery),
            (3, self._keep_flow),
            (4, self._mending),
            (2, self._ping),
            (6, self._prune),
        ]
        self._seen: list[MessageId] = []
        self._effects: list[EffectId] = []
        self._begun: dict[EffectId, int] = {}

    def group(self, store: Connection) -> list[Unit]:
        """The units that are asked for at the same time; they are planned from what is stored."""
        self._now_ms += self._rng.randint(1, 60_000)
        weights, makes = zip(*self._kinds, strict=True)
        number = self._rng.choice((1, 1, 2, 3, _GROUP_MAX))
        units = []
        for make in self._rng.choices(makes, weights, k=number):
            unit = make(store)
            units.append(Ping() if unit is None else unit)
        return units

    # --- pieces ---------------------------------------------------------------------------------

    def _one_in(self, number: int) -> bool:
        return self._rng.randrange(number) == 0

    def _actor(self) -> ActorId:
        return ActorId(f"cnv_{self._rng.randrange(_ACTORS):02}")

    def _alias(self) -> str:
        return f"+5190000{self._rng.randrange(2 * _ACTORS):04}"

    def _body(self) -> bytes:
        """Mostly a line; at times one that needs pages of its own."""
        size = self._rng.choice((20, 60, 150, 400, 900))
        if self._one_in(25):
            size = self._rng.randint(4_000, 30_000)
        return self._rng.randbytes(size)

    def _new_id(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._made:06}"

    def _message_id(self, again: int) -> MessageId:
        """A new one, or once in a while one that was seen before."""
        if self._seen and self._one_in(again):
            return self._rng.choice(self._seen[-200:])
        self._seen.append(MessageId(self._new_id("wamid")))
        return self._seen[-1]

    def _message(self) -> NewMessage:
        cause = self._rng.choice(self._seen) if self._seen else None
        return NewMessage(self._message_id(12), self._actor(), self._now_ms, self._body(), cause)

    # --- from outside ---------------------------------------------------------------------------

    def _accept(self, store: Connection) -> Accept:
        arrivals = tuple(self._arrival() for _ in range(self._rng.randint(0, 4)))
        receipts = tuple(self._receipt() for _ in range(self._rng.randint(0, 2)))
        return Accept(arrivals, receipts)

    def _arrival(self) -> Arrival:
        rng = self._rng
        target = rng.choices(
            (
                ToActor(self._actor()),
                ToAlias(self._alias(), mint=self._actor()),
                ToAlias(self._alias(), park_until_ms=self._now_ms + rng.randint(0, 3_000_000)),
                ToAlias(self._alias()),
                ToDeadLetters("not JSON"),
            ),
            (6, 8, 4, 1, 1),
        )[0]
        window = self._now_ms + 86_400_000 if self._one_in(2) else None
        return Arrival(
            self._message_id(5), target, self._now_ms, self._body(), window, self._one_in(8)
        )

    def _receipt(self) -> Receipt:
        effect, number = "nobody", 1
        if self._begun and not self._one_in(6):
            effect, number = self._rng.choice(list(self._begun.items()))
        failure = self._body() if self._one_in(4) else None
        return Receipt(
            f"{effect}.{number}",
            self._rng.randint(0, 4),
            self._now_ms,
            self._new_id("vendor"),
            failure,
        )

    # --- turns ----------------------------------------------------------------------------------

    def _commit(self, store: Connection) -> Commit:
        rng = self._rng
        waiting = reading.actors_with_open_inbox(store, ActorId(""), 2**60, _ACTORS)
        actor = rng.choice(waiting) if waiting and not self._one_in(6) else self._actor()
        row = reading.load(store, actor)
        inbox = reading.open_inbox(store, actor, 0, 4)
        rng.shuffle(inbox)
        handled = rng.randint(0, len(inbox)) if self._one_in(4) else len(inbox)
        dead = inbox[:1] if inbox and self._one_in(10) else []
        effects = [self._effect(actor) for _ in range(rng.randint(0, 3))]
        return Commit(
            actor=actor,
            expected_version=(0 if row is None else row.version) + self._one_in(30),
            status=rng.choices(list(ActorStatus), (8, 3, 1))[0],
            state=b"" if row is None and self._one_in(6) else self._body(),
            at_ms=self._now_ms,
            failures=rng.randint(0, 3),
            flow_version=rng.choice((None, "flow_1", "flow_2", "flow_3")),
            handled=tuple(row.position for row in inbox[len(dead) : handled]),
            dead=tuple(DeadLetter(row.position, "raised") for row in dead),
            messages=tuple(self._message() for _ in range(rng.choice((0, 0, 1, 2)))),
            effects=tuple(effects),
            withdrawals=self._withdrawals(actor),
            topics_dropped=(rng.choice(_NAMES),) if self._one_in(8) else (),
            timers_set=tuple(self._timers(actor)),
            timers_cleared=(rng.choice(_NAMES),) if self._one_in(6) else (),
            aliases=(self._alias(),) if self._one_in(5) else (),
        )

    def _effect(self, actor: ActorId) -> NewEffect:
        rng, now_ms = self._rng, self._now_ms
        # An id that was used before breaks a constraint: the unit is refused, its neighbours not.
        taken = bool(self._effects) and self._one_in(60)
        effect = rng.choice(self._effects) if taken else EffectId(self._new_id("eff"))
        self._effects.append(effect)
        return NewEffect(
            effect,
            f"{actor}/{rng.choice(('message', 'control', 'query'))}",
            rng.choice(("whatsapp", "telco", "agents")),
            self._body(),
            rng.choice(self._seen) if self._seen else MessageId("none"),
            now_ms,
            now_ms + rng.randint(0, 600_000) if self._one_in(4) else None,
            now_ms + rng.randint(0, 3_000_000) if self._one_in(4) else None,
            rng.choice(_NAMES) if self._one_in(3) else None,
        )

    def _withdrawals(self, actor: ActorId) -> tuple[Withdrawal, ...]:
        if not self._effects or not self._one_in(5):
            return ()
        effect = self._rng.choice(self._effects[-30:])
        tell = NewMessage(MessageId(f"{effect}.back"), actor, self._now_ms, self._body())
        return (Withdrawal(effect, tell),)

    def _timers(self, actor: ActorId) -> list[Timer]:
        names = self._rng.sample(_NAMES, self._rng.choice((0, 0, 1, 2)))
        return [
            Timer(
                actor,
                name,
                self._rng.randint(1, 9),
                self._now_ms + self._rng.randint(0, 900_000),
                self._body(),
            )
            for name in names
        ]

    # --- calls ----------------------------------------------------------------------------------

    def _claim(self, store: Connection) -> Claim | None:
        lanes = reading.open_lanes(store, "", 100)
        return Claim(self._rng.choice(lanes).lane, self._now_ms) if lanes else None

    def _settlement(self, store: Connection) -> Settlement | None:
        # Beyond every epoch: those of the present owner too.
        under_way = reading.interrupted(store, 2**60, 100)
        for row in under_way:
            self._begun[row.effect] = row.attempts
        return self._settled(self._rng.choice(under_way)) if under_way else None

    def _settled(self, row: OutboxRow) -> Settlement:
        outcome = self._rng.choices(list(SettleAs), (8, 2, 1, 3, 1, 2, 4))[0]
        tell = None
        if self._one_in(2):
            name = MessageId(f"{row.effect}.{row.attempts}.settled")
            tell = NewMessage(name, row.actor, self._now_ms, self._body(), row.cause)
        return Settlement(
            row.effect,
            # Once in a while of an attempt that is over.
            row.attempts - self._one_in(12),
            outcome,
            self._now_ms,
            self._now_ms + self._rng.randint(0, 300_000) if self._one_in(2) else None,
            self._new_id("vendor"),
            "timeout" if outcome is SettleAs.UNKNOWN else None,
            tell,
        )

    # --- upkeep and the operator ----------------------------------------------------------------

    def _fire_timers(self, store: Connection) -> FireTimers:
        return FireTimers(self._now_ms, self._rng.randint(1, 20))

    def _count_recovery(self, store: Connection) -> CountRecovery | None:
        actors = reading.actors_with_open_inbox(store, ActorId(""), 2**60, _ACTORS)
        if not actors:
            return None
        rows = reading.open_inbox(store, self._rng.choice(actors), 0, 1)
        return CountRecovery(rows[0].position)

    def _keep_flow(self, store: Connection) -> KeepFlow:
        version = f"flow_{self._rng.randint(1, 6)}"
        size = self._rng.randint(500, 20_000)
        if self._one_in(30):
            # More than SQLite keeps in memory: pages go to the log before the commit is asked for.
            size = 3_000_000
        return KeepFlow(version, self._rng.randbytes(size), self._now_ms)

    def _prune(self, store: Connection) -> Prune:
        before_ms = self._now_ms - self._rng.randint(0, 1_500_000)
        return Prune(before_ms, self._rng.choice((5, 50, 500)))

    def _mending(self, store: Connection) -> Unit | None:
        rng = self._rng
        letters = reading.dead_letters(store, 0, 50)
        unknown = reading.unknown_sends(store, 0, 50)
        units: list[Unit] = [Release(self._actor(), self._now_ms)]
        if letters:
            position = rng.choice(letters).position
            units += [ReplayDeadLetter(position, self._now_ms), DropDeadLetter(position)]
        if unknown:
            word = rng.choice((SettleAs.DELIVERED, SettleAs.DROPPED, SettleAs.RESEND))
            units.append(SettleUnknown(rng.choice(unknown).effect, word, self._now_ms))
        return rng.choice(units)

    def _ping(self, store: Connection) -> Ping:
        return Ping()


_Make = Callable[[Connection], Unit | None]
