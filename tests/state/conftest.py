"""Fixtures of the contract suite: each test of a store runs once a kind of store.

The SQLite store works on a thread, so nothing here may use a mock clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from state.store import Store
from tests.state.benches import Bell, Bench


@pytest.fixture(params=["memory", "inline", "sqlite"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    found = Bench(request.param, tmp_path)
    yield found
    found.close()


@pytest.fixture
async def store(bench: Bench) -> AsyncIterator[Store]:
    async with bench.open() as opened:
        yield opened


@pytest.fixture
def bell(bench: Bench) -> Bell:
    return bench.bell
