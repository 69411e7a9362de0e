"""The words of the job contract that every road shares: job documents, states, correlations.

What lives here: reading a job document, whether it came as an answer or in a callback, and the
names derived from it. What must not: HTTP, signatures. Reading never raises: what is optional and
makes no sense is left out, what is needed and makes no sense is None.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

from msgspec import Struct

from actors.ids import ROUTER_JOB, ActorId, is_actor_id
from actors.messages import ProviderReported, Road
from actors.values import JobFault, JobState

BY_PROVIDER_JOB = 0
"""The `attempt` of a report that names only the provider's job: the actor finds the attempt by
`provider_job`. Real attempts count from 1."""

PROVIDER_JOB_CHARS_MAX = 200

_STATES = {state.value: state for state in JobState} | {
    "pending": JobState.QUEUED,
    "in_progress": JobState.RUNNING,
    "in-progress": JobState.RUNNING,
    "success": JobState.SUCCEEDED,
    "completed": JobState.SUCCEEDED,
    "error": JobState.FAILED,
    "canceled": JobState.CANCELLED,
}
_STEP_STATES = frozenset({"started", "progress", "done", "failed"})
_STEP_CHARS_MAX = 100
_FAULT_CODE_CHARS_MAX = 100
_FAULT_TEXT_CHARS_MAX = 1000
_COUNT_MAX = 2**63 - 1  # what a column and a JSON reader hold
_ATTEMPT_DIGITS_MAX = 6
# In an error page these name the request that failed, not a job.
_REQUEST_FIELDS = frozenset({"requestId", "transactionId"})


class JobDocument(Struct, frozen=True):
    """What a provider says of one job."""

    provider_job: str | None
    state: JobState | None
    """None: missing, or a word that is not in the contract."""
    correlation: str | None = None
    step: str | None = None
    step_state: str | None = None
    percent: int | None = None
    seq: int | None = None
    fault: JobFault | None = None


def read(value: Any, id_fields: tuple[str, ...]) -> JobDocument | None:
    """The job document in a JSON value, bare or as `{"job": {...}}`; None where there is none."""
    if not isinstance(value, dict):
        return None
    inner = value.get("job")
    if isinstance(inner, dict):
        value = inner
    return JobDocument(
        provider_job=_provider_job(value, id_fields),
        state=state_of(value.get("state")),
        correlation=_text(value.get("correlation"), _STEP_CHARS_MAX),
        step=_text(value.get("step"), _STEP_CHARS_MAX),
        step_state=_step_state(value.get("step_state")),
        percent=_percent(value.get("percent")),
        seq=count_of(value.get("seq")),
        fault=_fault(value.get("error")),
    )


def names_a_job(value: Any, document: JobDocument) -> bool:
    """Whether a refusal really names the job that runs instead, not just the failed request."""
    if document.provider_job is None or not isinstance(value, dict):
        return False
    if document.state is not None or isinstance(value.get("job"), dict):
        return True
    return any(
        job_id_of(field_value) == document.provider_job
        for field, field_value in value.items()
        if field not in _REQUEST_FIELDS
    )


def report(
    document: JobDocument,
    state: JobState,
    *,
    attempt: int,
    road: Road,
    provider_job: str | None = None,
    seq: int | None = None,
    retry_after_s: float | None = None,
) -> ProviderReported:
    """The document as the job hears it; `provider_job` and `seq` stand in where it has none."""
    return ProviderReported(
        attempt=attempt,
        state=state,
        road=road,
        provider_job=document.provider_job or provider_job,
        step=document.step,
        step_state=document.step_state,
        percent=document.percent,
        seq=seq if document.seq is None else document.seq,
        fault=document.fault,
        retry_after_s=retry_after_s,
    )


def state_of(word: Any) -> JobState | None:
    """The state that a word means, in any case of letters; None where it is no word of ours."""
    return _STATES.get(word.strip().lower()) if isinstance(word, str) else None


def count_of(value: Any) -> int | None:
    """A count as a number or as (zero-padded) digits; None where it is neither."""
    if _is_int(value):
        return value if 0 <= value <= _COUNT_MAX else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 40:
        number = int(value)
        return number if number <= _COUNT_MAX else None
    return None


def job_id_of(value: Any) -> str | None:
    """A provider's id of a job that can be kept and put into an address; else None.

    Numbers are ids too. `.` and `..` are not: in an address they would mean another place.
    """
    if _is_int(value) and 0 <= value <= _COUNT_MAX:
        return str(value)
    if not isinstance(value, str) or value in ("", ".", ".."):
        return None
    return value if len(value) <= PROVIDER_JOB_CHARS_MAX and value.isprintable() else None


def attempt_of(correlation: str | None) -> tuple[ActorId, int] | None:
    """The job and the attempt in a correlation of ours; None where it is not well-formed."""
    if correlation is None or not correlation.isascii():
        return None
    job, _, number = correlation.rpartition(".")
    if not is_actor_id(job, ROUTER_JOB) or job != job.lower():
        return None
    if not number.isdigit() or len(number) > _ATTEMPT_DIGITS_MAX or number.startswith("0"):
        return None
    return ActorId(job), int(number)


def alias_of(provider: str, provider_job: str) -> str:
    """The alias by which a job is found when only the provider's id of it is known."""
    return f"telco:{provider}:{provider_job}"


def rfc3339(at_ms: int) -> str:
    """A time in UTC with milliseconds, such as `2026-11-22T16:20:00.000Z`."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _provider_job(document: dict[Any, Any], id_fields: tuple[str, ...]) -> str | None:
    for field in id_fields:
        found = job_id_of(document.get(field))
        if found is not None:
            return found
    return None


def _step_state(value: Any) -> str | None:
    word = value.strip().lower() if isinstance(value, str) else None
    return word if word in _STEP_STATES else None


def _percent(value: Any) -> int | None:
    if isinstance(value, float) or _is_int(value):
        return int(value) if 0 <= value <= 100 else None
    return None


def _fault(value: Any) -> JobFault | None:
    if isinstance(value, str):
        code = _text(value, _FAULT_CODE_CHARS_MAX)
        return JobFault(code) if code else None
    if not isinstance(value, dict):
        return None
    raw_code = value.get("code")
    code = _text(str(raw_code) if _is_int(raw_code) else raw_code, _FAULT_CODE_CHARS_MAX)
    text = _text(value.get("message"), _FAULT_TEXT_CHARS_MAX)
    retryable = value.get("retryable")
    if code is None and text is None and not isinstance(retryable, bool):
        return None
    return JobFault(
        code=code or "unspecified",
        text=text or "",
        retryable=retryable if isinstance(retryable, bool) else None,
    )


def _text(value: Any, chars_max: int) -> str | None:
    return value[:chars_max] if isinstance(value, str) and value else None


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
