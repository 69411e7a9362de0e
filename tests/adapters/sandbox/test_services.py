"""The simulated customer system: what it knows, and how it fails."""

import httpx
import pytest
import trio

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.customers import DEFAULT_PHONE
from adapters.sandbox.visits import Visits
from tests.adapters.sandbox.stand_in import START_MS, Scene, open_scene


async def ask(scene: Scene, path: str, method: str = "GET", body: object = None) -> httpx.Response:
    crm = scene.world.services
    headers = {"Authorization": crm.authorization}
    url = f"{crm.server.url}/api{path}"
    return await scene.client.request(method, url, headers=headers, json=body)


async def book(scene: Scene, day: str, part: str = "morning", line: str = "l-1") -> int:
    visit = {"day": day, "part": part}
    return (await ask(scene, f"/lines/{line}/visit", "PUT", visit)).status_code


async def test_what_it_knows() -> None:
    async with open_scene() as scene:
        [customer] = (await ask(scene, "/customers?phone=%2B12025550143")).json()
        assert set(customer) == {"id", "name", "first_name", "lines"}
        [line] = customer["lines"]
        assert set(line) == {"id", "address_hint", "plan", "devices"}
        assert set(line["devices"][0]) == {"id", "model"}
        assert (await ask(scene, "/customers?phone=%2B15550000000")).json() == []
        assert (await ask(scene, "/customers?account=70010001")).json() == [customer]
        assert (await ask(scene, "/customers?account=70019999")).json() == []
        plan = (await ask(scene, f"/customers/{customer['id']}/plan")).json()
        assert plan["name"] == line["plan"]
        assert (await ask(scene, f"/lines/{line['id']}/plan")).json() == plan
        assert (await ask(scene, "/lines/l-3/plan")).json()["name"] == "Fibra 300"
        assert (await ask(scene, "/lines/l-0/plan")).status_code == 404
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


# The world begins on Friday, 15 January 2027, at 3 in the morning by the clocks of Lima.


async def test_a_visit_is_booked_moved_and_cancelled() -> None:
    async with open_scene() as scene:
        visit = "/lines/l-1/visit"
        assert (await ask(scene, visit)).status_code == 404
        assert await book(scene, "2027-01-19") == 200
        assert (await ask(scene, visit)).json() == {"day": "2027-01-19", "part": "morning"}
        assert await book(scene, "2027-01-20", "afternoon") == 200
        assert (await ask(scene, visit)).json() == {"day": "2027-01-20", "part": "afternoon"}
        assert (await ask(scene, "/lines/l-2/visit")).status_code == 404
        assert (await ask(scene, visit, "DELETE")).status_code == 204
        assert (await ask(scene, visit, "DELETE")).status_code == 404


async def test_the_first_free_visit_leaves_out_what_is_full_and_sundays() -> None:
    async with open_scene() as scene:
        first = "/lines/l-1/visit/first"
        assert (await ask(scene, first)).json() == {"day": "2027-01-16", "part": "morning"}
        scene.world.services.visits.fill("2027-01-16", "morning")
        assert (await ask(scene, first)).json() == {"day": "2027-01-16", "part": "afternoon"}
        scene.world.services.visits.fill("2027-01-16", "afternoon")
        assert (await ask(scene, first)).json() == {"day": "2027-01-18", "part": "morning"}
        for day in range(18, 30):
            for part in ("morning", "afternoon"):
                scene.world.services.visits.fill(f"2027-01-{day}", part)
        assert (await ask(scene, first)).status_code == 404
        assert (await ask(scene, "/lines/l-0/visit/first")).status_code == 404


async def test_a_visit_that_cannot_be_booked_leaves_the_one_there_is() -> None:
    async with open_scene() as scene:
        scene.world.services.visits.fill("2027-01-18", "morning")
        assert await book(scene, "2027-01-19") == 200
        assert await book(scene, "2027-01-18") == 409
        for day, part in (
            ("2027-01-17", "morning"),
            ("2027-01-15", "afternoon"),
            ("tomorrow", "morning"),
            ("2027-01-20", "evening"),
        ):
            assert await book(scene, day, part) == 422, day
        assert await book(scene, "2027-01-20", line="l-0") == 404
        assert (await ask(scene, "/lines/l-1/visit", "PUT", [1])).status_code == 422
        there = (await ask(scene, "/lines/l-1/visit")).json()
        assert there == {"day": "2027-01-19", "part": "morning"}


async def test_a_technician_on_the_way_is_neither_moved_nor_sent_back() -> None:
    async with open_scene() as scene:
        assert await book(scene, "2027-01-16") == 200
        await scene.world.pass_time(86_400_000)
        assert await book(scene, "2027-01-18") == 409
        assert (await ask(scene, "/lines/l-1/visit", "DELETE")).status_code == 409
        await scene.world.pass_time(86_400_000)
        assert (await ask(scene, "/lines/l-1/visit")).status_code == 404


async def test_an_answer_that_is_lost_was_carried_out() -> None:
    async with open_scene() as scene:
        scene.world.services.lose_next()
        with pytest.raises(httpx.RemoteProtocolError):
            await book(scene, "2027-01-19")
        there = (await ask(scene, "/lines/l-1/visit")).json()
        assert there == {"day": "2027-01-19", "part": "morning"}


async def test_notes_are_kept() -> None:
    async with open_scene() as scene:
        note = {"customer_id": "c-1001", "phone": None, "text": "please call"}
        assert (await ask(scene, "/notes", "POST", note)).status_code == 201
        assert (await ask(scene, "/notes", "POST", {"text": ""})).status_code == 422
        assert scene.world.services.notes == [note]


def test_a_part_of_the_day_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="there are morning, afternoon"):
        Visits(Agenda(START_MS)).fill("2027-01-18", "noon")
