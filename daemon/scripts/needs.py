"""The providers and services that a simulated world must have for a flow.

What lives here: their names. What must not: checking them (`actors.flow.check`), or making a world
that has them.
"""

from __future__ import annotations

import msgspec

from actors.flow.model import Flow
from adapters.sandbox.services import CRM
from daemon import flow_check

PROVIDER = "main"


class Needs(msgspec.Struct, frozen=True):
    """The names, in order; those that every simulated world has included."""

    providers: tuple[str, ...] = (PROVIDER,)
    services: tuple[str, ...] = (CRM,)


def needs_of(flow: Flow) -> Needs:
    """What a flow names."""
    named = flow_check.needs_of(flow)
    providers, services = {PROVIDER, *named["telco"]}, {CRM, *named["services"]}
    return Needs(tuple(sorted(providers)), tuple(sorted(services)))
