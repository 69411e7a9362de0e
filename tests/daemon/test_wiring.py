"""What an operator sets reaches the adapters."""

from __future__ import annotations

from pathlib import Path

import httpx
import trio
import trio.testing

from actors.calls import WebRequest
from actors.ids import CONVERSATION, actor_id
from adapters.ports import Attempt
from daemon import wiring
from daemon.config import load
from daemon.config_model import Config
from tests.daemon.parts import NOW_MS
from tests.daemon.whole import CONFIG, KEY, write_files


class Silence(httpx.AsyncBaseTransport):
    """A vendor that never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await trio.sleep_forever()


async def test_the_deadline_of_a_service(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    service = "[services.crm]\n"
    text = CONFIG.replace(service, f"{service}call_deadline_s = 3\n")
    config = load(write_files(tmp_path, config=text), {"KEY": KEY})
    assert isinstance(config, Config)
    sender = wiring.assemble(config, lambda _destination: Silence()).sender_of("service:crm")
    assert sender is not None
    attempt = Attempt("att_1", 1, NOW_MS, actor_id(CONVERSATION, "one"), "eff_1")
    began = trio.current_time()
    await sender.perform(WebRequest("crm", "GET", "/customers", timeout_s=100.0), attempt)
    assert trio.current_time() - began == 3
