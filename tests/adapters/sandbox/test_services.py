"""The simulated customer system: what it knows, and how it fails."""

import httpx
import pytest
import trio

from adapters.sandbox.services import DEFAULT_PHONE
from tests.adapters.sandbox.stand_in import START_MS, Scene, open_scene


async def ask(scene: Scene, path: str) -> httpx.Response:
    crm = scene.world.services
    headers = {"Authorization": crm.authorization}
    return await scene.client.get(f"{crm.server.url}/api{path}", headers=headers)


async def test_what_it_knows() -> None:
    async with open_scene() as scene:
        [customer] = (await ask(scene, "/customers?phone=%2B12025550143")).json()
        assert set(customer) == {"id", "name", "lines"}
        [line] = customer["lines"]
        assert set(line) == {"id", "address_hint", "plan", "devices"}
        assert set(line["devices"][0]) == {"id", "model"}
        assert (await ask(scene, "/customers?phone=%2B15550000000")).json() == []
        plan = (await ask(scene, f"/customers/{customer['id']}/plan")).json()
        assert plan["name"] == line["plan"]
        bill = (await ask(scene, f"/customers/{customer['id']}/bill")).json()
        assert bill == {"amount": 89.9, "currency": "PEN", "due_date": "2027-01-25"}
        outage = f"/lines/{line['id']}/outage"
        assert (await ask(scene, outage)).json() == {"active": False}
        scene.world.services.outage(line["id"], START_MS + 3_600_000)
        assert (await ask(scene, outage)).json() == {
            "active": True,
            "until": "2027-01-15T09:00:00.000Z",
        }
        scene.world.services.end_outage(line["id"])
        assert (await ask(scene, outage)).json() == {"active": False}
        assert (await ask(scene, "/customers/c-0/plan")).status_code == 404
        assert scene.world.services.asked[0] == "/api/customers?phone=%2B12025550143"
        del scene.world.services.customers[DEFAULT_PHONE]
        assert (await ask(scene, "/customers?phone=%2B12025550143")).json() == []


async def test_how_it_fails() -> None:
    async with open_scene() as scene:
        crm = scene.world.services
        bare = await scene.client.get(f"{crm.server.url}/api/customers")
        assert bare.status_code == 401
        crm.fail_next(status=502)
        assert (await ask(scene, "/customers")).status_code == 502
        crm.down()
        with pytest.raises(httpx.ConnectError):
            await ask(scene, "/customers")
        crm.up()
        crm.down(503)
        assert (await ask(scene, "/customers")).status_code == 503
        crm.up()
        assert (await ask(scene, "/customers")).status_code == 200


async def test_slow_by_the_clock() -> None:
    async with open_scene() as scene:
        scene.world.services.slow(4_000)
        answers: list[int] = []

        async def call() -> None:
            answers.append((await ask(scene, "/customers")).status_code)

        with trio.fail_after(2):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call)
                while scene.clock.next_due_ms() is None:
                    await trio.lowlevel.checkpoint()
                await scene.world.pass_time(3_999)
                assert answers == []
                await scene.world.pass_time(1)
        assert answers == [200]
