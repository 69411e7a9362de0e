"""Jobs for the writer gather on trio's thread until that has nothing else to do.

What lives here: when what was asked for goes to the writer, and the looks at who waits for a lull.
What must not: what a job is, or the writer. Two threads that want Python's lock at the same time
slow each other down, and each visit to the writer costs as much as a third of a turn: so what
belongs together should go together, and go while trio's thread sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

import trio

from state.lulls import Lulls

Job = TypeVar("Job")

PATIENCE_S = 0.005
"""How long a job waits at most while there is always something else to do."""


class Gathering(trio.abc.Instrument, Generic[Job]):
    """What was asked for and is not with the writer yet, in its order. For trio's thread alone.

    It is watchful for as long as its `with` block runs.
    """

    def __init__(
        self, put: Callable[[Sequence[Job]], None], lulls: Lulls, writing: Callable[[], bool]
    ) -> None:
        """`put` gives jobs to the writer; `writing` tells whether it has units to write. Neither
        may block or raise."""
        self._put = put
        self._lulls = lulls
        self._writing = writing
        self._jobs: list[Job] = []
        self._since_s = 0.0
        self._urgent = False

    def __enter__(self) -> Self:
        trio.lowlevel.add_instrument(self)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        trio.lowlevel.remove_instrument(self)

    def add(self, job: Job, *, urgent: bool) -> None:
        """Let it go with what else is asked for now.

        An urgent one waits for no more than the tasks that run in this round of the scheduler, as
        who waits for it can do nothing meanwhile; but where somebody waits for a lull, which that
        very commit brings, for `PATIENCE_S` like the others.
        """
        if not self._jobs:
            self._since_s = trio.current_time()
        self._jobs.append(job)
        self._urgent = self._urgent or urgent

    def hand_over(self) -> None:
        """Let it all go now."""
        jobs, self._jobs = self._jobs, []
        self._urgent = False
        if jobs:
            self._put(jobs)

    def before_io_wait(self, timeout: float) -> None:
        """Trio is about to look what has come from outside, or to sleep until something comes."""
        idle = timeout > 0
        if self._jobs and (idle or self._is_pressing() or self._is_late()):
            self.hand_over()
        if self._lulls.awaited:
            self._lulls.look(idle=idle, writing=self._writing())

    def _is_pressing(self) -> bool:
        # Where work waits for the commit, there is soon nothing else to do.
        return self._urgent and not self._lulls.awaited

    def _is_late(self) -> bool:
        return trio.current_time() - self._since_s >= PATIENCE_S
