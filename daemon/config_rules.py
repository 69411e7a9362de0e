"""What a single value of the configuration may be: addresses, URLs, names, numbers.

What lives here: rules that look at one value and nothing else; each returns the value (tidied up)
or raises ValueError with what the value must be. What must not: files, secrets, whole tables.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\Z")


class Rule(NamedTuple):
    """Stands in an `Annotated` type: what a value of the right type must also satisfy."""

    check: Callable[[Any], Any]


class FdBind(NamedTuple):
    """A listening socket that was handed over by whoever started us."""

    fd: int


class TcpBind(NamedTuple):
    """An address to listen on; port 0 means any free one."""

    host: str
    port: int


def parse_bind(text: str) -> FdBind | TcpBind:
    """Understand `host:port`, `[v6]:port` or `fd://3`. Raises ValueError."""
    wanted = 'must be "host:port" such as "127.0.0.1:8080", or "fd://3" for socket activation'
    if text.startswith("fd://"):
        if not text[5:].isdecimal() or int(text[5:]) < 3:
            raise ValueError(f"{wanted} (descriptors begin at 3)")
        return FdBind(int(text[5:]))
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError(wanted)
    if not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise ValueError(f"{wanted}; the port is a number from 0 to 65535")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    if bracketed or ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError(f"{wanted}; what is before the port is no address") from None
        if not bracketed:
            raise ValueError(f"{wanted}; an IPv6 address stands in brackets")
    elif not _HOST.match(host):
        raise ValueError(f"{wanted}; what is before the port is no host name")
    return TcpBind(host, int(port))


def is_loopback(host: str) -> bool:
    """Whether a host in an address or URL means this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bind(text: str) -> str:
    parse_bind(text)
    return text


def _url(text: str) -> str:
    wanted = "must be a URL that begins with https:// (or http://) and names a host"
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"{wanted}; the port is a number from 1 to 65535") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or password; refer to a secret instead")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_valid:
        raise ValueError(wanted)
    if not _HOST.match(parts.hostname) and ":" not in parts.hostname:
        raise ValueError(wanted)
    if parts.query or parts.fragment or any(c.isspace() for c in text):
        raise ValueError(f"{wanted}; no ?query, #fragment or space")
    return text.rstrip("/")


def _https_url(text: str) -> str:
    tidy = _url(text)
    parts = urlsplit(tidy)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https:// (plain http only for this machine itself)")
    return tidy


def _time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            'is not a time zone that this machine knows; write one like "America/Lima"'
        ) from None
    return text


def _matching(pattern: str, wanted: str) -> Rule:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"must be {wanted}")
        return text

    return Rule(check)


def _within(least: float, most: float | None = None) -> Rule:
    def check(number: float) -> float:
        # Turned round, so that nan (TOML has it) is refused too.
        if not (number >= least and (most is None or number <= most)):
            wanted = f"at least {least}" if most is None else f"from {least} to {most}"
            raise ValueError(f"must be {wanted}")
        return number

    return Rule(check)


def _one_of(*names: str) -> Rule:
    def check(text: str) -> str:
        if text not in names:
            raise ValueError("must be " + " or ".join(f'"{name}"' for name in names))
        return text

    return Rule(check)


_DAY_S = 86_400

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""A table's own name, such as the `main` of `[telco.main]`: it becomes part of an address."""

Text = Annotated[str, _matching(r"\S(.*\S)?", "text that is not empty")]
Bind = Annotated[str, Rule(_bind)]
Url = Annotated[str, Rule(_url)]
HttpsUrl = Annotated[str, Rule(_https_url)]
TimeZone = Annotated[str, Rule(_time_zone)]
Digits = Annotated[str, _matching(r"[0-9]{1,32}", "digits only, in quotes")]
ApiVersion = Annotated[str, _matching(r"v[0-9]+\.[0-9]+", 'a version such as "v25.0"')]
Language = Annotated[
    str, _matching(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", 'a language such as "es" or "pt_BR"')
]
Region = Annotated[
    str, _matching(r"[a-z0-9]+([.-][a-z0-9]+)+", 'a region such as "sa-east-1", or its host name')
]
Positive = Annotated[int, _within(1)]
NotNegative = Annotated[int, _within(0)]
Seconds = Annotated[float, _within(0.05, _DAY_S)]
AcceptTimeout = Annotated[int, _within(50, 9000)]
"""Milliseconds. Some vendors hang up after 10 s; the answer must be out before."""
KeepDays = Annotated[int, _within(8)]
"""Vendors repeat a webhook for up to a week; a duplicate must be known that long."""
TelcoAdapter = Annotated[str, _one_of("http")]
AgentsAdapter = Annotated[str, _one_of("genesys", "none")]
ClockKind = Annotated[str, _one_of("real", "virtual")]
