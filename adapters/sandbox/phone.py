"""A customer's phone: what WhatsApp shows on it, and what its owner does.

What lives here: the chat as seen on the screen, and what the app sends for a text or a tap. What
must not: HTTP; `whatsapp` carries what the phone sends and brings what it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SERVICE_WINDOW_MS = 24 * 3_600_000


@dataclass(frozen=True)
class ShownChoice:
    """A button under a message, or a row of its list."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True)
class ShownMessage:
    """One bubble on the screen."""

    wamid: str
    text: str
    at_ms: int
    mine: bool = False
    """Whether the phone's owner wrote it."""
    kind: str = "text"
    """The API's type: `text`, `interactive`, `template`, `image`, ..."""
    choices: tuple[ShownChoice, ...] = ()
    list_button: str | None = None
    """The label that opens the choices, where they are a list."""
    header: str | None = None
    footer: str | None = None
    quotes: str | None = None
    """The wamid of the message that this one answers."""
    opaque: str | None = None
    """`biz_opaque_callback_data`: no phone shows it, but a test may ask for it."""


class Phone:
    """One customer with WhatsApp. Get it from `SimulatedWhatsApp.phone`.

    What the owner does goes out at once; the daemon's webhook hears of it while the caller waits.
    """

    def __init__(
        self,
        number: str,
        name: str,
        business_number: str,
        now_ms: Callable[[], int],
        emit: Callable[[Phone, dict[str, Any]], str],
        on_read: Callable[[Phone, ShownMessage], None],
    ) -> None:
        self.number = number
        """E.164 with the plus."""
        self.name = name
        self.transcript: list[ShownMessage] = []
        """The chat as the screen shows it, oldest first, both sides."""
        self.received: list[ShownMessage] = []
        """What the business wrote, oldest first."""
        self.last_wrote_ms: int | None = None
        """When the owner last did something in the chat: opens the window for free messages."""
        self.typing_until_ms = 0
        """Until when the screen shows that the business is typing."""
        self._business_number = business_number
        self._now_ms = now_ms
        self._emit = emit
        self._on_read = on_read

    @property
    def wa_id(self) -> str:
        """The number's digits, by which webhooks name it."""
        return self.number.lstrip("+")

    def window_open(self) -> bool:
        """Whether the business may write freely now."""
        if self.last_wrote_ms is None:
            return False
        return self._now_ms() - self.last_wrote_ms < SERVICE_WINDOW_MS

    def write(self, text: str, *, quoting: ShownMessage | None = None) -> str:
        """Write a text; returns its wamid."""
        payload: dict[str, Any] = {"type": "text", "text": {"body": text}}
        if quoting is not None:
            payload["context"] = self._context(quoting)
        return self._sent(payload, text, quoting)

    def tap(self, choice: str | int, of: ShownMessage | None = None) -> str:
        """Tap a button or a row: by title, by id, or by number from 1; returns the tap's wamid.

        Without `of`: on the latest message that offers it. LookupError where none does. Old
        messages can be tapped too, as on a real phone.
        """
        message, chosen = self._find(choice, of)
        template = message.kind == "template"
        payload: dict[str, Any] = {"context": self._context(message)}
        if template:
            payload |= {"type": "button", "button": {"payload": chosen.id, "text": chosen.title}}
        else:
            kind = "button_reply" if message.list_button is None else "list_reply"
            reply = {"id": chosen.id, "title": chosen.title}
            if chosen.description:
                reply["description"] = chosen.description
            payload |= {"type": "interactive", "interactive": {"type": kind, kind: reply}}
        return self._sent(payload, chosen.title, message)

    def send(self, payload: dict[str, Any], shown_as: str | None = None) -> str:
        """Send a raw message object, such as a picture; `from`, `id`, `timestamp` are added."""
        return self._sent(payload, shown_as or f"[{payload.get('type', 'unknown')}]", None)

    def read(self) -> None:
        """Open the chat: the business hears that its last message was read."""
        if self.received:
            self._on_read(self, self.received[-1])

    def show(self, message: ShownMessage) -> None:
        """A message has come in."""
        self.transcript.append(message)
        self.received.append(message)
        self.typing_until_ms = 0

    def _sent(self, payload: dict[str, Any], text: str, quoting: ShownMessage | None) -> str:
        now = self._now_ms()
        self.last_wrote_ms = now
        wamid = self._emit(self, payload)
        quotes = quoting.wamid if quoting else None
        kind = str(payload.get("type", "unknown"))
        self.transcript.append(ShownMessage(wamid, text, now, True, kind, quotes=quotes))
        return wamid

    def _context(self, message: ShownMessage) -> dict[str, str]:
        sender = self.wa_id if message.mine else self._business_number
        return {"from": sender, "id": message.wamid}

    def _find(self, choice: str | int, of: ShownMessage | None) -> tuple[ShownMessage, ShownChoice]:
        latest = (message for message in reversed(self.received) if message.choices)
        for message in latest if of is None else [of]:
            if isinstance(choice, int):
                # By number only the latest menu can be meant.
                if 1 <= choice <= len(message.choices):
                    return message, message.choices[choice - 1]
                break
            for each in message.choices:
                if choice in (each.title, each.id):
                    return message, each
        shown = of or next((m for m in reversed(self.received) if m.choices), None)
        titles = [each.title for each in shown.choices] if shown is not None else []
        raise LookupError(f"{choice!r} is not offered; there is: {', '.join(titles) or 'nothing'}")
