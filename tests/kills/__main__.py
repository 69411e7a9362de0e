"""`make kills`: run after run with the real process under load, killed as the seed wants it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from tests.kills.chapters import script
from tests.kills.defects import Defect
from tests.kills.plan import draw
from tests.kills.report import table, told
from tests.kills.run import Outcome, Settings, run


def main() -> int:
    """Run them; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="tests.kills", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; then one more each")
    parser.add_argument("--runs", type=int, default=1, help="how many runs")
    parser.add_argument("--named", type=int, default=5, help="kills at each named seam, each run")
    parser.add_argument("--random", type=int, default=50, help="kills at random, each run")
    parser.add_argument("--customers", type=int, default=12, help="how many at a time")
    parser.add_argument("--chapters", type=int, default=3, help="stories a customer plays")
    parser.add_argument("--defect", choices=[each.name for each in Defect], help="plant a defect")
    parser.add_argument("--keep", type=Path, help="an empty folder for the databases and logs")
    parser.add_argument("--verbose", action="store_true", help="tell each double and the like")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    for seed in range(options.seed, options.seed + options.runs):
        settings = Settings(
            seed=seed,
            plan=draw(seed, options.named, options.random),
            customers=options.customers,
            script=lambda chance: script(chance, options.chapters),
            keys_honoured=seed % 2 == 1,
            defect=Defect[options.defect] if options.defect else None,
        )
        outcomes.append(_run(settings, options.keep))
        print(told(outcomes[-1], verbose=options.verbose), flush=True)
        if outcomes[-1].verdict.faults:
            print(f"FAILED; replay: python -m tests.kills {_again(seed)}")
            break
    print(f"\n{len(outcomes)} runs\n\n{table(outcomes)}")
    return 1 if any(outcome.verdict.faults for outcome in outcomes) else 0


def _run(settings: Settings, keep: Path | None) -> Outcome:
    if keep is not None:
        folder = keep / f"seed{settings.seed}"
        folder.mkdir(mode=0o700, parents=True)
        return trio.run(run, settings, folder)
    with TemporaryDirectory(prefix="routerbot-kills-") as name:
        return trio.run(run, settings, Path(name))


def _again(seed: int) -> str:
    """The same command for one seed."""
    words = sys.argv[1:]
    kept = [
        word
        for index, word in enumerate(words)
        if not word.startswith(("--seed", "--runs", "--keep"))
        and (index == 0 or words[index - 1] not in ("--seed", "--runs", "--keep"))
    ]
    return " ".join([f"--seed {seed}", *kept, "--keep FOLDER"])


if __name__ == "__main__":
    sys.exit(main())
