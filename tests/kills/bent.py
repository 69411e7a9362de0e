"""Runs the daemon with seams in it, and with a defect if wanted: what `DaemonProcess` starts.

    python -P tests/kills/bent.py ORDERS DEFECT -m daemon run --config FILE

What lives here: the bending, before the daemon's first line. What must not: anything that the
product itself would need, or any other change to it.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from starlette.types import ASGIApp  # noqa: E402  (the line above is for what follows)

from daemon import tree, web, wiring  # noqa: E402
from daemon.config import Config  # noqa: E402
from daemon.metrics import Metrics  # noqa: E402
from daemon.wiring import Vendors  # noqa: E402
from state.store import Bell, Store  # noqa: E402
from tests.kills.defects import Defect, Plant  # noqa: E402
from tests.kills.orders import Orders  # noqa: E402
from tests.kills.seams import (  # noqa: E402
    Killer,
    Seams,
    door_with_seams,
    vendors_with_seams,
    with_seams,
)

_SOUND = "-"


def bent(orders: Path, defect: Defect | None) -> list[str]:
    """The interpreter that bends the daemon."""
    script = str(Path(__file__).resolve())
    return [sys.executable, "-P", script, str(orders), defect.name if defect else _SOUND]


def bend(seams: Seams, defect: Defect | None) -> None:
    """Put seams, and the defect, into what the wiring opens."""
    plant = Plant(defect)
    opened, vendors_opened, door = wiring.open_store, wiring.open_vendors, web.public_app

    @asynccontextmanager
    async def open_store(config: Config, bell: Bell, metrics: Metrics) -> AsyncIterator[Store]:
        async with opened(config, bell, metrics) as store:
            yield plant.store(with_seams(store, seams))

    @asynccontextmanager
    async def open_vendors(config: Config) -> AsyncIterator[Vendors]:
        async with vendors_opened(config) as vendors:
            yield vendors_with_seams(vendors, seams)

    def public_app(*arguments: object) -> ASGIApp:
        return plant.door(door_with_seams(door(*arguments), seams))  # type: ignore[arg-type]  # its own

    wiring.open_store = open_store
    wiring.open_vendors = open_vendors
    # The tree has it under a name of its own.
    mock.patch.object(tree, "public_app", public_app).start()


def _main() -> None:
    orders, defect, _, module = sys.argv[1:5]
    sys.argv[1:5] = []
    seams = Seams(Orders(Path(orders)), Killer())
    bend(seams, None if defect == _SOUND else Defect[defect])
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
