"""What a seed decides: when the process is to die.

What lives here: the draw of the orders. What must not: carrying them out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.kills.orders import Order, Seam
from tests.kills.reaper import Assignment
from tests.kills.seams import EVENT, RECEIPT

# What is passed at each seam, in turn: messages to people and starts of jobs are what hurts.
_WHAT = {
    Seam.ACCEPTED: (EVENT, EVENT, EVENT, RECEIPT),
    Seam.ACKNOWLEDGED: ("",),
    Seam.COMMITTED: ("conversation", "router_job", "Say", "handover", "StartJob"),
    Seam.CLAIMED: ("Say", "StartJob", "Say", "", "WebRequest"),
    Seam.ANSWERED: ("Say", "StartJob", "Say", "Say", ""),
    Seam.SETTLED: ("delivered", "Say", "StartJob", "Say", ""),
    Seam.RANDOM: ("",),
}
NAMED = tuple(seam for seam in Seam if seam is not Seam.RANDOM)
_HOT = 0.5
_DOWN_MS = (0, 0, 1_000, 3_000)
_DELAYS_US = ((0, 300), (300, 3_000), (3_000, 20_000))


def draw(seed: int, named: int, random_kills: int) -> list[Assignment]:
    """So many kills at each named seam and so many at random, in any order."""
    chance = random.Random(f"kills {seed}")
    seams: list[tuple[Seam, str]] = []
    for seam in NAMED:
        whats = _WHAT[seam]
        seams += [(seam, whats[index % len(whats)]) for index in range(named)]
    seams += [(Seam.RANDOM, "")] * random_kills
    chance.shuffle(seams)
    return assign([_order(chance, seam, what) for seam, what in seams], chance)


def assign(orders: Sequence[Order], chance: random.Random) -> list[Assignment]:
    """When each order is given."""
    assignments: list[Assignment] = []
    for order in orders:
        after_calm = bool(assignments) and not assignments[-1].hot
        # What is rare would not come up while it recovers.
        hot = after_calm and not order.what and chance.random() < _HOT
        assignments.append(Assignment(order, hot, chance.choice(_DOWN_MS)))
    return assignments


def _order(chance: random.Random, seam: Seam, what: str) -> Order:
    if seam is Seam.RANDOM:
        return Order(
            seam, chance.randint(1, 25), delay_us=chance.randint(*chance.choice(_DELAYS_US))
        )
    return Order(seam, chance.randint(1, 2 if what else 5), what)
