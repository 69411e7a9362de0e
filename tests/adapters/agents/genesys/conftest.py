"""The fake server, a client and a sender for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.agents.genesys.outbound import GenesysSender
from tests.adapters.agents.genesys.fake import FakeGenesys, fake_genesys, settings_for
from tests.adapters.telco.loopback import http_client


@pytest.fixture
async def genesys() -> AsyncIterator[FakeGenesys]:
    """A fake Genesys on loopback."""
    async with fake_genesys() as fake:
        yield fake


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncBaseTransport]:
    """What the daemon calls vendors with."""
    async with http_client() as one:
        yield one


@pytest.fixture
def sender(genesys: FakeGenesys, client: httpx.AsyncBaseTransport) -> GenesysSender:
    """The adapter, pointed at the fake."""
    return GenesysSender(client, settings_for(genesys.url))
