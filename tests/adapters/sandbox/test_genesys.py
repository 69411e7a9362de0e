"""The simulated Genesys Cloud: token, a chat's life, signed webhooks, receipts and refusals."""

import base64
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from adapters.sandbox.genesys import SimulatedGenesys
from tests.adapters.sandbox.stand_in import START_MS, Scene, open_scene

FROM = {"id": "hnd_1", "idType": "Opaque", "nickname": "Ana"}
TIME = "2027-01-15T08:00:00.000Z"


class Caller:
    """The daemon's side of the wire."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.desk: SimulatedGenesys = scene.world.genesys
        self.token = ""

    async def login(self, secret: str | None = None) -> httpx.Response:
        auth = httpx.BasicAuth(self.desk.client_id, secret or self.desk.client_secret)
        url = self.desk.server.url + "/oauth/token"
        form = {"grant_type": "client_credentials"}
        answer = await self.scene.client.post(url, data=form, auth=auth)
        self.token = answer.json().get("access_token", "")
        return answer

    async def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.scene.client.request(
            method,
            f"{self.desk.server.url}/api/v2/conversations/messages/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
        )

    async def message(self, text: str = "Help", **more: object) -> httpx.Response:
        channel = {"messageId": "m-1", "from": FROM, "time": TIME}
        channel["metadata"] = {"customAttributes": {"rb_job": "FAILED"}}
        path = f"{self.desk.integration_id}/inbound/open/message?prefetchConversationId=true"
        return await self.call("POST", path, {"channel": channel, "text": text, **more})

    async def receipt(self, line: str, **more: object) -> httpx.Response:
        body = {"id": line, "channel": {"to": FROM, "time": TIME}, "status": "Failed", **more}
        return await self.call("POST", f"{self.desk.integration_id}/inbound/open/receipt", body)

    async def look(self, chat: str) -> dict[str, tuple[str, str | None]]:
        """The latest participant of each purpose: its state, and how it left."""
        answer = await self.call("GET", chat)
        listed = answer.json()["participants"]
        return {p["purpose"]: (p["state"], p.get("disconnectType")) for p in listed}


async def test_the_life_of_a_chat() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        answer = (await caller.message("Ana's router failed")).json()
        chat = answer["conversationId"]
        assert await caller.look(chat) == {
            "customer": ("connected", None),
            "acd": ("connected", None),
        }
        desk = caller.desk
        desk.chat.ring("Rita")
        assert (await caller.look(chat))["agent"] == ("alerting", None)
        desk.reject()
        looked = await caller.look(chat)
        assert {looked["agent"][0], looked["acd"][0]} == {"disconnected"}
        await scene.world.pass_time(3_000)
        assert (await caller.look(chat))["acd"] == ("connected", None)
        desk.accept("Rita")
        looked = await caller.look(chat)
        assert looked["agent"] == ("connected", None)
        assert looked["acd"] == ("disconnected", "transfer")
        shown = (await caller.call("GET", chat)).json()["participants"]
        assert shown[0]["attributes"] == {"rb_job": "FAILED"}
        assert shown[-1]["name"] == "Rita"
        desk.transfer("second-line")
        assert desk.chat.state == "gap"
        await scene.world.pass_time(3_000)
        desk.accept("Omar")
        assert (await caller.look(chat))["customer"] == ("connected", None)
        desk.end()
        assert await caller.look(chat) == {
            "customer": ("disconnected", "peer"),
            "acd": ("disconnected", "transfer"),
            "agent": ("disconnected", "client"),
        }
        assert [line.text for line in desk.chat.transcript] == ["Ana's router failed"]
        again = (await caller.message("Once more")).json()
        assert again["conversationId"] != chat


async def test_lines_join_the_open_chat_and_agents_lines_come_signed() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        chat = (await caller.message()).json()["conversationId"]
        assert (await caller.message("more")).json()["conversationId"] == chat
        caller.desk.publish_receipts = False
        with pytest.raises(RuntimeError, match="queued"):
            caller.desk.say("too early")
        caller.desk.accept()
        await scene.world.wait_quiet()
        scene.daemon.hooks.clear()
        line = caller.desk.say("Olá, this is Rita")
        await scene.world.wait_quiet()
        [hook] = scene.daemon.of("genesys")
        key = caller.desk.webhook_secret.encode()
        expected = base64.b64encode(hmac.new(key, hook.body, hashlib.sha256).digest()).decode()
        assert hook.headers["x-hub-signature-256"] == f"sha256={expected}"
        body = hook.json
        assert (body["id"], body["text"], body["type"]) == (line.id, "Olá, this is Rita", "Text")
        assert body["channel"]["to"] == {"id": "hnd_1", "idType": "Opaque"}
        assert body["channel"]["id"] == caller.desk.integration_id
        assert (body["originatingEntity"], body["direction"]) == ("Human", "Outbound")
        assert body["conversationId"] == chat
        reasons = [{"code": "MessageExpired", "message": "outside the window"}]
        answer = await caller.receipt(line.id, isFinalReceipt=True, reasons=reasons)
        assert answer.status_code == 200
        assert (line.receipt, line.reasons) == ("Failed", ("MessageExpired",))
        caller.desk.chat.type()
        caller.desk.chat.say("Still there?", by_flow=True)
        await scene.world.wait_quiet()
        kinds = [hook.json.get("originatingEntity", hook.json["type"]) for hook in
                 scene.daemon.of("genesys")]  # fmt: skip
        assert kinds == ["Human", "Event", "Bot"]


async def test_webhooks_are_tried_six_times_in_all() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        caller.desk.publish_receipts = False
        await caller.message()
        caller.desk.accept()
        scene.daemon.answer = lambda _hook: 503
        caller.desk.say("lost")
        await scene.world.pass_time(3_600_000)
        times = [hook.at_ms - START_MS for hook in scene.daemon.hooks]
        assert times == [0, 5_000, 10_000, 15_000, 20_000, 25_000]
        scene.daemon.answer = lambda _hook: 401
        caller.desk.say("refused")
        await scene.world.pass_time(3_600_000)
        assert len(scene.daemon.hooks) == 7


async def test_our_own_lines_are_confirmed() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        answer = (await caller.message()).json()
        await scene.world.wait_quiet()
        [hook] = scene.daemon.of("genesys")
        assert (hook.json["type"], hook.json["status"]) == ("Receipt", "Published")
        assert (hook.json["id"], hook.json["channel"]["messageId"]) == (answer["id"], "m-1")


async def test_either_patch_ends_the_chat() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        chat = (await caller.message()).json()["conversationId"]
        customer = caller.desk.chat.participants[0].id
        path = f"{chat}/participants/{customer}"
        assert (await caller.call("PATCH", path, {"state": "parked"})).status_code == 400
        ended = await caller.call("PATCH", path, {"state": "disconnected"})
        assert ended.status_code == 204
        assert (await caller.look(chat))["customer"] == ("disconnected", "client")
        assert (await caller.call("PATCH", chat, {"state": "disconnected"})).status_code == 404
        second = (await caller.message()).json()["conversationId"]
        assert (await caller.call("PATCH", second, {"state": "disconnected"})).status_code == 204
        assert not caller.desk.chats[-1].open
        assert (await caller.call("GET", "unknown")).status_code == 404


async def test_agents_who_come_by_themselves_or_not_at_all() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        caller.desk.auto_accept_after(20_000, "Omar")
        await caller.message()
        await scene.world.pass_time(19_000)
        assert caller.desk.chat.state == "queued"
        await scene.world.pass_time(1_000)
        assert caller.desk.chat.state == "active"
        caller.desk.end()
        caller.desk.nobody = True
        await caller.message()
        await scene.world.pass_time(3_600_000)
        assert caller.desk.chat.state == "queued"
        with pytest.raises(RuntimeError, match="nobody"):
            caller.desk.accept()


async def test_tokens() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        wrong = await caller.login("wrong")
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        assert (await caller.message()).json()["code"] == "authentication.required"
        caller.desk.limit_login_next()
        limited = await caller.login()
        assert limited.status_code == 400
        assert limited.json()["description"].startswith("rate limit exceeded;")
        assert (await caller.login()).json()["expires_in"] == 86_399
        assert (await caller.message()).status_code == 200
        scene.clock.advance(86_399_000)
        expired = await caller.message()
        assert (expired.status_code, expired.json()["code"]) == (401, "bad.credentials")
        await caller.login()
        caller.desk.expire_tokens()
        assert (await caller.message()).status_code == 401


async def test_what_the_real_api_refuses_is_refused() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        channel = {"from": FROM, "time": TIME}
        wrong: list[dict[str, Any]] = [
            {"metadata": {"customAttributes": {"a": "b"}}},
            {"metadata": {"a": 1}},
            {"text": " "},
            {"channel": {"from": FROM}},
            {"channel": {**channel, "time": "yesterday"}},
            {"channel": {**channel, "from": {"id": "x"}}},
            {"channel": {**channel, "metadata": {"customAttributes": {"a": 1}}}},
        ]
        for change in wrong:
            answer = await caller.message(**change)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad.request"), change
        path = f"{caller.desk.integration_id}/inbound/open/message"
        bare = await caller.call("POST", path, {"channel": channel})
        assert "should match some schema in anyOf" in bare.json()["message"]
        assert (await caller.call("POST", "other/inbound/open/message", {})).status_code == 404
        assert caller.desk.chats == []
        assert (await caller.receipt("unknown")).status_code == 404
        assert (await caller.receipt("unknown", status="Read")).status_code == 400


async def test_faults_by_the_players_will() -> None:
    async with open_scene() as scene:
        caller = Caller(scene)
        await caller.login()
        caller.desk.fail_next(status=429, code="too.many.requests", retry_after_s=3)
        answer = await caller.message()
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        caller.desk.drop_answer_next()
        with pytest.raises(httpx.RemoteProtocolError):
            await caller.message("dropped")
        assert [line.text for line in caller.desk.chat.transcript] == ["dropped"]
