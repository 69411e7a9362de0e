"""Groups of units of work: one transaction, and an answer for each unit.

What lives here: the order of the kinds in a group, and how a unit at fault is kept from harming its
neighbours. What must not: what any kind writes, or who waits for the answers.

The units of a group were asked for at the same time, so that any order among kinds is right; units
of one kind keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

from msgspec import Struct

from state import upkeep
from state.accepting import Accept, apply_accepts
from state.committing import apply_commits
from state.connection import Connection
from state.mending import Mending, apply_mendings
from state.queries import SQL
from state.rows import Commit, Settlement
from state.sending import Claim, apply_claims, apply_settlements
from state.store import ConstraintBroken, StoreError
from state.upkeep import CountRecovery, FireTimers, KeepFlow, Ping, Prune
from state.work import Ledger, Rings, Work

Unit = (
    Commit
    | Accept
    | Settlement
    | FireTimers
    | CountRecovery
    | KeepFlow
    | Prune
    | Mending
    | Ping
    | Claim
)


class Done(Struct, frozen=True):
    """A group that is committed: an answer or an error for each unit, and whom to ring."""

    answers: list[object]
    rings: Rings


def transact(
    connection: Connection, epoch: int, units: Sequence[Unit], ledger: Ledger | None = None
) -> Done:
    """Write a group of units in one transaction.

    `ledger`: kept from one transaction to the next by whoever has the file to itself.

    Raises StaleCommit where the store has another owner and StoreFull where space ran out: nothing
    was written then. Raises StoreBroken where nobody knows. An error that is one unit's own is its
    answer, and that unit alone wrote nothing.
    """
    ledger = ledger or Ledger()
    try:
        return _attempt(connection, epoch, ledger, units, _apply_together)
    except ConstraintBroken:
        return _attempt(connection, epoch, ledger, units, _apply_apart)


_Apply = Callable[[Work, Sequence[Unit]], list[object]]


def _attempt(
    connection: Connection, epoch: int, ledger: Ledger, units: Sequence[Unit], apply: _Apply
) -> Done:
    finished = False
    try:
        work = Work.begin(connection, epoch, ledger)
        answers = apply(work, units)
        connection.commit()
        work.committed(ledger)
        finished = True
    finally:
        if not finished:
            connection.rollback()
    return Done(answers, work.rings)


def _apply_together(work: Work, units: Sequence[Unit]) -> list[object]:
    answers: list[object] = [None] * len(units)
    numbers_of: dict[_ApplyKind, list[int]] = {}
    for number, unit in enumerate(units):
        numbers_of.setdefault(_APPLY[type(unit)], []).append(number)
    for apply in _ORDER:
        numbers = numbers_of.get(apply)
        if numbers is not None:
            found = apply(work, [units[number] for number in numbers])
            for number, answer in zip(numbers, found, strict=True):
                answers[number] = answer
    return answers


def _apply_apart(work: Work, units: Sequence[Unit]) -> list[object]:
    """The slow way, taken when some unit is at fault: each in a savepoint of its own."""
    answers: list[object] = [None] * len(units)
    for apply in _ORDER:
        for number, unit in enumerate(units):
            if _APPLY[type(unit)] is apply:
                answers[number] = _apply_guarded(work, apply, unit)
    return answers


def _apply_guarded(work: Work, apply: _ApplyKind, unit: Unit) -> object:
    mark = work.mark()
    work.connection.run(SQL["savepoint"])
    try:
        [answer] = apply(work, [unit])
    except ConstraintBroken as error:
        work.connection.run(SQL["undo"])
        work.go_back(mark)
        answer = error
    work.connection.run(SQL["release"])
    return answer


# --- kinds --------------------------------------------------------------------------------------

_ApplyKind = Callable[[Work, Sequence[Any]], Sequence[object]]


def _one_by_one(apply: Callable[[Work, Any], object]) -> _ApplyKind:
    def apply_all(work: Work, units: Sequence[Any]) -> list[object]:
        return [apply(work, unit) for unit in units]

    return apply_all


# Claims come last: they see the calls, the withdrawals and the settlements of their own group.
_KINDS: tuple[tuple[tuple[type[Unit], ...], _ApplyKind], ...] = (
    ((Commit,), apply_commits),
    ((Accept,), apply_accepts),
    ((Settlement,), apply_settlements),
    ((FireTimers,), _one_by_one(upkeep.fire_timers)),
    ((CountRecovery,), _one_by_one(upkeep.count_recovery)),
    ((KeepFlow,), _one_by_one(upkeep.keep_flow)),
    (get_args(Mending), apply_mendings),
    ((Prune,), _one_by_one(upkeep.prune)),
    ((Ping,), _one_by_one(upkeep.ping)),
    ((Claim,), apply_claims),
)
_ORDER = tuple(apply for _, apply in _KINDS)
_APPLY = {kind: apply for kinds, apply in _KINDS for kind in kinds}


def raised(answer: object) -> object:
    """An answer, or the error that stands for it, raised."""
    if isinstance(answer, StoreError):
        raise answer
    return answer
