"""The flow file at start: read, checked against the configuration, kept in the store.

What lives here: getting the versions that actors may be in. What must not: what a flow means
(`actors.flow`).
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from structlog.typing import FilteringBoundLogger

from actors.conversation.state import Surroundings
from actors.flow.check import World, errors
from actors.flow.model import Flow
from actors.flow.reader import FlowSource, decode_flow, encode_flow
from actors.flow.rules import Severity
from daemon.config import Config
from daemon.flow_check import line_of, look, today
from state.store import Store


class Loaded(NamedTuple):
    """A flow that can run."""

    source: FlowSource
    warnings: int
    """What `routerbot flow check` has to say about it besides."""


def load_flow(config: Config) -> Loaded | list[str]:
    """The flow file of the configuration, or its errors, one line each. Blocks on the file."""
    path = config.flow.file
    try:
        data = path.read_bytes()
    except OSError as error:
        return [f"{path}: cannot be read: {error.strerror}"]
    world = World(
        today(),
        providers=frozenset(config.telco),
        services=frozenset(config.services),
        default_language=config.flow.default_language,
    )
    found = look(data, world)
    refused = errors(found.faults)
    if found.source is None or refused:
        return [line_of(path, fault) for fault in refused]
    warnings = sum(fault.severity is Severity.WARNING for fault in found.faults)
    return Loaded(found.source, warnings)


async def keep_versions(
    store: Store, source: FlowSource, now_ms: int, log: FilteringBoundLogger
) -> dict[str, Flow]:
    """Keep the current version; every version that a conversation may be in. May block."""
    await store.keep_flow(source.version, encode_flow(source.flow), now_ms)
    kept = await store.flows()
    versions = {source.version: source.flow}
    for version, body in kept.items():
        try:
            versions.setdefault(version, decode_flow(body))
        except msgspec.MsgspecError:
            # The language has moved on. Conversations in that version go on in the current one.
            log.error("flow_version_unreadable", flow_version=version, alarm=True)
    return versions


def surroundings(config: Config, source: FlowSource, versions: dict[str, Flow]) -> Surroundings:
    """What every turn may know besides its state."""
    return Surroundings(
        flows=versions,
        flow_version=source.version,
        default_language=config.flow.default_language,
        time_zone=config.flow.time_zone,
        tap_age_max_s=round(config.limits.tap_age_max_s),
        progress_spacing_s=round(config.limits.progress_spacing_s),
    )
