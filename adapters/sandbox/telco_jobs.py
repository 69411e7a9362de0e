"""What a provider's job is made of: the plan of its steps, and one job going through it.

What lives here: kinds, steps, durations and the document of a job. What must not: HTTP, callbacks
or the clock (`telco` moves a job along).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATES = ("queued", "running", "waiting_device", "succeeded", "failed", "cancelled", "timed_out")
FINAL_STATES = frozenset({"succeeded", "failed", "cancelled", "timed_out"})


@dataclass(frozen=True)
class Step:
    """One step of a plan."""

    id: str
    title: str
    duration_ms: int
    point_of_no_return: bool = False
    """From here on the router is being changed: a cancel comes too late."""


RESTART_STEPS = (
    Step("reach", "Reaching the router", 5_000),
    Step("reboot", "The router restarts", 90_000, point_of_no_return=True),
    Step("verify", "Checking the line", 10_000),
)
UPDATE_STEPS = (
    Step("download", "Downloading the new version", 60_000),
    Step("flash", "Installing it", 120_000, point_of_no_return=True),
    Step("reboot", "The router restarts", 90_000),
    Step("verify", "Checking the line", 10_000),
)
PLANS = {"router.restart": RESTART_STEPS, "router.update": UPDATE_STEPS}
REBOOT = "reboot"


@dataclass(frozen=True)
class JobError:
    """Why a job failed, in the provider's words."""

    code: str
    message: str
    retryable: bool

    def document(self) -> dict[str, Any]:
        """As the wire has it."""
        return {"code": self.code, "message": self.message, "retryable": self.retryable}


@dataclass(frozen=True)
class Plot:
    """What the player has in store for one job."""

    fail_step: str | None = None
    error: JobError | None = None
    silent: bool = False
    """Accepted, and then no word and no progress."""
    succeed_after_ms: int | None = None
    """With `silent`: success all the same, so long after the start."""
    wait_for_device_ms: int = 0
    """How long the router cannot be reached before the first step."""
    by_hand: bool = False
    """Nothing happens by itself: the player says all that does."""


@dataclass(eq=False)
class SimulatedJob:
    """One job at the provider."""

    id: str
    kind: str
    device: str
    correlation: str
    callback: str | None
    started_ms: int
    deadline_ms: int | None
    steps: tuple[Step, ...]
    plot: Plot
    state: str = "queued"
    step: str | None = None
    step_state: str | None = None
    percent: int | None = None
    seq: int = 0
    error: JobError | None = None
    past_no_return: bool = False
    held: list[dict[str, Any]] = field(default_factory=list)
    """Callbacks held back to be overtaken by the next."""

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL_STATES

    def document(self) -> dict[str, Any]:
        """The job as an answer shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "device": self.device,
            "correlation": self.correlation,
            "steps": [{"id": step.id, "title": step.title} for step in self.steps],
            "eta_seconds": sum(step.duration_ms for step in self.steps) // 1000,
            **self.progress(),
        }

    def progress(self) -> dict[str, Any]:
        """The part of the document that changes; callbacks carry it too."""
        return {
            "state": self.state,
            "seq": self.seq,
            "step": self.step,
            "step_state": self.step_state,
            "percent": self.percent,
            "error": self.error.document() if self.error else None,
        }


def rfc3339(at_ms: int) -> str:
    """A time as JSON carries it."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def ms_of_rfc3339(text: str) -> int:
    """The time in `text`; ValueError where it holds none, or no time zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return round(at.timestamp() * 1000)
