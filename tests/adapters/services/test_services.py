"""Web requests of the flow over real HTTP: where they may go, and that any status is an answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from actors import outcomes
from actors.calls import Promise, QueryJob, WebRequest
from actors.ids import CONVERSATION, ROUTER_JOB, actor_id
from actors.messages import RequestAnswered
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from adapters.ports import Attempt, Sender
from adapters.secret import Secret
from adapters.services.sender import ServiceSender, address
from adapters.services.settings import ServiceSettings
from tests.adapters.telco.loopback import (
    HALF,
    Script,
    Seen,
    closed_port,
    drip,
    hang_up,
    http_client,
    raw,
    says,
    serving,
    silence,
)

BASE = "https://crm.example.net/api"
ATTEMPT = Attempt("att_1", 1, 1767225600_000, actor_id(CONVERSATION, "one"), "eff_1")
GET = WebRequest("crm", "GET", "/customers/7")
POST = WebRequest("crm", "POST", "/tickets", body={"text": "ñ", "n": 1, "on": True, "no": None})


async def ask(call: WebRequest, script: Script, **changed: Any) -> tuple[Outcome, list[Seen]]:
    async with serving(script) as server, http_client() as client:
        base_url = server.base_url + "/api/"
        values: dict[str, Any] = {"base_url": base_url, "answer_max_bytes": 1000}
        service = ServiceSettings(**(values | changed))
        sender: Sender = ServiceSender(client, {"crm": service})
        return await sender.perform(call, ATTEMPT), server.seen


def answered(outcome: Outcome) -> tuple[int, bytes]:
    assert isinstance(outcome, Delivered)
    assert isinstance(outcome.answer, RequestAnswered)
    assert outcome.answer.effect == "eff_1"
    return outcome.answer.status, bytes(outcome.answer.body)


def timed(call: WebRequest) -> WebRequest:
    return WebRequest(call.service, call.method, call.path, call.query, call.body, 0.2)


# --- requests ----------------------------------------------------------------------------------


async def test_the_request() -> None:
    headers = {"Authorization": Secret("Bearer t0ken"), "accept": "application/vnd.crm+json"}
    call = WebRequest(
        "crm",
        "POST",
        "/customers/A%2F1%20b/lines",
        {"q": "a b&c=ñ"},
        {"text": "ñ", "n": [1, {"a": None}]},
    )
    _, seen = await ask(call, says(200, {}), headers=headers)
    (request,) = seen
    assert request.method == "POST"
    assert request.target == "/api/customers/A%2F1%20b/lines?q=a+b%26c%3D%C3%B1"
    assert request.body.decode() == '{"text":"ñ","n":[1,{"a":null}]}'
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["accept"] == "application/vnd.crm+json"
    assert request.headers["content-type"] == "application/json"


async def test_a_request_without_a_body() -> None:
    _, seen = await ask(GET, says(200, {}))
    assert (seen[0].target, seen[0].body) == ("/api/customers/7", b"")
    assert "content-type" not in seen[0].headers


# --- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 409, 418, 500, 502])
@pytest.mark.parametrize("call", [GET, POST])
async def test_any_status_is_an_answer(call: WebRequest, status: int) -> None:
    outcome, seen = await ask(call, says(status, {"a": [1]}, {"Location": "/elsewhere"}))
    assert answered(outcome) == (status, b'{"a":[1]}')
    assert len(seen) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b'{"half":',
        b"\xff",
        b'"\xff"',
        b"{} x",
        b"NaN",
        b"1e999",
        b"[" * 100 + b"]" * 100,
        b'"' + b"x" * 1000 + b'"',
        b"null",
    ],
)
async def test_what_is_no_small_json_is_null(body: bytes) -> None:
    outcome, _ = await ask(GET, says(200, body))
    assert answered(outcome) == (200, b"null")


async def test_an_answer_at_the_limits() -> None:
    for body in (b'"' + b"x" * 998 + b'"', b"[" * 60 + b"]" * 60, b"7", b"false", b"{}", b'""'):
        outcome, _ = await ask(GET, says(200, body))
        assert answered(outcome) == (200, body)


async def test_other_methods() -> None:
    for method in ("HEAD", "PUT", "PATCH", "DELETE"):
        outcome, seen = await ask(WebRequest("crm", method, "/x"), says(204))
        assert answered(outcome) == (204, b"null")
        assert seen[0].method == method
    for method in ("get", "CONNECT", "GET /x HTTP/1.1\r\n", ""):
        outcome, seen = await ask(WebRequest("crm", method, "/x"), says(204))
        assert isinstance(outcome, Rejected)
        assert outcome.alarm
        assert not seen


@pytest.mark.parametrize(
    ("status", "code"), [(429, outcomes.RATE_LIMITED), (503, outcomes.UNAVAILABLE)]
)
async def test_later(status: int, code: str) -> None:
    reading, _ = await ask(GET, says(status, b"<html>", {"Retry-After": "9"}))
    assert isinstance(reading, Transient)
    assert (reading.fault.code, reading.retry_after_s) == (code, 9.0)
    assert reading.pause_destination is (status == 429)
    writing, _ = await ask(POST, says(status, b"<html>", {"Retry-After": "9"}))
    assert answered(writing) == (status, b"null")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (silence, outcomes.TIMEOUT),
        (drip, outcomes.TIMEOUT),
        (hang_up, outcomes.UNREADABLE),
        (raw(HALF), outcomes.UNREADABLE),
        (raw(b"nonsense\r\n\r\n"), outcomes.UNREADABLE),
        (says(200, b" " * 1_100_000), outcomes.UNREADABLE),
    ],
)
async def test_lost_answers(script: Script, code: str) -> None:
    with trio.fail_after(2):
        reading, _ = await ask(timed(GET), script)
        writing, _ = await ask(timed(POST), script)
    assert isinstance(reading, Transient)
    assert isinstance(writing, Unknown)
    assert reading.fault.code == writing.fault.code == code


async def test_a_step_cannot_ask_for_more_time_than_its_service_is_given() -> None:
    with trio.fail_after(2):
        outcome, _ = await ask(GET, silence, call_deadline_s=0.2)
    assert isinstance(outcome, Transient)
    assert outcome.fault.code == outcomes.TIMEOUT


async def test_nobody_listens() -> None:
    for call in (GET, POST):
        async with http_client() as client:
            service = ServiceSettings(await closed_port())
            outcome = await ServiceSender(client, {"crm": service}).perform(call, ATTEMPT)
        assert isinstance(outcome, Transient)
        assert outcome.fault.code == outcomes.CONNECT


async def test_a_service_that_is_not_set_up() -> None:
    async with http_client() as client:
        sender = ServiceSender(client, {})
        outcome = await sender.perform(GET, ATTEMPT)
        assert isinstance(outcome, Rejected)
        assert (outcome.fault.code, outcome.alarm) == (outcomes.NOT_CONFIGURED, True)
        with pytest.raises(TypeError, match="QueryJob"):
            await sender.perform(QueryJob(actor_id(ROUTER_JOB, "x"), 1, "main"), ATTEMPT)
        assert sender.promise(GET) is Promise.REPEATABLE
        assert sender.promise(POST) is Promise.AT_MOST_ONCE


# --- addresses ---------------------------------------------------------------------------------

ESCAPES = [
    "",
    "customers",
    "//evil.example.net/x",
    "https://evil.example.net/x",
    "/../admin",
    "/x/..",
    "/./x",
    "/x/%2e%2e/y",
    "/x/%2E./y",
    "/x/..%2Fadmin",
    "/x/..%5Cadmin",
    "/x/%252e%252e/y",
    "/x/%25252e%25252e/y",
    "/x/..;a/y",
    "/x/..%3Ba/y",
    "/x/%20../y",
    "/customers//lines",
    "/x\\..\\y",
    "/x?admin=1",
    "/x#y",
    "/x y",
    "/x\r\nHost: evil",
    "/x%0d%0aHost:%20evil",
    "/x%00",
    "/ñ",
    "@evil.example.net/",
    ":80/x",
]


@pytest.mark.parametrize("path", ESCAPES)
async def test_paths_that_would_leave_the_base(path: str) -> None:
    outcome, seen = await ask(WebRequest("crm", "GET", path), says(200, {}))
    assert isinstance(outcome, Rejected)
    assert outcome.fault.code == outcomes.INVALID
    assert not seen


@pytest.mark.parametrize(
    "path", ["/", "/x/", "/a.b", "/...", "/..a", "/50%25", "/a%2Fb", "/a:b@c", "/a;v=1", "/%C3%B1"]
)
def test_honest_paths(path: str) -> None:
    assert address(BASE, path, {}) == BASE + path
    assert address(BASE + "/", path, {"a": "%2B+"}) == BASE + path + "?a=%252B%2B"


@given(
    value=st.text() | st.text(alphabet="./\\%2eEfF5cC;?#@:"),
    pattern=st.sampled_from(["/{}", "/x/{}", "/x/{}/y", "/x{}y"]),
)
def test_no_value_leaves_the_base(value: str, pattern: str) -> None:
    for encoded in (value, quote(value.encode("utf-8", "replace"), safe="")):
        found = address(BASE, pattern.format(encoded), {"q": "v"})
        if found is None:
            continue
        parts = urlsplit(found)
        assert (parts.scheme, parts.netloc) == ("https", "crm.example.net")
        assert parts.path.startswith("/api/")
        assert parts.query == "q=v"
        decoded = unquote(unquote(parts.path)).replace("\\", "/").split("/")
        assert not {".", ".."} & set(decoded)


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "crm.example.net"},
        {"base_url": "https://crm.example.net/?a=1"},
        {"base_url": "https://u:p@crm.example.net"},
        {"headers": {"Host": "x"}},
        {"headers": {"a b": "x"}},
        {"headers": {"Authorization": Secret("t0ken\n")}},
        {"headers": {"Authorization": Secret("tökén")}},
        {"answer_max_bytes": 0},
        {"call_deadline_s": 0.0},
    ],
)
def test_settings_that_cannot_work(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))) as caught:
        ServiceSettings(**({"base_url": BASE} | changed))
    assert "t0ken" not in str(caught.value)
