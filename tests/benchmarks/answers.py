"""What the simulated vendors say: the customer system's documents, and how far a job has come.

What lives here: answers as functions of the question and the time, the same in a story and over
HTTP. What must not: HTTP.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from actors.values import JobState

_STEPS = (("reach", 0.0), ("reboot", 0.1), ("verify", 0.9))
"""The steps of a job, and which part of it is over when each begins."""


class JobWord(Struct, frozen=True):
    """What the provider says of a job at some time."""

    state: JobState
    step: str
    percent: int
    seq: int


def job_state(name: str, now_ms: int, job_s: float) -> JobWord:
    """How far the job of this name (`story.job_name`) has come, where it takes `job_s` in all."""
    started_ms = int(name.rpartition("-")[2])
    part = max(0.0, (now_ms - started_ms) / 1000 / job_s)
    if part >= 1:
        return JobWord(JobState.SUCCEEDED, "verify", 100, len(_STEPS) + 1)
    number = max(index for index, (_, begins) in enumerate(_STEPS) if begins <= part)
    step = _STEPS[number][0]
    return JobWord(JobState.RUNNING, step, int(100 * _STEPS[number][1]), number + 1)


def job_document(name: str, now_ms: int, job_s: float) -> dict[str, Any]:
    """The same as the job contract has it."""
    word = job_state(name, now_ms, job_s)
    return {
        "id": name,
        "state": word.state.value,
        "step": word.step,
        "percent": word.percent,
        "seq": word.seq,
        "error": None,
    }


def customer_system(path: str, identifier: str) -> Any:
    """What the customer system answers about the customer with this identifier."""
    if path.endswith("/plan"):
        return {
            "name": "Fibra 300",
            "down_mbps": 300,
            "up_mbps": 150,
            "price": 89.9,
            "currency": "PEN",
        }
    if path.endswith("/bill"):
        return {"amount": 89.9, "currency": "PEN", "due_date": "2026-12-01"}
    if path.endswith("/outage"):
        return {"active": False}
    device = {"id": f"r-{identifier}", "model": "HG-8145"}
    line = {
        "id": f"l-{identifier}",
        "address_hint": "Jr. Los Ficus 1**",
        "plan": "Fibra 300",
        "devices": [device],
    }
    return [{"id": f"c-{identifier}", "name": "Ana Quispe", "lines": [line]}]
