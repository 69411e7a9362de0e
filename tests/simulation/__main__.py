"""`python -m tests.simulation`: many seeds, or one of them line by line."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.defects import Defect
from tests.simulation.run import simulate


def main() -> int:
    """Run the seeds; 1 where one of them failed."""
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="only this seed")
    parser.add_argument("--first", type=int, default=1, help="the first of many seeds")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--verbose", action="store_true", help="tell everything that happens")
    parser.add_argument("--keep-going", action="store_true", help="do not end at the first failure")
    parser.add_argument("--defect", choices=[each.name for each in Defect], help="plant a defect")
    options = parser.parse_args()
    first = options.first if options.seed is None else options.seed
    count = options.seeds if options.seed is None else 1
    defect = Defect[options.defect] if options.defect else None
    counts: Counter[str] = Counter()
    failed, began_s, done = 0, time.process_time(), 0
    for seed in range(first, first + count):
        result = simulate(seed, defect=defect, tell=print if options.verbose else None)
        counts.update(result.counts)
        done += 1
        if result.wrong:
            failed += 1
            print(f"FAILED {result}\nreplay: python -m tests.simulation --seed {seed} --verbose")
            if not options.keep_going:
                break
    spent_s = time.process_time() - began_s
    told = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    print(f"{done} seeds, {failed} failed, {done / spent_s:.1f} a second of CPU; {told}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
