"""Who is awake, who is woken, who makes room: the registry alone, with scripted actors."""

from __future__ import annotations

import time

import pytest
import trio
import trio.testing

from actors.ids import ActorId
from daemon.metrics import Metrics
from daemon.registry import Mailbox, Registry
from tests.daemon.parts import row


class Crowd:
    """Actors that stay until they are asked to go; `held` ones are busy until released."""

    def __init__(self, nursery: trio.Nursery, live_max: int) -> None:
        self.started: list[str] = []
        self.gone: list[str] = []
        self.most = 0
        self.held: set[str] = set()
        self.release = trio.Event()
        self.boxes: dict[str, Mailbox] = {}
        self.metrics = Metrics()
        self.registry = Registry(
            nursery, self.live, self.metrics, live_actors_max=live_max, mailbox_max=2
        )

    async def live(self, mailbox: Mailbox) -> None:
        self.started.append(mailbox.actor)
        self.boxes[mailbox.actor] = mailbox
        self.most = max(self.most, self.registry.live_count)
        mailbox.behind = False
        if mailbox.actor in self.held:
            await self.release.wait()
        self.registry.idle(mailbox)
        while await mailbox.wait() is not None:
            self.registry.idle(mailbox)
        self.gone.append(mailbox.actor)


def name(number: int) -> ActorId:
    return ActorId(f"cnv_{number:03}")


async def test_a_ring_starts_an_actor_once(nursery: trio.Nursery, autojump_clock: object) -> None:
    crowd = Crowd(nursery, 10)
    nursery.start_soon(crowd.registry.put_to_sleep, 60.0)
    crowd.registry.inbox([row("a", 1), row("b", 2)])
    crowd.registry.wake(row("a").actor)
    await trio.testing.wait_all_tasks_blocked()
    assert crowd.started == [row("a").actor]
    assert crowd.registry.live_count == 1
    gauge = crowd.metrics.registry.get_sample_value
    assert gauge("routerbot_live_actors", {"kind": "conversation"}) == 1
    await trio.sleep(61)
    assert crowd.registry.live_count == 0
    assert gauge("routerbot_live_actors", {"kind": "conversation"}) == 0


async def test_each_goes_to_sleep_when_its_own_time_is_up(
    nursery: trio.Nursery, autojump_clock: object
) -> None:
    crowd = Crowd(nursery, 10)
    nursery.start_soon(crowd.registry.put_to_sleep, 60.0)
    for number in range(3):
        crowd.registry.wake(name(number))
        await trio.sleep(10)
    crowd.registry.inbox([row("x", 1, actor=name(1))])  # at 30 s
    await trio.sleep(31)
    assert crowd.gone == [name(0)]
    await trio.sleep(20)
    assert crowd.gone == [name(0), name(2)]
    await trio.sleep(10)
    assert crowd.gone == [name(0), name(2), name(1)]
    crowd.registry.wake(name(0))
    await trio.sleep(59)
    assert crowd.registry.is_live(name(0))
    await trio.sleep(2)
    assert not crowd.registry.is_live(name(0))


async def test_a_house_with_room_is_not_crowded_though_all_are_going(
    nursery: trio.Nursery,
) -> None:
    crowd = Crowd(nursery, 10)
    for number in range(3):
        crowd.registry.wake(name(number))
    await trio.testing.wait_all_tasks_blocked()
    for _ in range(3):
        crowd.registry._ask_to_go()
    crowd.registry.inbox([row("x", 1, actor=name(0))])
    assert not crowd.registry.crowded
    await trio.testing.wait_all_tasks_blocked()
    assert crowd.started.count(name(0)) == 2
    crowd.registry.stop()


async def test_the_longest_idle_goes_at_once(nursery: trio.Nursery) -> None:
    crowd = Crowd(nursery, 3)
    for number in range(3):
        crowd.registry.wake(name(number))
        await trio.testing.wait_all_tasks_blocked()
    crowd.registry.inbox([row("x", 1, actor=name(0))])
    await trio.testing.wait_all_tasks_blocked()
    crowd.registry.wake(name(3))
    assert crowd.registry.is_live(name(3))
    await trio.testing.wait_all_tasks_blocked()
    assert crowd.gone == [name(1)]
    assert crowd.registry.is_live(name(3))
    assert crowd.most == 3
    crowd.registry.stop()


async def test_as_many_make_room_as_wait_and_no_more(nursery: trio.Nursery) -> None:
    crowd = Crowd(nursery, 50)
    for number in range(50):
        crowd.registry.wake(name(number))
        await trio.testing.wait_all_tasks_blocked()
    for number in range(50, 55):
        crowd.registry.wake(name(number))
    await trio.testing.wait_all_tasks_blocked()
    assert sorted(crowd.gone) == [name(number) for number in range(5)]
    assert crowd.registry.live_count == 50
    crowd.registry.stop()


