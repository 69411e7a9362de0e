"""What the daemon says of itself while it is measured: its own metrics, read over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Figures:
    """One look at the daemon."""

    turns: float
    cpu_s: float
    rss_bytes: float
    live_actors: float
    sends: float
    accepted: float

    def __sub__(self, earlier: Figures) -> Figures:
        return Figures(
            self.turns - earlier.turns,
            self.cpu_s - earlier.cpu_s,
            self.rss_bytes - earlier.rss_bytes,
            self.live_actors - earlier.live_actors,
            self.sends - earlier.sends,
            self.accepted - earlier.accepted,
        )


async def look(client: httpx.AsyncClient, admin: str) -> Figures:
    """Read the metrics."""
    text = (await client.get(f"{admin}/metrics")).text
    sums: dict[str, float] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            name = name.partition("{")[0]
            sums[name] = sums.get(name, 0.0) + float(value)
    return Figures(
        sums.get("routerbot_turns_total", 0.0),
        sums["process_cpu_seconds_total"],
        sums["process_resident_memory_bytes"],
        sums.get("routerbot_live_actors", 0.0),
        sums.get("routerbot_sends_total", 0.0),
        sums.get("routerbot_accepted_events_total", 0.0),
    )
