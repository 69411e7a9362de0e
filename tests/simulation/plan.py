"""What a seed decides beforehand: how many customers, how much trouble, when the process dies.

What lives here: the draw of one plan. What must not: anything drawn later, while it runs.
"""

from __future__ import annotations

import random

from msgspec import Struct

BEFORE_COMMIT = "before commit"
AFTER_COMMIT = "after commit"
SOON = "soon after commit"
STOP = "graceful stop"
ON_CALL = "on a call"


_CALLS = ("StartJob", "StartJob", "CancelJob", "QueryJob", "Say", "OpenDesk", "SendToDesk")


class Span(Struct, frozen=True):
    """A time of trouble, in seconds since the beginning."""

    begins_s: float
    ends_s: float


class Death(Struct, frozen=True):
    """How the process ends at the `commit`-th unit of work since its predecessor began."""

    commit: int
    how: str
    steps: int
    """For `SOON`: scheduler steps between the commit and the end."""
    call: str
    """For `ON_CALL`: the first such call from then on, at the moment when it is carried out."""
    down_s: float
    """Until the next process begins."""


class Plan(Struct, frozen=True):
    """Everything that is known beforehand about one seed."""

    seed: int
    customers: int
    trouble_s: float
    """Until then things go wrong; after that all is well, and time passes until nothing moves."""
    chat_trouble: float
    telco_trouble: float
    crm_trouble: float
    desk_trouble: float
    receipts_missing: float
    callbacks_lost: float
    webhooks_twice: float
    webhooks_late: float
    keys_honoured: bool
    callbacks_by_id: bool
    """The provider names jobs in its events by its own ids only."""
    disk_full: tuple[Span, ...]
    telco_down: tuple[Span, ...]
    deaths: tuple[Death, ...]
    mailbox_max: int
    batch_max: int
    live_actors_max: int


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    rng = random.Random(f"plan {seed}")
    trouble_s = rng.uniform(200, 700)

    def rate(*rates: float) -> float:
        return rng.choice(rates)

    def spans(most: int, longest_s: float) -> tuple[Span, ...]:
        begins = [rng.uniform(0, trouble_s) for _ in range(rng.randint(0, most))]
        return tuple(Span(at, at + rng.uniform(1, longest_s)) for at in begins)

    return Plan(
        seed=seed,
        customers=rng.choice((1, 1, 2)),
        trouble_s=trouble_s,
        chat_trouble=rate(0, 0.05, 0.15, 0.35),
        telco_trouble=rate(0, 0.1, 0.3, 0.5),
        crm_trouble=rate(0, 0.05, 0.2),
        desk_trouble=rate(0, 0.05, 0.2, 0.4),
        receipts_missing=rate(0, 0.1, 1),
        callbacks_lost=rate(0, 0.2, 1),
        webhooks_twice=rate(0, 0.1, 0.4),
        webhooks_late=rate(0, 0.05, 0.15),
        keys_honoured=rng.random() < 0.5,
        callbacks_by_id=rng.random() < 0.3,
        disk_full=spans(2, 40),
        telco_down=spans(2, 200),
        deaths=_deaths(rng),
        mailbox_max=rng.choice((1, 2, 32)),
        batch_max=rng.choice((1, 3, 32)),
        live_actors_max=rng.choice((1, 2, 5000)),
    )


def _deaths(rng: random.Random) -> tuple[Death, ...]:
    """Never three in quick succession: a message open at three starts would be set aside."""
    found: list[Death] = []
    for _ in range(rng.choice((0, 1, 2, 3))):
        found.append(_death(rng, rng.randint(20, 200)))
        if rng.random() < 0.4:
            found.append(_death(rng, rng.randint(1, 12)))
    return tuple(found)


def _death(rng: random.Random, commit: int) -> Death:
    how = rng.choice((BEFORE_COMMIT, AFTER_COMMIT, SOON, SOON, ON_CALL, ON_CALL, STOP))
    down_s = rng.choice((0.1, 2.0, 2.0, rng.uniform(5, 60), rng.uniform(300, 1200)))
    return Death(commit, how, rng.randint(0, 40), rng.choice(_CALLS), down_s)
