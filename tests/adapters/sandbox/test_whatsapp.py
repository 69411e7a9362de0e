"""The simulated WhatsApp: signatures, retries, the phone, and what the real API refuses."""

import hashlib
import hmac
from typing import Any

import httpx
import pytest

from adapters.sandbox.server import free_port
from tests.adapters.sandbox.stand_in import START_MS, Scene, open_scene

PHONE = "+12025550143"
HOUR_MS = 3_600_000


def text(body: str = "Hello", **more: object) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "to": PHONE,
        "type": "text",
        "text": {"body": body},
        **more,
    }


def interactive(action: dict[str, Any], kind: str = "button") -> dict[str, Any]:
    menu = {"type": kind, "body": {"text": "What now?"}, "action": action}
    return {**text(), "type": "interactive", "interactive": menu}


def buttons(*pairs: tuple[str, str]) -> dict[str, Any]:
    replies = [{"type": "reply", "reply": {"id": id_, "title": title}} for id_, title in pairs]
    return interactive({"buttons": replies})


def rows(*pairs: tuple[str, str]) -> dict[str, Any]:
    listed = [{"id": id_, "title": title} for id_, title in pairs]
    return interactive({"button": "Choose", "sections": [{"rows": listed}]}, "list")


def values(scene: Scene) -> list[dict[str, Any]]:
    hooks = scene.daemon.of("whatsapp")
    return [change["value"] for h in hooks for e in h.json["entry"] for change in e["changes"]]


def statuses(scene: Scene) -> list[dict[str, Any]]:
    return [status for value in values(scene) for status in value.get("statuses", [])]


