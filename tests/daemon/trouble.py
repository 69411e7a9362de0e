"""A store that fails or dawdles as a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import trio

from daemon.tree import Switchboard
from state.memory_disk import MemoryDisk
from state.memory_store import MemoryStore
from state.rows import Acceptance, Arrival


class Trouble:
    """A memory store whose methods fail or dawdle; what it does, it does as the real one."""

    def __init__(self, disk: MemoryDisk, bell: Switchboard) -> None:
        self.store = MemoryStore(disk, bell)
        self.fail: Callable[[str, object], Exception | None] = lambda _method, _unit: None
        self.pause: Callable[[], float] | None = None
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        if not callable(found):
            return found

        async def method(*args: Any, **kwargs: Any) -> Any:
            self.asked.append(name)
            if self.pause is not None:
                await trio.sleep(self.pause())
            error = self.fail(name, args[0] if args else None)
            if error is not None:
                await trio.lowlevel.checkpoint()
                raise error
            answer = await found(*args, **kwargs)
            if self.pause is not None:
                await trio.sleep(self.pause())
            return answer

        return method

    async def accept(self, arrivals: Sequence[Arrival]) -> Acceptance:
        """Past all trouble: what comes from outside in a test."""
        return await self.store.accept(arrivals)
