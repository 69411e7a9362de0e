"""What is counted and measured, on a registry of our own.

What lives here: the names, labels and buckets. What must not: when something is counted (that is
said where it happens), or a label whose values customers choose.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_TURN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_GROUP_UNITS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """All metrics, as prometheus-client objects: `metrics.turns.labels(kind, outcome).inc()`.

    Labels are given in the order in which they are named here.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._the_door()
        self._the_core()
        self._the_sends()

    def render(self) -> bytes:
        """Everything in the text format of Prometheus (`CONTENT_TYPE`)."""
        return generate_latest(self.registry)

    def _the_door(self) -> None:
        self.webhooks = self._counter(
            "webhooks", "Requests to webhook addresses", "source", "answer"
        )
        self.webhook_seconds = self._histogram(
            "webhook_seconds", "From the whole body to the answer", _TURN_SECONDS, "source"
        )
        self.accepted_events = self._counter("accepted_events", "Events committed", "source")
        self.duplicates = self._counter("duplicates", "Events that were known already", "source")
        self.ignored_events = self._counter("ignored_events", "Events without meaning", "source")
        self.connections = self._gauge("connections", "Open connections", "server")
        self.connections_refused = self._counter(
            "connections_refused", "Connections closed at once", "server", "reason"
        )

    def _the_core(self) -> None:
        self.turns = self._counter("turns", "Messages handled", "kind", "outcome")
        self.turn_seconds = self._histogram(
            "turn_seconds", "From taking a batch up to its commit", _TURN_SECONDS, "kind"
        )
        self.dead_letters = self._counter("dead_letters", "Messages set aside", "reason")
        self.live_actors = self._gauge("live_actors", "Actors with a task", "kind")
        self.store_group_units = self._histogram(
            "store_group_units", "Units of work in one commit", _GROUP_UNITS
        )
        self.sweep_found = self._counter(
            "sweep_found", "Actors and lanes that only the sweep found; expected: none"
        )
        self.clock_jumps = self._counter("clock_jumps", "Jumps of the wall clock")
        self.log_lines_dropped = self._counter(
            "log_lines_dropped", "Log lines that nobody read in time"
        )
        self.notes = self._counter("notes", "What the flow and the actors noted", "event")

    def _the_sends(self) -> None:
        self.sends = self._counter("sends", "Attempts at calls", "destination", "outcome")
        self.send_seconds = self._histogram(
            "send_seconds", "One attempt at a call", (*_TURN_SECONDS, 10.0, 30.0), "destination"
        )
        self.unknown_sends = self._counter(
            "unknown_sends", "Attempts whose fate was not known", "destination"
        )
        self.doubles_possible = self._counter(
            "doubles_possible", "Calls made again although they may have arrived", "destination"
        )

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, namespace="routerbot", registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, namespace="routerbot", registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(
            name, what, labels, namespace="routerbot", registry=self.registry, buckets=buckets
        )
