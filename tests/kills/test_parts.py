"""Orders, plans and the core alone: the parts of the harness that it cannot test by itself."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

from actors.calls import Purpose
from daemon.scripts.format import SCRIPT_BEGINS_MS
from tests.kills import chapters
from tests.kills.core import Core
from tests.kills.orders import Order, Orders, Seam, give, withdraw
from tests.kills.people import Customer, pass_time, play
from tests.kills.plan import NAMED, draw

NAMED_KILLS, RANDOM_KILLS = 5, 50


# --- orders -------------------------------------------------------------------------------------


def test_an_order_counts_what_it_is_about(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    orders = Orders(file)
    assert orders.due(Seam.CLAIMED, ["Say"]) is None
    give(file, order := Order(Seam.CLAIMED, 2, "Say"))
    assert orders.due(Seam.CLAIMED, ["Say"]) is None
    assert orders.due(Seam.CLAIMED, ["StartJob"]) is None
    assert orders.due(Seam.SETTLED, ["Say"]) is None
    assert orders.due(Seam.CLAIMED, ["Say"]) == order


def test_a_new_order_counts_anew_and_none_is_none(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    orders = Orders(file)
    give(file, Order(Seam.COMMITTED, 2))
    assert orders.due(Seam.COMMITTED, []) is None
    give(file, Order(Seam.COMMITTED, 2))
    assert orders.due(Seam.COMMITTED, []) is None
    withdraw(file)
    assert orders.due(Seam.COMMITTED, []) is None


def test_a_random_order_counts_every_seam(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    give(file, order := Order(Seam.RANDOM, 3, delay_us=5))
    orders = Orders(file)
    passed = [orders.due(seam, ["any"]) for seam in NAMED[:3]]
    assert passed == [None, None, order]


# --- plans --------------------------------------------------------------------------------------


def test_a_plan_has_what_was_asked_for_and_repeats() -> None:
    plan = draw(3, NAMED_KILLS, RANDOM_KILLS)
    for seam in NAMED:
        assert sum(each.order.seam is seam for each in plan) == NAMED_KILLS
    assert sum(each.order.seam is Seam.RANDOM for each in plan) == RANDOM_KILLS
    assert plan == draw(3, NAMED_KILLS, RANDOM_KILLS)
    assert plan != draw(4, NAMED_KILLS, RANDOM_KILLS)


def test_what_is_open_is_found_at_two_starts_at_most() -> None:
    """The third would make it poison; so no two kills in a row come before the process rests."""
    for seed in range(20):
        hot = [each.hot for each in draw(seed, NAMED_KILLS, RANDOM_KILLS)]
        assert any(hot)
        assert not hot[0]
        assert not any(first and second for first, second in pairwise(hot))


# --- the core alone -----------------------------------------------------------------------------


async def test_the_core_alone_shows_what_it_decides() -> None:
    """Else the oracle would compare with a wrong copy."""
    chance = random.Random(5)
    core = Core(SCRIPT_BEGINS_MS)
    customers = [
        Customer(core.world, number, [*chapters.greets(chance), *chapter(chance)])
        for number, chapter in enumerate(chapters.CHAPTERS)
    ]
    await play(core, customers)
    await pass_time(core, 60)
    assert [customer.impatient for customer in customers] == [[]] * len(customers)
    shown = [message.opaque for each in customers for message in each.phone.received]
    owed = [one for one in core.said if one.purpose is not Purpose.PROGRESS]
    replaced = [one for one in owed if f"{one.effect}.1" not in shown]
    assert len(set(shown)) == len(shown)
    assert all(one.job is not None for one in replaced)
    for customer in customers:
        texts = [message.text for message in customer.phone.received]
        decided = [one.text for one in core.said if one.phone == customer.phone.wa_id]
        assert texts == [text for text in decided if text in texts]
    assert len(core.world.telco.starts) == len(core.world.telco.jobs) >= len(customers) - 2
    assert core.world.whatsapp.rejected == []
