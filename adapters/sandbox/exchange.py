"""What a simulated system is asked and what it answers, whoever carries it there and back.

What lives here: requests and answers as values, and `System`, which finds who answers a path. What
must not: sockets (`loopback`), waiting, or what any one system answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request, its body whole."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    parts: Mapping[str, str] = field(default_factory=dict)
    """What the route's names stand for in this path."""

    def json(self) -> Any:
        """The body, decoded; None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The content, decoded."""
        return json.loads(self.content)


def reply(status: int, document: object, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer that is a JSON document."""
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status, content, {"content-type": "application/json", **(headers or {})})


@dataclass(frozen=True)
class Dropped:
    """The connection closes without an answer."""


@dataclass(frozen=True)
class Hung:
    """No answer: until the caller gives up, or until `until_ms`, when the connection closes."""

    until_ms: int | None = None


Answer = Reply | Dropped | Hung
Handler = Callable[[Asked], Answer]


class Route:
    """Who answers a method and a path, such as `/jobs/{id}`."""

    def __init__(self, method: str, path: str, handler: Handler) -> None:
        self.method = method
        self.handler = handler
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        self._pattern = re.compile(pattern)

    def parts(self, path: str) -> dict[str, str] | None:
        """What the names stand for in this path; None where it is another path."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found is not None else None


class System:
    """A simulated system: routes, tried in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: tuple[Route, ...] = ()
        self.slow_ms = 0
        """How long each answer takes by the clock."""

    def ask(self, asked: Asked) -> Answer:
        """Answer a request. Neither waits nor raises for what may be asked."""
        known = False
        for route in self.routes:
            parts = route.parts(asked.path)
            if parts is None:
                continue
            if route.method == asked.method:
                return route.handler(replace(asked, parts=parts))
            known = True
        return Reply(405 if known else 404)
