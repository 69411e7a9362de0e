"""What a flow needs of the world around it: the names of providers and services.

What lives here: finding those names, whatever kinds of steps there are. What must not: checking
them (`actors.flow.check`), or making a world that has them.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from actors.flow.model import Flow
from adapters.sandbox.services import CRM

PROVIDER = "main"


class Needs(msgspec.Struct, frozen=True):
    """The names, in order; those that every simulated world has included."""

    providers: tuple[str, ...] = (PROVIDER,)
    services: tuple[str, ...] = (CRM,)


def needs_of(flow: Flow) -> Needs:
    """What a flow names."""
    providers = {PROVIDER, *(job.provider for job in flow.jobs.values())}
    services = {CRM, *_services(msgspec.to_builtins(flow))}
    return Needs(tuple(sorted(providers)), tuple(sorted(services)))


def _services(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        service = part.get("service")
        if part.get("do") == "request" and isinstance(service, str):
            yield service
        for inner in part.values():
            yield from _services(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _services(inner)
