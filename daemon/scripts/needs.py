"""What must be so before a flow is played: a world that has what it names, a language it speaks.

What lives here: the names of providers and services, and the complaint about a language. What must
not: checking names (`actors.flow.check`), or making a world that has them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from actors.flow.formats import spoken
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


def unspoken(language: str, languages: Sequence[str]) -> str | None:
    """What is wrong with a language for a flow that speaks these; None: it is spoken."""
    if spoken(language, languages) is not None:
        return None
    return f"the flow does not speak {language!r}; it speaks {', '.join(languages)}"
