"""A secret in memory that cannot slip into a log, a traceback or a message.

What lives here: `Secret`. What must not: reading secrets from anywhere (daemon.secrets does).
"""

import hmac


class Secret:
    """Text that shows itself only when asked: `repr`, `str` and formatting give a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; use it at the last moment and keep it nowhere."""
        return self._text

    def reveal_bytes(self) -> bytes:
        """The text as UTF-8."""
        return self._text.encode()

    def matches(self, candidate: str) -> bool:
        """Whether `candidate` is the secret, compared in constant time."""
        return hmac.compare_digest(self._text.encode(), candidate.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._text)

    def __hash__(self) -> int:
        return hash(("Secret", self._text))
