"""WhatsApp, the provider and the customer system in one small HTTP server that costs little.

What lives here: serving HTTP/1.1 over kept connections, and counting what the daemon asks for. What
must not: what the answers say (`answers`). The sandbox's simulators know far more; these are for
loads where a simulator must not be what is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import trio

from daemon.clock import wall_ms
from tests.benchmarks.answers import customer_system, job_document
from tests.benchmarks.configuration import BUSINESS_NUMBER
from tests.benchmarks.wire import content_length

_READ_BYTES = 65536
Shown = Callable[[str, str, str], None]
"""Called for each message to a customer: their digits, its text, and the id of the attempt."""


class Looks:
    """How the provider was looked at."""

    def __init__(self) -> None:
        self.first_s: dict[str, float] = {}
        """By the provider's id of a job: when it was first asked for."""
        self.count = 0
        self.under_way = 0
        self.at_once_max = 0
        self.by_second: dict[int, int] = {}

    def begin(self, job: str) -> None:
        """A look has come in."""
        now_s = trio.current_time()
        self.first_s.setdefault(job, now_s)
        self.count += 1
        self.by_second[int(now_s)] = self.by_second.get(int(now_s), 0) + 1
        self.under_way += 1
        self.at_once_max = max(self.at_once_max, self.under_way)

    def end(self) -> None:
        """It is being answered."""
        self.under_way -= 1


class Vendors:
    """Everything outside the daemon, on one port of the loopback interface."""

    def __init__(self, shown: Shown, *, job_s: float = 3600.0, look_s: float = 0.0) -> None:
        """`job_s`: how long a job takes; `look_s`: how long the provider thinks about a look."""
        self.looks = Looks()
        self.messages = 0
        self.others: list[str] = []
        """Requests that nobody here understands; there should be none."""
        self._shown = shown
        self._job_s = job_s
        self._look_s = look_s

    async def serve(self, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; tells the port."""
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=512)
        port: int = listener.socket.getsockname()[1]
        task_status.started(port)
        await trio.serve_listeners(self._talk, [listener])

    async def _talk(self, stream: trio.SocketStream) -> None:
        data = b""
        try:
            while True:
                while (end := data.find(b"\r\n\r\n")) < 0:
                    received = await stream.receive_some(_READ_BYTES)
                    if not received:
                        return
                    data += received
                head = data[:end]
                length = content_length(head)
                while len(data) < end + 4 + length:
                    received = await stream.receive_some(_READ_BYTES)
                    if not received:
                        return
                    data += received
                body, data = data[end + 4 : end + 4 + length], data[end + 4 + length :]
                status, answer = await self._answer(head.split(b"\r\n", 1)[0].decode(), body)
                text = msgspec.json.encode(answer)
                await stream.send_all(
                    b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d"
                    b"\r\n\r\n%b" % (status, len(text), text)
                )
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # the daemon was killed

    async def _answer(self, line: str, body: bytes) -> tuple[int, Any]:
        method, target, _ = line.split(" ")
        path = target.partition("?")[0]
        if method == "POST" and path.endswith(f"/{BUSINESS_NUMBER}/messages"):
            return 200, self._message(msgspec.json.decode(body))
        if method == "GET" and path.startswith("/jobs/"):
            return 200, await self._job(path.removeprefix("/jobs/"))
        if method == "GET" and path.startswith("/api/"):
            digits = "".join(filter(str.isdigit, target.removeprefix("/api").replace("%2B", "")))
            return 200, customer_system(path, digits)
        self.others.append(line)
        return 404, {"error": {"code": "not_here"}}

    def _message(self, message: dict[str, Any]) -> Any:
        self.messages += 1
        digits = str(message["to"]).removeprefix("+")
        attempt = message["biz_opaque_callback_data"]
        kind = message.get("interactive") or message.get("text") or {}
        body = kind.get("body", "")
        self._shown(digits, body["text"] if isinstance(body, dict) else body, attempt)
        return {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{attempt}"}]}

    async def _job(self, name: str) -> Any:
        self.looks.begin(name)
        try:
            await trio.sleep(self._look_s)
        finally:
            self.looks.end()
        return job_document(name, wall_ms(), self._job_s)
