"""How long `routerbot flow check` takes: the whole process, from a cold start to its exit."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.actors.large_flow import large_flow, written
from tests.benchmarks.report import table

SIZES = (100, 500, 2000)
ROUNDS = 5


def measure() -> None:
    """Check flows of several sizes and print a table; the best of some rounds counts."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flow.yaml"
        for steps in SIZES:
            path.write_text(written(large_flow(steps)), encoding="utf-8")
            taken = [_once(path) for _ in range(ROUNDS)]
            cpu_s, wall_s = min(cpu for cpu, _ in taken), min(wall for _, wall in taken)
            kb = path.stat().st_size // 1024
            rows.append((f"{steps} steps, {kb} kB", f"{cpu_s:.2f}", f"{wall_s:.2f}"))
    print(table(("`routerbot flow check`", "CPU s", "wall s"), rows))


def _once(path: Path) -> tuple[float, float]:
    """CPU and wall time of one run."""
    before, began = _children_s(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "daemon", "flow", "check", str(path)],
        check=False,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    if done.returncode:
        raise RuntimeError(f"flow check ended with {done.returncode}")
    return _children_s() - before, time.perf_counter() - began


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
