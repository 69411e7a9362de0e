"""What every value may be at every step: over all ways that lead there.

What lives here: the states before each step, worked out until nothing changes any more. What must
not: judging them (`values`), or expressions (`kinds`).

A state says what may be, so a warning is sure only where a state leaves nothing else. A
conversation comes to a global word or to the root from wherever it waits; after a day it begins at
the entry, and knows nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import cached_property, reduce
from itertools import pairwise

from actors.flow import model
from actors.flow.addresses import scope_of
from actors.flow.check.keepers import Keepers, kept_by
from actors.flow.check.kinds import (
    ANYTHING,
    NOTHING,
    NULL,
    NUMBER,
    TEXT,
    TRUTH,
    UNKEPT,
    Kinds,
    State,
    Table,
    infer,
    kind_of,
    refined,
)
from actors.flow.evaluation import as_number, tree_of
from actors.flow.graph import Edge, Entry, FlowGraph, Way
from actors.flow.render import PLACEHOLDER


class DataFlow:
    """The states before each step, and after each way."""

    def __init__(self, flow: model.Flow, graph: FlowGraph, keepers: Keepers) -> None:
        self._flow, self._graph = flow, graph
        self.table = Table(keepers.names)
        self.before: dict[str, State] = {}
        """By address; a step that nothing leads to has none."""
        self.start = State(self.table.all, 0, 0, 0, 0)
        """Nothing was kept yet."""
        self._touched = self._touched_by_subflows()
        self._calls: dict[str, list[str]] = {}
        for edge in graph.edges:
            if edge.way is Way.CALL:
                self._calls.setdefault(edge.label, []).append(edge.source)
        self._run()
        # A second time, knowing which values are always kept together.
        self.table.companions = self._companions()
        self._run()

    # --- what is asked ----------------------------------------------------------------------------

    @cached_property
    def overall(self) -> State:
        """What every value may be anywhere."""
        return reduce(State.merged, self.before.values(), self.start)

    def kinds(self, name: str, address: str | None) -> Kinds:
        """What a value may be at a step, or anywhere."""
        return self.table.kinds(name, self.before.get(address or "", self.overall))

    def is_unkept(self, name: str, address: str) -> bool:
        """Whether nothing can have kept a value when a step is come to."""
        state, bit = self.before.get(address), self.table.bits.get(name)
        return state is not None and bit is not None and state.of(bit) == UNKEPT

    def may_lack(self, name: str, address: str) -> bool:
        """Whether a step can be come to on a way on which nothing keeps a value."""
        state, bit = self.before.get(address), self.table.bits.get(name)
        return state is not None and bit is not None and bool(state.unkept & bit)

    def goes_round(self, circle: list[str]) -> bool:
        """Whether values let a conversation go round there twice."""
        state = self.before.get(circle[0])
        for source, target in pairwise([*circle, *circle, circle[0]]):
            found = [
                after
                for edge in self._graph.ways_out[source]
                if edge.target == target and (after := self.after(edge, state)) is not None
            ]
            if state is None or not found:
                return False
            state = reduce(State.merged, found)
        return True

    # --- the ways ---------------------------------------------------------------------------------

    def _run(self) -> None:
        self.before = {}
        self._returned: dict[str, State] = {}
        self._waiting = self._at_root = State(0, 0, 0, 0, 0)
        self._open: dict[str, None] = {}
        for entry in self._graph.entries:
            if self.is_start(entry):
                self._come(entry.target, self.start)
        while self._open:
            before = self._waiting, self._at_root
            while self._open:
                address = next(iter(self._open))
                del self._open[address]
                self._go_on(address)
            if before == (self._waiting, self._at_root):
                break
            for entry in self._graph.entries:
                if entry.kind != "entry":
                    to_root = entry.target == self._flow.root
                    self._come(entry.target, self._at_root if to_root else self._waiting)

    def is_start(self, entry: Entry) -> bool:
        """Whether a conversation can begin there: by any word, but for those that lead to the root,
        which lead to the entry then."""
        return entry.kind == "entry" or (entry.kind == "word" and entry.target != self._flow.root)

    def _come(self, address: str, state: State | None) -> None:
        if state is None or address not in self._graph.places:
            return
        known = self.before.get(address)
        merged = known.merged(state) if known is not None else state
        if merged != known:
            self.before[address] = merged
            self._open[address] = None

    def _go_on(self, address: str) -> None:
        state, step = self.before[address], self._graph.places[address].step
        if isinstance(step, model.Menu | model.Question):
            self._waiting = self._waiting.merged(state)
            self._at_root = self._at_root.merged(state)
        elif isinstance(step, model.Request | model.Handover):
            self._waiting = self._waiting.merged(state)
            # Perhaps nothing was shown yet, and then nobody comes to the root from here.
            self._at_root = self._at_root.merged(state.kept(self.table.all))
        elif isinstance(step, model.Return):
            self._return(scope_of(address), state)
        for edge in self._graph.ways_out[address]:
            self._come(edge.target, self.after(edge))

    def _return(self, scope: str, state: State) -> None:
        known = self._returned.get(scope)
        merged = known.merged(state) if known is not None else state
        if merged != known:
            self._returned[scope] = merged
            for call in self._calls.get(scope, ()):
                if call in self.before:
                    self._open[call] = None

    def after(self, edge: Edge, state: State | None = None) -> State | None:
        """The state after a way; None where it cannot be gone, as far as is known by now.

        `state`: before it, if that is not what is known of the step.
        """
        state = state or self.before.get(edge.source)
        if state is None:
            return None
        step = self._graph.places[edge.source].step
        match step:
            case model.Menu(options=options) if edge.way is Way.OPTION:
                return self._if(options[edge.label].when, True, state)
            case model.Question(keep=keep) if edge.way is Way.ANSWER:
                return state.put(self.table.bits[keep], _answered(step))
            case model.Request():
                return self._responded(step, edge, state)
            case model.Branch(value=value, cases=cases):
                return self._branched(value, cases, edge, state)
            case model.If(test=test):
                return self._if(test, edge.key == "then", state)
            case model.SetValues():
                return self._set(step, state)
            case model.Forget(values=values):
                return state.put(self._bits(values), UNKEPT)
            case model.CallSubflow(flow=name) if edge.way is Way.RETURN:
                return self._past(name, state)
            case model.Handover() if edge.way is Way.ENDED:
                # Whoever was shown nothing before comes to the entry instead.
                return state.kept(self.table.all)
            case _:
                return state

    # --- what steps do with values ----------------------------------------------------------------

    def _bits(self, names: Iterable[str]) -> int:
        bits = 0
        for name in names:
            bits |= self.table.bits.get(name, 0)
        return bits

    def _if(self, test: str | None, truth: bool, state: State) -> State | None:
        node = tree_of(test) if test is not None else None
        return refined(node, truth, self.table, state) if node is not None else state

    def _responded(self, step: model.Request, edge: Edge, state: State) -> State:
        if not step.keep or edge.label not in ("", "error", "missing"):
            return state
        counts = self._bits(name for name, path in step.keep.items() if path.endswith("#"))
        others = self._bits(step.keep) & ~counts
        if edge.label == "":
            return state.put(counts, NUMBER).put(others, TRUTH | NUMBER | TEXT)
        lacking = state.put(counts, NUMBER | NULL).put(others, ANYTHING)
        if edge.label == "missing":
            return lacking
        return state.merged(lacking) if step.on_missing is None else state

    def _branched(
        self, value: str, cases: dict[str, str], edge: Edge, state: State
    ) -> State | None:
        if edge.key != "otherwise":
            return self.table.narrowed(value, case_kinds(edge.label), state)
        left = ANYTHING | UNKEPT
        if "null" in cases:
            left &= ~NOTHING
        if "true" in cases and "false" in cases:
            left &= ~TRUTH
        return self.table.narrowed(value, left, state)

    def _set(self, step: model.SetValues, state: State) -> State:
        before = state
        for name, value in step.values.items():
            state = state.put(self.table.bits[name], self._given(value, before))
        for name, expression in step.compute.items():
            node = tree_of(expression)
            kinds = infer(node, self.table, state) if node is not None else ANYTHING
            state = state.put(self.table.bits[name], kinds)
        return state

    def _given(self, value: str | int | float | bool | None, state: State) -> Kinds:
        whole = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
        if whole is None:
            return kind_of(value)
        kinds = self.table.kinds(whole[1], state)
        return (kinds & ~UNKEPT) | NULL if kinds & UNKEPT else kinds

    # --- sub-flows --------------------------------------------------------------------------------

    def _past(self, name: str, call: State) -> State | None:
        """After a call: what its sub-flow may change is as it left it, all else as it was."""
        returned = self._returned.get(name)
        if returned is None:
            return None
        kept, forgotten = self._touched.get(name, (0, 0))
        state = returned.chosen(kept | forgotten, call)
        # Other callers may not have kept it; this one had.
        return state.kept(kept & ~forgotten & ~call.unkept)

    def _touched_by_subflows(self) -> dict[str, tuple[int, int]]:
        """Sub-flow -> the values that it may keep, and those that it may forget, inner ones too."""
        found = dict.fromkeys(self._flow.subflows, (0, 0))
        for place in self._graph.places.values():
            if place.scope:
                kept, forgotten = found[place.scope]
                if isinstance(place.step, model.Forget):
                    forgotten |= self._bits(place.step.values)
                found[place.scope] = (kept | self._bits(kept_by(place.step)), forgotten)
        changed = True
        while changed:
            changed = False
            for place in self._graph.places.values():
                if isinstance(place.step, model.CallSubflow) and place.scope:
                    mine, inner = found[place.scope], found.get(place.step.flow, (0, 0))
                    both = (mine[0] | inner[0], mine[1] | inner[1])
                    changed = changed or both != mine
                    found[place.scope] = both
        return found

    # --- what is always kept together -------------------------------------------------------------

    def _companions(self) -> dict[str, int]:
        """Name -> the names that were surely kept where it was, and are not forgotten alone."""
        together: dict[str, int] = {}
        for address, state in self.before.items():
            names = list(kept_by(self._graph.places[address].step))
            surely = self.table.all & ~state.unkept | self._bits(names)
            for name in names:
                together[name] = together.get(name, self.table.all) & surely
        for place in self._graph.places.values():
            if isinstance(place.step, model.Forget):
                gone = self._bits(place.step.values)
                for name in together:
                    if not gone & self.table.bits[name]:
                        together[name] &= ~gone
        return together

    # --- on which way -----------------------------------------------------------------------------

    def way_without(self, name: str, address: str) -> list[str]:
        """The shortest way from a beginning to a step on which nothing keeps a value.

        Where it begins with a global word, that comes first.
        """
        bit, found = self.table.bits[name], [address]
        while True:
            came = self._came_without.get(found[-1], ())
            before = next((source for bits, source in came if bits & bit), None)
            if before is None:
                break
            found.append(before)
        begins = (e for e in self._graph.entries if e.target == found[-1] and self.is_start(e))
        entry = next(begins, None)
        if entry is not None and entry.kind == "word":
            found.append(f"the word {entry.label!r}")
        return found[::-1]

    @cached_property
    def _came_without(self) -> dict[str, list[tuple[int, str | None]]]:
        """Step -> the steps before it, each with the values that nothing has kept on the shortest
        way over it; None where a way begins. For all values at once."""
        everything = self.table.all
        came: dict[str, list[tuple[int, str | None]]] = {}
        seen: dict[str, int] = {}
        open_: deque[tuple[str, int]] = deque()

        def come(address: str, bits: int, source: str | None) -> None:
            new = bits & ~seen.get(address, 0)
            if new and address in self.before:
                seen[address] = seen.get(address, 0) | new
                came.setdefault(address, []).append((new, source))
                open_.append((address, new))

        for entry in self._graph.entries:
            if self.is_start(entry):
                come(entry.target, everything, None)
        while open_:
            here, bits = open_.popleft()
            for edge in self._graph.ways_out[here]:
                after = self.after(edge)
                if after is not None:
                    come(edge.target, bits & after.unkept, here)
            if isinstance(self._graph.places[here].step, model.Menu | model.Question):
                for entry in self._graph.entries:
                    if entry.kind != "entry":
                        come(entry.target, bits, here)
        return came


def _answered(question: model.Question) -> Kinds:
    return NUMBER if isinstance(question.answer, model.NumberAnswer) else TEXT


def case_kinds(case: str) -> Kinds:
    """The kinds of values that are written like a case of a branch."""
    if case == "null":
        # A text of these four letters too, and nobody means that.
        return NOTHING
    kinds = TEXT
    if case in ("true", "false"):
        kinds |= TRUTH
    if as_number(case) is not None:
        kinds |= NUMBER
    return kinds
