"""Services as a script wants them: which request gets which answer, over HTTP too."""

from __future__ import annotations

import httpx
import pytest

from adapters.sandbox.exchange import Asked, Dropped, Reply
from adapters.sandbox.patterns import matches, matches_json
from adapters.sandbox.stubs import Form, Stub, Stubs
from tests.adapters.sandbox.stand_in import open_scene


def asked(path: str = "/bills", method: str = "GET", **query: str) -> Asked:
    return Asked(method, path, query)


def answers(stubs: Stubs, *requests: Asked) -> list[object]:
    found = [stubs.answer("billing", request) for request in requests]
    return [one.json() if isinstance(one, Reply) and one.content else one for one in found]


def test_the_last_line_counts_and_those_for_some_times_go_first() -> None:
    stubs = Stubs()
    form = Form("billing", "GET", "/bills")
    stubs.add(Stub(form, 200, 1))
    stubs.add(Stub(form, 200, "once", times_left=1))
    stubs.add(Stub(form, 200, 2))
    stubs.add(Stub(form, 200, "twice", times_left=2))
    assert answers(stubs, *[asked()] * 5) == ["once", "twice", "twice", 2, 2]


def test_a_form_is_service_method_path_and_the_parameters_it_names() -> None:
    stubs = Stubs()
    stubs.add(Stub(Form("billing", "GET", "/bills/*", {"year": "20*"}), 204))
    assert answers(stubs, asked("/bills/7", year="2026", page="2")) == [Reply(204)]
    unlike = [
        asked("/bills/7", year="1999"),
        asked("/bills/7"),
        asked("/bills", year="2026"),
        asked("/bills/7", "POST", year="2026"),
    ]
    assert answers(stubs, *unlike) == [None] * 4
    assert stubs.answer("crm", asked("/bills/7", year="2026")) is None


def test_no_status_is_no_answer() -> None:
    stubs = Stubs()
    stubs.add(Stub(Form("billing", "GET", "/bills"), None))
    assert answers(stubs, asked()) == [Dropped()]


def test_what_was_asked_can_be_counted_by_its_body() -> None:
    stubs = Stubs()
    stubs.answer("billing", Asked("POST", "/visits", body=b'{"day": "2026-07-01", "n": 2}'))
    stubs.answer("billing", Asked("POST", "/visits", body=b"not JSON"))
    assert stubs.count(Form("billing", "POST", "/visits")) == 2
    assert stubs.count(Form("billing", "POST", "/visits", body={"day": "2026-*"})) == 1
    assert stubs.count(Form("billing", "POST", "/visits", body={"n": 3})) == 0


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": {"b": "x*"}}, {"a": {"b": "xyz"}}, True),
        ({"a": 1}, {"b": 1}, False),
        ([1, 2], [1, 2], True),
        ([1], [1, 2], False),
        (True, 1, False),
        (None, None, True),
        ("*", 1, False),
    ],
)
def test_documents_are_compared_by_what_is_wanted(
    wanted: object, found: object, same: bool
) -> None:
    assert matches_json(wanted, found) is same


def test_a_star_stands_for_anything_and_white_space_is_one_blank() -> None:
    assert matches("Hello *, you", "Hello  Ana\nand Bob, you")
    assert matches("Hello*", "Hello")
    assert not matches("Hello", "hello")
    assert not matches("a.c", "abc")


async def test_stubs_answer_over_http_for_the_customer_system_and_for_others() -> None:
    async with open_scene() as scene:
        world = scene.world
        world.stubs.add(Stub(Form("crm", "GET", "/customers/*/plan"), 200, {"name": "Gold"}))
        world.stubs.add(Stub(Form("billing", "POST", "/visits"), 201, {"id": 7}))
        world.stubs.add(Stub(Form("billing", "GET", "/visits"), None))
        crm = await scene.client.get(f"{world.services.server.url}/api/customers/c-1/plan")
        assert (crm.status_code, crm.json()) == (200, {"name": "Gold"})
        url = f"{world.others.server.url}/services/billing"
        made = await scene.client.post(f"{url}/visits", json={"day": "x"})
        assert (made.status_code, made.json()) == (201, {"id": 7})
        assert (await scene.client.get(f"{url}/bills")).status_code == 404
        with pytest.raises(httpx.RemoteProtocolError):
            await scene.client.get(f"{url}/visits")
        assert [name for name, _ in world.stubs.asked] == ["crm", "billing", "billing", "billing"]