async def test_where_all_are_busy_the_next_idle_one_makes_room(nursery: trio.Nursery) -> None:
    crowd = Crowd(nursery, 2)
    crowd.held = {name(0), name(1)}
    for number in range(6):
        crowd.registry.wake(name(number))
    await trio.testing.wait_all_tasks_blocked()
    assert sorted(crowd.started) == [name(0), name(1)]
    assert crowd.registry.busy_count == 6
    crowd.release.set()
    await trio.testing.wait_all_tasks_blocked()
    assert sorted(crowd.started) == [name(number) for number in range(6)]
    assert crowd.most == 2
    assert (crowd.registry.live_count, crowd.registry.busy_count) == (2, 0)
    crowd.registry.stop()


async def test_a_ring_for_one_that_is_just_going_brings_it_back(nursery: trio.Nursery) -> None:
    crowd = Crowd(nursery, 1)
    crowd.registry.wake(name(0))
    await trio.testing.wait_all_tasks_blocked()
    crowd.registry.wake(name(1))
    crowd.registry.inbox([row("x", 1, actor=name(0))])
    assert crowd.registry.is_live(name(0))
    await trio.testing.wait_all_tasks_blocked()
    assert crowd.started == [name(0), name(1), name(0)]
    assert crowd.registry.live_count == 1
    crowd.registry.stop()


async def test_what_was_delivered_before_being_asked_to_go_is_read_first() -> None:
    mailbox = Mailbox(name(0), 4)
    mailbox.behind = False
    mailbox.put(row("a", 1))
    mailbox.make_room()
    mailbox.make_room()
    assert mailbox.asked_to_go
    assert not mailbox.empty
    assert await mailbox.wait() == row("a", 1)
    assert await mailbox.wait() is None


async def test_a_full_mailbox_says_so_and_refuses_what_was_seen() -> None:
    mailbox = Mailbox(name(0), 2)
    mailbox.put(row("ignored: the store will be read", 1))
    assert mailbox.take(1) == []
    mailbox.behind = False
    for position in (3, 4, 5):
        mailbox.put(row("x", position))
    assert not mailbox.empty
    mailbox.position = 3
    assert [one.position for one in mailbox.take(10)] == [4]


async def test_after_a_stop_nobody_is_started(nursery: trio.Nursery) -> None:
    crowd = Crowd(nursery, 1)
    crowd.held = {name(0)}
    crowd.registry.wake(name(0))
    crowd.registry.wake(name(1))
    await trio.testing.wait_all_tasks_blocked()
    crowd.registry.stop()
    crowd.registry.wake(name(2))
    crowd.registry.inbox([row("x", 1, actor=name(0)), row("x", 2, actor=name(3))])
    crowd.release.set()
    await trio.testing.wait_all_tasks_blocked()
    assert (crowd.started, crowd.gone) == ([name(0)], [name(0)])


@pytest.mark.parametrize("waiting", [20_000])
async def test_a_long_queue_after_a_restart_costs_little_for_each_actor(
    nursery: trio.Nursery, waiting: int
) -> None:
    """With 20,000 waiting, a copy of the queue for each one that goes would take a minute."""
    done = 0

    async def live(mailbox: Mailbox) -> None:
        nonlocal done
        done += 1

    registry = Registry(nursery, live, Metrics(), live_actors_max=10, mailbox_max=1)
    began = time.perf_counter()
    for number in range(waiting):
        registry.wake(ActorId(f"cnv_{number}"))
    await trio.testing.wait_all_tasks_blocked()
    assert done == waiting
    assert time.perf_counter() - began < 4


async def test_those_with_old_messages_are_woken_a_few_at_a_time(nursery: trio.Nursery) -> None:
    crowd = Crowd(nursery, 5000)
    crowd.held = {name(number) for number in range(300)}
    crowd.registry.expect(name(number) for number in range(1000))
    nursery.start_soon(crowd.registry.wake_expected)
    await trio.testing.wait_all_tasks_blocked()
    assert len(crowd.started) == 200, "all of them busy: the others wait"
    assert crowd.registry.busy_count == 1000
    crowd.registry.wake(name(999))
    await trio.testing.wait_all_tasks_blocked()
    assert crowd.started[200:] == [name(999)], "a message of now goes ahead"
    crowd.release.set()
    await trio.testing.wait_all_tasks_blocked()
    assert len(crowd.started) == len(set(crowd.started)) == 1000
    assert crowd.registry.busy_count == 0
    crowd.registry.stop()
