"""Whatever strangers, broken vendors and unlucky networks send: the daemon answers and goes on.

One daemon for the whole file; after each test it must still serve a customer, and no line of its
log may tell of something that it could not explain.
"""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors.ids import ROUTER_JOB, actor_id
from tests.endtoend.reading import errors
from tests.endtoend.scene import GENESYS, TELCO, WHATSAPP, Scene, scene

LIMITS = "body_deadline_s = 0.5\nheader_deadline_s = 0.5\n"
STRANGER = "+12025550199"
WEEK_MS = 7 * 86_400_000
PAYLOADS = Path(__file__).parent.parent / "adapters" / "whatsapp" / "payloads"
DELIVERY_MAX = (3 << 20) + (1 << 20)
"""More than any webhook may be."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("stage"), limits=LIMITS) as made:
        yield made


@pytest.fixture
def there(shared: Scene) -> Iterator[Scene]:
    """The scene; afterwards the daemon must serve as ever, and nothing may lie about."""
    yield shared
    assert shared.stage.daemon.running
    answered = shared.writes("menu")
    assert any("How can I help you?" in text for text in answered), answered
    assert errors(shared.log) == []
    assert waiting(shared) == 0


def waiting(there: Scene) -> int:
    """Messages that were taken from a vendor and not handled."""
    # The daemon holds the file alone: read a copy, with what is in its log.
    database = there.stage.folder / "routerbot.db"
    copy = there.stage.folder / "copy.db"
    for suffix in ("", "-wal"):
        Path(f"{copy}{suffix}").write_bytes(Path(f"{database}{suffix}").read_bytes())
    with sqlite3.connect(copy) as connection:
        (count,) = connection.execute("SELECT count(*) FROM inbox WHERE done_ms IS NULL").fetchone()
    connection.close()
    return int(count)


# --- the door -----------------------------------------------------------------------------------


def signed_wrongly(path: str) -> dict[str, str]:
    """Headers as a vendor would send them, by somebody who does not have the secret."""
    if path == TELCO:
        return {
            "content-type": "application/cloudevents+json",
            "webhook-id": "evt_forged",
            "webhook-timestamp": "1780315200",
            "webhook-signature": "v1,Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2VkZm9yZ2U=",
        }
    return {"content-type": "application/json", "x-hub-signature-256": "sha256=" + "0" * 64}


REFUSED: tuple[tuple[str, str, str, bytes, bool, int], ...] = (
    ("POST", "whatsapp", WHATSAPP, b"{}", True, 401),
    ("POST", "whatsapp", WHATSAPP, b"{}", False, 401),
    ("POST", "telco:main", TELCO, b"{}", True, 401),
    ("POST", "telco:main", TELCO, b"{}", False, 401),
    ("POST", "genesys", GENESYS, b"{}", True, 401),
    ("POST", "genesys", GENESYS, b"{}", False, 401),
    ("POST", "whatsapp", WHATSAPP, bytes(DELIVERY_MAX), True, 413),
    ("POST", "telco:main", TELCO, bytes(1 << 20), True, 413),
    ("POST", "genesys", GENESYS, bytes(2 << 20), True, 413),
    ("DELETE", "whatsapp", WHATSAPP, b"", False, 405),
    ("GET", "telco:main", TELCO, b"", False, 405),
    ("PUT", "genesys", GENESYS, b"{}", False, 405),
    ("POST", "nowhere", "/webhooks/telco/other", b"{}", False, 404),
    ("GET", "nowhere", "/", b"", False, 404),
    ("POST", "nowhere", WHATSAPP + "/", b"{}", False, 404),
)


def test_what_is_refused_is_answered_and_logged(there: Scene) -> None:
    found = []
    for method, _, path, body, signs, _ in REFUSED:
        headers = signed_wrongly(path) if signs else {}
        found.append(there.post(path, body, headers, method).status_code)
    assert found == [status for *_, status in REFUSED]
    # At most one line a second for each source, which counts what it stands for.
    time.sleep(1.1)
    expected: dict[str, int] = {}
    for _, source, *_ in REFUSED:
        expected[source] = expected.get(source, 0) + 1
    before = len(there.told("webhook.refused"))
    for path in (WHATSAPP, TELCO, GENESYS, "/nowhere"):
        there.post(path, b"{}")
    assert there.times_told("webhook.refused", before + 4) == before + 4
    counted = dict.fromkeys(expected, 0)
    for event in there.told("webhook.refused"):
        counted[event["source"]] += event["count"]
    assert counted == {source: count + 1 for source, count in expected.items()}


def raw(there: Scene, *pieces: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """Send bytes over a bare connection; what came back, and after how many seconds it closed."""
    host, _, port = there.url.removeprefix("http://").partition(":")
    began = time.monotonic()
    answer = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause_s)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while received := connection.recv(4096):
                answer += received
        except ConnectionResetError:
            pass
    return answer, time.monotonic() - began


def test_chunked_body_over_the_limit(there: Scene) -> None:
    head = f"POST {TELCO} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    answer, _ = raw(there, head, *[chunk] * 40)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_body_that_drips_is_closed_at_its_deadline(there: Scene) -> None:
    head = f"POST {WHATSAPP} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n".encode()
    answer, seconds = raw(there, head, *[b"{"] * 30, pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert seconds < 6


def test_headers_that_drip_are_closed_at_their_deadline(there: Scene) -> None:
    answer, seconds = raw(there, b"POST / HTTP/1.1\r\n", *[b"x"] * 30, pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert seconds < 6


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 100, b"GET\r\n\r\n"])
def test_what_is_not_http_is_closed(there: Scene, garbage: bytes) -> None:
    answer, seconds = raw(there, garbage)
    assert b" 200 " not in answer
    assert seconds < 6


def test_client_that_leaves_in_the_middle_of_a_body(there: Scene) -> None:
    host, _, port = there.url.removeprefix("http://").partition(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST {WHATSAPP} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{{"
            connection.sendall(head.encode())


# --- signed, and not understood -----------------------------------------------------------------

BROKEN: tuple[bytes, ...] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe\x00",
    b"[" * 5000,
    b'{"object": "whatsapp_business_account"}',
    b'{"object": "whatsapp_business_account", "entry": 3}',
    b'{"object": "whatsapp_business_account", "entry": [3, null, {"changes": [7]}]}',
    b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages"}]}]}',
)


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_broken_delivery_is_kept_and_answered(there: Scene, body: bytes) -> None:
    before = len(there.told("webhook.damaged"))
    assert there.whatsapp(body).status_code == 200
    assert there.times_told("webhook.damaged", before + 1) > before


def test_broken_callback_is_kept_and_answered(there: Scene) -> None:
    for number, body in enumerate((b"{", b"[]", b"null", b'{"specversion": "9"}', b"\xff")):
        before = len(there.told("webhook.damaged"))
        assert there.telco(body, f"wh_broken_{number}").status_code == 204
        assert there.times_told("webhook.damaged", before + 1) == before + 1


def test_broken_line_of_an_agent_is_kept_and_answered(there: Scene) -> None:
    for body in (b"{", b"[]", b"\xff"):
        before = len(there.told("webhook.damaged"))
        assert there.genesys(body).status_code == 200
        assert there.times_told("webhook.damaged", before + 1) == before + 1


def test_what_means_nothing_to_us_is_answered_and_logged(there: Scene) -> None:
    other = there.delivery(there.message(STRANGER), number_id="999000999000")
    change = {"field": "something_new", "value": {"a": 1}}
    unknown_field = {"object": "whatsapp_business_account", "entry": [{"changes": [change]}]}
    for data in (other, unknown_field, {"object": "page", "entry": []}):
        before = len(there.told("webhook.ignored"))
        assert there.whatsapp(data).status_code == 200
        assert there.times_told("webhook.ignored", before + 1) == before + 1
    before = len(there.told("webhook.ignored"))
    assert there.genesys({"type": "Event", "id": "1"}).status_code == 200
    assert there.genesys({"type": "Sonnet", "id": "2"}).status_code == 200
    assert there.times_told("webhook.ignored", before + 2) == before + 2


KINDS: tuple[dict[str, Any], ...] = (
    {"type": "sonnet", "sonnet": {"lines": 14}},
    {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
    {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "sha256": "x"}},
    {"type": "location", "location": {"latitude": -12.0, "longitude": -77.0}},
    {"type": "contacts", "contacts": []},
    {"type": "interactive", "interactive": {"type": "hologram"}},
    {"type": "interactive"},
    {"type": "text"},
    {"type": "text", "text": {"body": None}},
    {"type": "text", "text": {"body": ""}},
    {"type": "text", "text": {"body": "a" * 50_000}},
    {"type": "text", "text": {"body": "\ud83d half of an emoji \x00 \u202e"}},
    {"type": "button", "button": {"payload": "x" * 10_000, "text": "?"}},
    {},
)


def test_half_known_messages_are_answered(there: Scene) -> None:
    """In one conversation, one after another; none of them may stop the next."""
    there.writes("hello", STRANGER)
    for number, kind in enumerate(KINDS):
        parts = kind or {"text": {"body": "no type"}}
        message = there.message(STRANGER, f"wamid.kind.{number}", **parts)
        assert there.whatsapp(there.delivery(message)).status_code == 200
    # So many answers that are no account number have led to a person: back to the bot.
    assert there.writes("bot", STRANGER)


@pytest.mark.parametrize("sender", ["", "abc", "0", "1" * 40, "+12025550188", None, 12, "GR.OUP"])
def test_odd_senders_are_answered(there: Scene, sender: object) -> None:
    message = {**there.message(STRANGER), "from": sender}
    assert there.whatsapp(there.delivery(message)).status_code == 200


# --- callbacks and events -----------------------------------------------------------------------


def callback(**changed: Any) -> dict[str, Any]:
    """A callback in order, but for what is changed."""
    event = {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "/telco/test",
        "type": "net.example.router.job.v1.completed",
        "subject": "job_unknown",
        "datacontenttype": "application/json",
        "data": {"state": "succeeded"},
    }
    return {**event, **changed}


def test_callback_for_an_unknown_job(there: Scene) -> None:
    before = len(there.told("accepted"))
    nobody = actor_id(ROUTER_JOB, "nobody")
    unknown = {"state": "succeeded", "correlation": f"{nobody}.1"}
    assert there.telco(callback(id="evt_2", data=unknown), "wh_2").status_code == 404
    # Known by the provider's id only: its start may not have been answered yet, so it is parked.
    assert there.telco(callback(id="evt_3"), "wh_3").status_code == 204
    assert there.times_told("accepted", before + 2) == before + 2
    accepted = there.told("accepted")[-2:]
    assert accepted[0].get("refused") == 1
    assert accepted[1].get("parked") == 1


def test_poison_beside_good_neighbours(there: Scene) -> None:
    numbers = ["+12025550161", "+12025550162"]
    phones = [there.phone(number) for number in numbers]
    for phone in phones:
        phone.last_wrote_ms = there.world.clock.now_ms()
    poison: list[object] = [None, 7, {"id": "x"}, {"id": 3, "from": 5}, {"type": []}, "text"]
    good = [there.message(number) for number in numbers]
    delivery = there.delivery(good[0], *poison, good[1])
    assert there.whatsapp(delivery).status_code == 200
    assert [len(phone.received) for phone in phones] == [1, 1]


def test_duplicates_are_answered_once(there: Scene) -> None:
    number = "+12025550163"
    phone = there.phone(number)
    phone.last_wrote_ms = there.world.clock.now_ms()
    delivery = there.delivery(there.message(number, "wamid.same"))
    for _ in range(3):
        assert there.whatsapp(delivery).status_code == 200
    twice = there.message(number, "wamid.same")
    assert there.whatsapp(there.delivery(twice, twice)).status_code == 200
    assert len(phone.received) == 1


def test_tap_that_is_a_week_old_starts_nothing(there: Scene) -> None:
    there.writes("menu")
    there.taps("Restart my router")
    question = there.stage.phone.received[-1]
    (yes, _) = question.choices
    old = there.message(
        there.stage.phone.number,
        type="interactive",
        context={"from": there.world.whatsapp.display_number, "id": question.wamid},
        interactive={"type": "button_reply", "button_reply": {"id": yes.id, "title": yes.title}},
    )
    old["timestamp"] = str((there.world.clock.now_ms() - WEEK_MS) // 1000)
    assert there.whatsapp(there.delivery(old)).status_code == 200
    assert there.world.telco.starts == []
    assert "started nothing" in there.stage.phone.received[-1].text


# --- recorded payloads --------------------------------------------------------------------------


def recorded() -> list[tuple[str, dict[str, Any]]]:
    """Every recorded payload as a delivery of its own, by name."""
    files = {path.stem: json.loads(path.read_text()) for path in sorted(PAYLOADS.glob("*.json"))}
    envelope = files["envelope"]
    found = [("envelope", envelope)]
    for kind in ("messages", "statuses", "values", "fields"):
        for name, part in files[kind].items():
            whole = json.loads(json.dumps(envelope))
            change = whole["entry"][0]["changes"][0]
            if kind == "fields":
                change["field"], change["value"] = name, part
            elif kind == "values":
                change["value"].update(part)
            else:
                change["value"][kind] = [part]
            found.append((f"{kind}.{name}", whole))
    return found


def test_recorded_payloads_are_answered(there: Scene) -> None:
    deliveries = recorded()
    assert len(deliveries) > 40
    number = there.world.whatsapp.phone_number_id
    refused = {}
    for name, delivery in deliveries:
        text = re.sub(r'("phone_number_id": )"\d+"', rf'\1"{number}"', json.dumps(delivery))
        answer = there.whatsapp(text.encode())
        if answer.status_code != 200:
            refused[name] = answer.status_code
    assert refused == {}


def test_counted_and_nothing_lost(there: Scene) -> None:
    """Each accepted event is counted once, and the health address tells that all is well."""
    admin = there.stage.daemon._admin
    assert httpx.get(f"{admin}/health/ready", trust_env=False).status_code == 200
    text = httpx.get(f"{admin}/metrics", trust_env=False).text
    counted = sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("routerbot_accepted_events_total{")
    )
    assert counted == sum(event["taken"] for event in there.told("accepted") if event["taken"])
