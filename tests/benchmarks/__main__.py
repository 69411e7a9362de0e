"""`make bench`: measures and prints. `python -m tests.benchmarks restart` for one of them.

`--customers 200` is a quick look at `conversations`, `--conversations 50000` one at `many-rows`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

from tests.benchmarks import ceiling, conversations, flows, many_rows, memory, restart, turns
from tests.benchmarks.crowd import CROWD_MAX
from tests.benchmarks.report import machine


def _turns(options: argparse.Namespace) -> None:
    print("Full turns, and delivery statuses")
    asyncio.run(turns.measure(options.turns, turns.CUSTOMERS))


def _conversations(options: argparse.Namespace) -> None:
    print("The generator's own ceiling\n")
    trio.run(ceiling.measure, conversations.CONNECTIONS)
    print(f"\n{options.customers} conversations, {options.at_once} customers act at a time\n")
    trio.run(conversations.measure, options.customers, options.at_once, options.keep)


def _memory(options: argparse.Namespace) -> None:
    print("Memory of live and of sleeping actors\n")
    trio.run(partial(memory.measure, actors=options.actors))


def _restart(options: argparse.Namespace) -> None:
    print("A restart among running jobs\n")
    trio.run(partial(restart.measure, options.jobs))


def _many_rows(options: argparse.Namespace) -> None:
    print("A turn in a small file and in a large one\n")
    trio.run(partial(many_rows.measure, many=options.conversations))


def _flows(_options: argparse.Namespace) -> None:
    print("The check of flow files\n")
    flows.measure()


BENCHES: dict[str, Callable[[argparse.Namespace], None]] = {
    "turns": _turns,
    "conversations": _conversations,
    "memory": _memory,
    "restart": _restart,
    "many-rows": _many_rows,
    "flows": _flows,
}


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--turns", type=int, default=turns.TURNS, help="in each run of `turns`")
    parser.add_argument("--customers", type=int, default=CROWD_MAX)
    parser.add_argument("--at-once", type=int, default=32, help="customers who act at a time")
    parser.add_argument("--keep", type=Path, help="an empty folder for the log and the database")
    parser.add_argument("--actors", type=int, default=memory.ACTORS, help="of a kind, awake")
    parser.add_argument("--jobs", type=int, default=restart.JOBS, help="that run at a restart")
    parser.add_argument("--conversations", type=int, default=many_rows.MANY, help="in a file")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    print(machine())
    for name in options.names or BENCHES:
        print()
        BENCHES[name](options)


if __name__ == "__main__":
    main()
