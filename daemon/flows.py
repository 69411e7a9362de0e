"""The flow file at start: read, checked against the configuration, kept in the store.

What lives here: getting the versions that actors may be in. What must not: what a flow means
(`actors.flow`).
"""

from __future__ import annotations

import msgspec
from structlog.typing import FilteringBoundLogger

from actors.conversation.state import Surroundings
from actors.flow.check import check_flow
from actors.flow.model import Flow
from actors.flow.reader import FlowSource, decode_flow, encode_flow, read_flow
from daemon.config import Config
from state.store import Store


def load_flow(config: Config) -> FlowSource | list[str]:
    """The flow file of the configuration, or its faults, one line each. Blocks on the file."""
    path = config.flow.file
    try:
        data = path.read_bytes()
    except OSError as error:
        return [f"{path}: cannot be read: {error.strerror}"]
    found = read_flow(data)
    if isinstance(found, list):
        return [f"{path}:{fault}" for fault in found]
    faults = check_flow(found, frozenset(config.telco), frozenset(config.services))
    if config.flow.default_language not in found.flow.languages:
        faults.append(
            found.fault(
                "languages",
                f"flow.default_language of the configuration, "
                f"{config.flow.default_language!r}, is not among them",
            )
        )
    return [f"{path}:{fault}" for fault in faults] if faults else found


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
