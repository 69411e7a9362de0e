"""`make bench`: measures and prints. `--customers 200` for a quick look."""

from __future__ import annotations

import argparse
from pathlib import Path

import trio

from tests.benchmarks import ceiling, conversations, flows
from tests.benchmarks.crowd import CROWD_MAX
from tests.benchmarks.report import machine


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("--customers", type=int, default=CROWD_MAX)
    parser.add_argument("--at-once", type=int, default=32, help="customers who act at a time")
    parser.add_argument("--keep", type=Path, help="an empty folder for the log and the database")
    parser.add_argument("--flows", action="store_true", help="only the check of flow files")
    options = parser.parse_args()
    print(machine())
    print("\nFlow files\n")
    flows.measure()
    if options.flows:
        return
    print("\nThe generator's own ceiling\n")
    trio.run(ceiling.measure, conversations.CONNECTIONS)
    print(f"\n{options.customers} conversations, {options.at_once} customers act at a time\n")
    trio.run(conversations.measure, options.customers, options.at_once, options.keep)


if __name__ == "__main__":
    main()
