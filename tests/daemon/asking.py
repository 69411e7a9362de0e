"""An operator for tests: asks for commands directly, or by the socket as lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import trio

from actors.ids import MessageId
from daemon.operator import Operator, Question
from state.rows import Arrival, ToDeadLetters
from tests.daemon.parts import NOW_MS, Shell

Values = str | int | bool


class Asked:
    """An operator's commands over the parts of a shell."""

    def __init__(self, parts: Shell) -> None:
        store: Any = parts.store
        self.operator = Operator(
            store, parts.clock, parts.registry, parts.relay, parts.relay._pauses, {"version": "1"}
        )

    async def fine(self, command: str, **arguments: Values) -> Any:
        answer = await self.operator.answer(Question(command, arguments))
        assert answer.error is None, answer
        return answer.result

    async def refused(self, command: str, **arguments: Values) -> str:
        answer = await self.operator.answer(Question(command, arguments))
        assert answer.result is None
        return answer.error or ""


async def raw_letter(parts: Shell, name: str, body: bytes = b"a body") -> int:
    await parts.store.accept([Arrival(MessageId(name), ToDeadLetters("damaged"), NOW_MS, body)])
    return parts.disk.inbox_last


class Line:
    """A client of an operator's socket."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def say(self, data: bytes) -> dict[str, Any]:
        """Send bytes as they are; what is answered."""
        async with await trio.open_unix_socket(str(self.path)) as stream:
            await stream.send_all(data)
            told = b"".join([chunk async for chunk in stream])
        assert told.endswith(b"\n")
        answer: dict[str, Any] = json.loads(told)
        return answer

    async def ask(self, command: str, **arguments: Values) -> dict[str, Any]:
        line = json.dumps({"command": command, "arguments": arguments})
        return await self.say(line.encode() + b"\n")
