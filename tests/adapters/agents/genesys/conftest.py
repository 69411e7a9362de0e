"""The fake server, a client and a sender for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.agents.genesys.outbound import GenesysSender
from tests.adapters.agents.genesys.fake import FakeGenesys, fake_genesys, settings_for


@pytest.fixture
async def genesys() -> AsyncIterator[FakeGenesys]:
    """A fake Genesys on loopback."""
    async with fake_genesys() as fake:
        yield fake


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncBaseTransport]:
    """A client that heeds no proxy of the machine."""
    async with httpx.AsyncHTTPTransport(trust_env=False) as one:
        yield one


@pytest.fixture
def sender(genesys: FakeGenesys, client: httpx.AsyncBaseTransport) -> GenesysSender:
    """The adapter, pointed at the fake."""
    return GenesysSender(client, settings_for(genesys.url))
