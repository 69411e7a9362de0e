"""Writes down a chat as a conversation file, line by line as it happens.

What lives here: the file, and which messages were written down already. What must not: the chat
(`chat`), or how a line is written (`daemon.scripts.writing`).
"""

from __future__ import annotations

from pathlib import Path

from adapters.sandbox.phone import Phone
from daemon.scripts import writing


class Recording:
    """One file, which grows with the chat: what was done is not lost if the chat breaks off."""

    def __init__(self, path: Path, language: str) -> None:
        """Begin the file; raises OSError, also where there is one already."""
        self._path = path
        self._written = 0
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(writing.header("Recorded in the sandbox", language)) + "\n")

    def did(self, who: str, what: str) -> None:
        """Something was done."""
        self._write(writing.action(who, what))

    def said(self, phone: Phone) -> None:
        """Everything has come to rest: what the bot said since the last time."""
        for message in phone.received[self._written :]:
            titles = [choice.title for choice in message.choices]
            self._write(writing.said(message.text, titles))
        self._written = len(phone.received)

    def _write(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
