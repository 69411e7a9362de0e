"""The whole world: the daemon's configuration, and time that passes for everybody."""

import json
import socket
import stat
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from adapters.sandbox.clock import SimClock
from adapters.sandbox.world import open_world
from tests.adapters.sandbox.stand_in import START_MS, open_scene


async def test_the_configuration_names_files_that_only_the_owner_reads(tmp_path: Path) -> None:
    async with open_scene() as scene:
        world = scene.world
        text = world.config_toml(tmp_path, 18080, 18081, tmp_path / "bot.db", tmp_path / "a.yaml")
        config = tomllib.loads(text)
        assert config["server"] == {
            "bind": "127.0.0.1:18080",
            "public_url": "http://127.0.0.1:18080",
        }
        assert config["admin"]["bind"] == "127.0.0.1:18081"
        assert config["state"]["database"] == str(tmp_path / "bot.db")
        assert config["flow"] == {
            "file": str(tmp_path / "a.yaml"),
            "default_language": "es",
            "time_zone": "America/Lima",
        }
        assert config["telco"]["main"]["base_url"] == world.telco.server.url
        assert config["services"]["crm"]["base_url"] == world.services.server.url + "/api"
        desk = config["agents"]["genesys"]
        assert config["agents"]["adapter"] == "genesys"
        assert desk["api_url"] == desk["login_url"] == world.genesys.server.url

        def secret(reference: dict[str, str]) -> str:
            path = Path(reference["file"])
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            return path.read_text()

        assert secret(config["whatsapp"]["app_secrets"][0]) == world.whatsapp.app_secret
        assert secret(config["whatsapp"]["verify_token"]) == world.whatsapp.verify_token
        [number] = config["whatsapp"]["numbers"]
        assert secret(number["access_token"]) == world.whatsapp.access_token
        callback = config["telco"]["main"]["callback_secrets"][0]
        assert secret(callback) == world.telco.callback_secret
        authorization = config["services"]["crm"]["headers"]["Authorization"]
        assert secret(authorization) == world.services.authorization
        assert secret(desk["client_secret"]) == world.genesys.client_secret
        assert secret(desk["webhook_secret"]) == world.genesys.webhook_secret
        assert world.whatsapp.app_secret not in text
        assert world.telco.callback_secret not in text
        # Written anew for the next start of the daemon, and still the same.
        assert world.config_toml(tmp_path, 18080, 18081, tmp_path / "bot.db") in text


def read(path: Path) -> Any:
    return json.loads(path.read_text())


async def test_the_time_is_told_to_other_processes(tmp_path: Path) -> None:
    async with open_scene() as scene:
        config = tomllib.loads(scene.world.config_toml(tmp_path, 18080, 18081, tmp_path / "bot.db"))
        path = Path(config["sandbox"]["clock_offset_file"])
        assert config["sandbox"]["clock"] == "virtual"
        told = {"now_ms": START_MS, "running": False}
        assert read(path) == told
        await scene.world.pass_time(1_500)
        assert read(path) == {**told, "now_ms": START_MS + 1_500}


async def test_a_running_clock_is_told_by_the_monotonic_one(tmp_path: Path) -> None:
    async with open_world(SimClock.running(lambda: START_MS)) as world:
        world.config_toml(tmp_path, 18080, 18081, tmp_path / "bot.db")
        world.clock.advance(60_000)
        told = read(tmp_path / "clock.json")
        assert (told["now_ms"], told["running"]) == (START_MS + 60_000, True)
        assert 0 <= time.monotonic() - told["at_monotonic_s"] < 5


async def test_time_goes_from_event_to_event_with_others_on_it() -> None:
    async with open_world(SimClock.frozen_at(START_MS)) as world:
        others = [START_MS + 700, START_MS + 900]
        seen: list[int] = []

        async def settle() -> None:
            await world.wait_quiet()
            while others and others[0] <= world.clock.now_ms():
                seen.append(others.pop(0) - world.clock.now_ms())

        def due() -> int | None:
            return others[0] if others else None

        await world.pass_time(800, settle=settle, next_due_ms=due)
        assert (seen, others) == ([0], [START_MS + 900])
        assert world.clock.now_ms() == START_MS + 800
        assert world.quiet()


async def test_a_world_ends_without_a_trace() -> None:
    clock = SimClock.frozen_at(START_MS)
    async with open_world(clock) as world:
        ports = [server.port for server in world.servers]
        world.whatsapp.phone("+12025550143").write("Hello")
    assert len(set(ports)) == 5
    for port in ports:
        assert _refuses(port)


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_a_request_that_breaks_off_in_its_middle_was_never_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As when the daemon is killed while it writes one."""
    async with open_scene() as scene:
        telco = scene.world.telco
        (port,) = [one.port for one in scene.world.servers if one.url == telco.server.url]
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        head = b"POST /jobs HTTP/1.1\r\nhost: telco\r\ncontent-length: 100\r\n\r\n"
        async with stream:
            await stream.send_all(head + b"{")
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert not scene.world.quiet()
        with trio.fail_after(5):
            await scene.world.wait_quiet()
        assert telco.jobs == {}
    assert caplog.records == []