async def test_a_text_comes_signed_and_in_ascii() -> None:
    async with open_scene() as scene:
        wamid = scene.world.whatsapp.phone(PHONE).write("¿Qué tal? 😀")
        await scene.world.wait_quiet()
        [hook] = scene.daemon.of("whatsapp")
        key = scene.world.whatsapp.app_secret.encode()
        expected = hmac.new(key, hook.body, hashlib.sha256).hexdigest()
        assert hook.headers["x-hub-signature-256"] == f"sha256={expected}"
        assert hook.body.isascii()
        [value] = values(scene)
        assert value["metadata"]["phone_number_id"] == scene.world.whatsapp.phone_number_id
        [message] = value["messages"]
        assert message["text"]["body"] == "¿Qué tal? 😀"
        assert (message["id"], message["from"]) == (wamid, "12025550143")
        assert message["timestamp"] == str(START_MS // 1000)


async def test_the_handshake() -> None:
    async with open_scene() as scene:
        scene.daemon.verify_token = scene.world.whatsapp.verify_token
        assert await scene.world.verify_webhook()
        assert not await scene.world.verify_webhook("another")


async def test_a_webhook_comes_again_until_it_is_answered_200() -> None:
    async with open_scene() as scene:
        scene.daemon.answer = lambda _hook: 202 if len(scene.daemon.hooks) < 4 else 200
        scene.world.whatsapp.phone(PHONE).write("Hello")
        await scene.world.wait_quiet()
        assert len(scene.daemon.hooks) == 2  # at once, and at once again
        await scene.world.pass_time(HOUR_MS)
        assert [hook.at_ms - START_MS for hook in scene.daemon.hooks] == [0, 0, 5_000, 35_000]
        assert len({hook.body for hook in scene.daemon.hooks}) == 1
        assert scene.world.couriers[0].waiting == ()


async def test_a_daemon_that_comes_back_hears_it_at_once() -> None:
    async with open_scene() as scene:
        scene.world.daemon_listens_at(free_port())
        scene.world.whatsapp.phone(PHONE).write("Hello")
        await scene.world.pass_time(HOUR_MS)
        assert scene.daemon.hooks == []
        scene.world.daemon_listens_at(scene.daemon.server.port)
        scene.world.daemon_started()
        await scene.world.wait_quiet()
        assert len(scene.daemon.hooks) == 1
        await scene.world.pass_time(24 * HOUR_MS)
        assert len(scene.daemon.hooks) == 1


async def test_after_seven_days_a_webhook_is_lost() -> None:
    async with open_scene() as scene:
        scene.daemon.answer = lambda _hook: 500
        scene.world.whatsapp.phone(PHONE).write("Hello")
        await scene.world.pass_time(8 * 24 * HOUR_MS)
        [parcel] = scene.world.whatsapp.courier.log
        assert parcel.given_up
        assert len(parcel.answers) == len(scene.daemon.hooks) > 10
        assert scene.daemon.hooks[-1].at_ms - START_MS > 6 * 24 * HOUR_MS


async def test_a_message_is_shown_and_its_statuses_follow() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        phone.write("Hello")
        answer = await scene.send(text("Hi", biz_opaque_callback_data="try-1"))
        assert answer.status_code == 200
        wamid = answer.json()["messages"][0]["id"]
        [shown] = phone.received
        assert (shown.text, shown.wamid, shown.opaque) == ("Hi", wamid, "try-1")
        await scene.world.wait_quiet()
        assert statuses(scene) == []
        await scene.world.pass_time(1000)
        told = statuses(scene)
        assert [status["status"] for status in told] == ["sent", "delivered"]
        assert {status["id"] for status in told} == {wamid}
        assert {status["biz_opaque_callback_data"] for status in told} == {"try-1"}
        phone.read()
        await scene.world.wait_quiet()
        assert statuses(scene)[-1]["status"] == "read"


async def test_one_phone_may_be_without_statuses() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        scene.world.whatsapp.without_statuses.add(phone.wa_id)
        phone.write("Hello")
        await scene.send(text("Hi"))
        await scene.world.pass_time(60_000)
        assert [message.text for message in phone.received] == ["Hi"]
        assert statuses(scene) == []


async def test_buttons_and_rows_can_be_tapped() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        phone.write("Hello")
        await scene.send(buttons(("b.yes", "Yes"), ("b.no", "No")))
        await scene.send(rows(("r.1", "First"), ("r.2", "Second")))
        phone.tap("No")
        phone.tap(2)
        with pytest.raises(LookupError, match="is not offered"):
            phone.tap("Maybe")
        await scene.world.wait_quiet()
        taps = [m["interactive"] for v in values(scene)[1:] for m in v.get("messages", [])]
        assert taps == [
            {"type": "button_reply", "button_reply": {"id": "b.no", "title": "No"}},
            {"type": "list_reply", "list_reply": {"id": "r.2", "title": "Second"}},
        ]
        assert [m.text for m in phone.transcript if m.mine] == ["Hello", "No", "Second"]


LONG = "x" * 21
REFUSED: list[tuple[Any, int]] = [
    ([], 100),
    ({}, 100),
    (text(""), 100),
    (text("x" * 4097), 100),
    (text(to="nobody"), 131009),
    (text(biz_opaque_callback_data="x" * 513), 100),
    (text(type="poll"), 131051),
    (buttons(), 131009),
    (buttons(("a", LONG)), 131009),
    (buttons(("a", "😀" * 11)), 131009),
    (buttons(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")), 131009),
    (buttons(("a", "A"), ("a", "B")), 131009),
    (buttons(("a", "A"), ("b", "A")), 131009),
    (buttons((" a", "A")), 131009),
    (rows(), 131009),
    (rows(*((str(n), f"Row {n}") for n in range(11))), 131009),
    (rows(("a", "A"), ("a", "B")), 131009),
    (rows(("a", "x" * 25)), 131009),
    (interactive({"button": LONG, "sections": [{"rows": [{"id": "a", "title": "A"}]}]}, "list"),
     131009),
    ({**text(), "type": "template", "template": {"name": "job_done"}}, 131008),
]  # fmt: skip


async def test_what_the_real_api_refuses_is_refused() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        phone.write("Hello")
        for body, code in REFUSED:
            answer = await scene.send(body)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (400, code), body
            assert error["message"].startswith(f"(#{code})")
            assert error["error_data"]["details"]
        assert phone.received == []
        assert len(scene.world.whatsapp.rejected) == len(REFUSED)


async def test_a_wrong_token_and_an_unknown_number() -> None:
    async with open_scene() as scene:
        answer = await scene.send(text(), token="wrong")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)
        whatsapp = scene.world.whatsapp
        answer = await scene.client.post(
            f"{whatsapp.server.url}/v25.0/1/messages",
            json=text(),
            headers={"Authorization": f"Bearer {whatsapp.access_token}"},
        )
        assert answer.json()["error"]["error_subcode"] == 33


async def test_the_window_closes_after_a_day() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        assert (await scene.send(text())).json()["error"]["code"] == 131047
        phone.write("Hello")
        scene.clock.advance(24 * HOUR_MS - 1)
        assert (await scene.send(text())).status_code == 200
        scene.clock.advance(1)
        assert (await scene.send(text())).json()["error"]["code"] == 131047
        language = {"code": "es"}
        template = {"name": "job_done", "language": language}
        answer = await scene.send({**text(), "type": "template", "template": template})
        assert answer.status_code == 200
        assert phone.received[-1].text == "[job_done]"
        scene.world.whatsapp.window_refusal = "later"
        assert (await scene.send(text("late"))).status_code == 200
        await scene.world.pass_time(1000)
        [failed] = [status for status in statuses(scene) if status["status"] == "failed"]
        assert failed["errors"][0]["code"] == 131047
        assert phone.received[-1].text == "[job_done]"


async def test_faults_by_the_players_will() -> None:
    async with open_scene() as scene:
        whatsapp = scene.world.whatsapp
        phone = whatsapp.phone(PHONE)
        phone.write("Hello")
        whatsapp.fail_next(code=130429)
        assert (await scene.send(text())).json()["error"]["code"] == 130429
        whatsapp.accept_but_drop_answer()
        with pytest.raises(httpx.RemoteProtocolError):
            await scene.send(text("dropped"))
        whatsapp.hang_next()
        with pytest.raises(httpx.ReadTimeout):
            await scene.client.post(
                f"{whatsapp.server.url}/v25.0/{whatsapp.phone_number_id}/messages",
                json=text("hung"),
                headers={"Authorization": f"Bearer {whatsapp.access_token}"},
                timeout=0.05,
            )
        await scene.world.wait_quiet()
        whatsapp.fail_delivery_next()
        assert (await scene.send(text("lost"))).status_code == 200
        assert [message.text for message in phone.received] == ["dropped"]
        await scene.world.pass_time(1000)
        words = [status["status"] for status in statuses(scene)]
        assert sorted(words) == ["delivered", "failed", "sent"]
        whatsapp.duplicate_webhooks_next()
        whatsapp.statuses = "off"
        await scene.send(text("quiet"))
        phone.write("twice")
        await scene.world.pass_time(1000)
        assert [hook.body for hook in scene.daemon.hooks][-1:] * 2 == [
            hook.body for hook in scene.daemon.hooks
        ][-2:]


async def test_reading_and_typing() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        mark = {"messaging_product": "whatsapp", "status": "read", "message_id": phone.write("Hi")}
        answer = await scene.send({**mark, "typing_indicator": {"type": "text"}})
        assert answer.json() == {"success": True}
        assert phone.typing_until_ms == START_MS + 25_000
        await scene.send(text())
        assert phone.typing_until_ms == 0
        answer = await scene.send({**mark, "message_id": "wamid.other"})
        assert answer.json()["error"]["code"] == 131009


async def test_a_raw_message_of_ones_own() -> None:
    async with open_scene() as scene:
        phone = scene.world.whatsapp.phone(PHONE)
        phone.send({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg"}})
        await scene.world.wait_quiet()
        assert values(scene)[0]["messages"][0]["type"] == "image"
        assert phone.transcript[-1].text == "[image]"
        assert phone.window_open()
