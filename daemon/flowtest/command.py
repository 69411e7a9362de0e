"""The command `flow test`: which files are played, and what is printed.

What lives here: finding flow and files, the report, the exit code (0 as expected, 1 not, 2 a wrong
option). What must not: playing (`rehearsal`) or counting (`coverage`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from actors.flow.check import check_flow
from actors.flow.reader import FlowSource, read_flow
from daemon.flow_check import line_of
from daemon.flowtest.coverage import Coverage
from daemon.flowtest.rehearsal import rehearse
from daemon.scripts.format import ScriptFault, read_script
from daemon.scripts.needs import Needs, needs_of, unspoken
from daemon.scripts.player import Failure
from daemon.scripts.showing import show_failure
from daemon.shipped import shipped_flow

EXIT_FAILED = 1
EXIT_USAGE = 2


class _Count(Struct):
    played: int = 0
    failed: int = 0
    turns: int = 0


def run_flow_test(
    flow: Path | None, scripts: Sequence[Path], *, coverage: bool, console: Console | None = None
) -> int:
    """Play conversation files against a flow; the exit code. Blocks on reading files only."""
    console = console or Console(highlight=False, soft_wrap=True)
    path = flow or shipped_flow()
    try:
        data = path.read_bytes()
    except OSError as error:
        console.print(f"{path}: cannot be read: {error.strerror}", style="red", markup=False)
        return EXIT_USAGE
    files = list(scripts) or files_beside(path)
    if not files:
        told = f"{path}: no conversation files (*.chat) beside it; name some"
        console.print(told, style="red", markup=False)
        return EXIT_USAGE
    source = _checked(path, data, console)
    if source is None:
        return EXIT_FAILED
    count, counted, needs = _Count(), Coverage(source), needs_of(source.flow)
    began = time.perf_counter()
    for file in files:
        _play(source, needs, file, count, counted, console)
    _summary(count, time.perf_counter() - began, console)
    if coverage:
        show_coverage(counted, path, console)
    return EXIT_FAILED if count.failed else 0


def files_beside(flow: Path) -> list[Path]:
    """The conversation files beside a flow and in the folder `scripts` beside it, by name."""
    return [*sorted(flow.parent.glob("*.chat")), *sorted((flow.parent / "scripts").glob("*.chat"))]


def _checked(path: Path, data: bytes, console: Console) -> FlowSource | None:
    """The flow, unless it has faults, which are told."""
    source = read_flow(data)
    if isinstance(source, list):
        faults = source
    else:
        needs = needs_of(source.flow)
        # The world of a test has every provider and service that the flow names.
        faults = check_flow(source, frozenset(needs.providers), frozenset(needs.services))
    for fault in faults:
        console.print(line_of(path, fault), style="red", markup=False)
    return None if faults or isinstance(source, list) else source


def _play(
    source: FlowSource,
    needs: Needs,
    file: Path,
    count: _Count,
    counted: Coverage,
    console: Console,
) -> None:
    count.played += 1
    try:
        script = read_script(file)
    except ScriptFault as fault:
        console.print(str(fault), style="red", markup=False)
        count.failed += 1
        return
    counted.begin()
    problem = unspoken(script.language, source.flow.languages)
    if problem is not None:
        show_failure(console, (), Failure(0, problem), str(file))
        count.failed += 1
        return
    rehearsal = rehearse(source, script, counted.saw, needs)
    count.turns += rehearsal.turns
    if rehearsal.failure is None:
        console.print(f"[green]as expected[/green]  {script.title}", emoji=False)
        return
    count.failed += 1
    console.print(f"not as expected: {script.title}", style="red", markup=False)
    show_failure(console, rehearsal.lines, rehearsal.failure, str(file))


def _summary(count: _Count, seconds: float, console: Console) -> None:
    good = count.played - count.failed
    pace = round(count.turns / max(seconds, 0.001))
    console.print(
        f"{good} of {count.played} conversations went as expected: "
        f"{count.turns} turns in {seconds:.2f} s ({pace} a second).",
        style="red" if count.failed else "",
    )


def show_coverage(counted: Coverage, path: Path, console: Console) -> None:
    """The share of the flow that was gone through, and what was not."""
    console.print(
        f"Of {path.name}, {counted.percent} % was gone through "
        f"({counted.touched} of {counted.total} steps, ways and texts).",
        markup=False,
    )
    untouched = counted.untouched()
    if untouched:
        console.print("Never:")
    for part in untouched:
        leads = f" -> {part.target}" if part.target is not None else ""
        console.print(f"{path.name}:{part.line}: {part.path}{leads}", markup=False, style="yellow")
