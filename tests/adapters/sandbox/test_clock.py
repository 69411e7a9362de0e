"""The sandbox's clock: nothing happens early, nothing is forgotten, and rest can be told."""

import pytest
import trio
import trio.testing

from adapters.sandbox.clock import Activity, SimClock


async def test_actions_happen_in_order_and_not_before_their_time() -> None:
    clock = SimClock.frozen_at(1000)
    done: list[str] = []

    def note(what: str) -> None:
        def action() -> None:
            done.append(f"{what}@{clock.now_ms()}")

        clock.call_later({"a": 10, "b": 10, "c": 5, "d": 50}[what], action)

    async with trio.open_nursery() as nursery:
        await nursery.start(clock.run)
        for what in "abcd":
            note(what)
        await clock.wait_quiet()
        assert done == []
        assert clock.next_due_ms() == 1005
        clock.advance(10)
        assert clock.pending_now == 3
        assert not clock.quiet
        await clock.wait_quiet()
        assert done == ["c@1010", "a@1010", "b@1010"]
        assert clock.next_due_ms() == 1050
        nursery.cancel_scope.cancel()


async def test_a_cancelled_action_is_forgotten() -> None:
    clock = SimClock.frozen_at(0)

    def never() -> None:
        raise AssertionError

    async with trio.open_nursery() as nursery:
        await nursery.start(clock.run)
        clock.call_later(5, never).cancel()
        assert clock.next_due_ms() is None
        clock.advance(10)
        await clock.wait_quiet()
        nursery.cancel_scope.cancel()


async def test_a_sleeper_wakes_by_an_advance() -> None:
    clock = SimClock.frozen_at(0)
    woken: list[int] = []

    async def sleep() -> None:
        await clock.sleep_until(100)
        woken.append(clock.now_ms())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleep)
        await trio.testing.wait_all_tasks_blocked()
        clock.advance(99)
        await clock.wait_quiet()
        assert woken == []
        assert clock.next_due_ms() == 100
        clock.advance(1)
        await clock.wait_quiet()
        assert woken == [100]
        assert clock.next_due_ms() is None


async def test_a_running_clock_follows_real_time_and_leaps() -> None:
    real = [5000]
    clock = SimClock.running(lambda: real[0])
    assert not clock.frozen
    real[0] += 7
    assert clock.now_ms() == 5007
    leaps: list[int] = []
    clock.on_advance(lambda: leaps.append(clock.offset_ms))
    clock.advance(1000)
    assert clock.now_ms() == 6007
    assert leaps == [1000]
    with trio.fail_after(1):
        await clock.sleep_until(6000)
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(-1)


async def test_a_running_clock_does_things_by_itself() -> None:
    clock = SimClock.running(lambda: round(trio.current_time() * 1000))
    happened = trio.Event()

    def action() -> None:
        happened.set()

    async with trio.open_nursery() as nursery:
        await nursery.start(clock.run)
        clock.call_later(2, action)
        with trio.fail_after(2):
            await happened.wait()
        nursery.cancel_scope.cancel()


async def test_activity_adds_up() -> None:
    whole = Activity()
    part = Activity(whole)
    with part.under_way():
        assert (whole.count, part.quiet) == (1, False)
        with part.paused():
            assert whole.quiet
        assert whole.count == 1
    assert whole.quiet
    with trio.fail_after(1):
        await whole.wait_quiet()
