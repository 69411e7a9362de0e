"""Our calls to a provider: start a job, look at it, take it back.

What lives here: the requests of the job contract and what their answers mean. What must not: when
a call is made or repeated (the job actor and the relay decide). Every call is bounded by
`call_deadline_s` in all; the outcome is a value, whatever the provider does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import trio

from actors import outcomes
from actors.calls import Call, CancelJob, Promise, QueryJob, StartJob, correlation, promise_of
from actors.messages import CancelAnswered, JobNotFound, Road
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import CancelResult, Fault, JobState
from adapters import http
from adapters.http import HttpReply
from adapters.ports import Attempt
from adapters.telco.http_contract import answers, contract
from adapters.telco.http_contract.contract import JobDocument
from adapters.telco.http_contract.settings import TelcoSettings

# A 200 to a cancel may carry the job: what it says of itself counts more than the status.
_CANCEL_BY_STATE = {
    JobState.QUEUED: CancelResult.CANCELLING,
    JobState.RUNNING: CancelResult.CANCELLING,
    JobState.WAITING_DEVICE: CancelResult.CANCELLING,
    JobState.SUCCEEDED: CancelResult.TOO_LATE,
    JobState.FAILED: CancelResult.TOO_LATE,
    JobState.TIMED_OUT: CancelResult.TOO_LATE,
    JobState.CANCELLED: CancelResult.CANCELLED,
}


class TelcoSender:
    """Carries out `StartJob`, `QueryJob` and `CancelJob` at one provider. A `Sender`.

    `transport` is shared and stays the caller's; it needs no settings of its own.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: TelcoSettings) -> None:
        self._transport = transport
        self._settings = settings

    def promise(self, call: Call) -> Promise:
        """A start is repeatable where the provider honours keys: same key, same bytes, one job."""
        if isinstance(call, StartJob) and self._settings.honours_idempotency_keys:
            return Promise.REPEATABLE
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Make the call once. Blocks for `call_deadline_s` at most; TypeError for other calls."""
        until = trio.current_time() + self._settings.call_deadline_s
        match call:
            case StartJob():
                return await self._start(call, attempt, until)
            case QueryJob():
                found = await self._look_up(call, attempt, until)
                if found is None:
                    return Delivered(answer=JobNotFound(call.attempt))
                if not isinstance(found, _Found):
                    return found
                report = contract.report(
                    found.document,
                    found.state,
                    attempt=call.attempt,
                    road=Road.QUERY,
                    provider_job=call.provider_job,
                    retry_after_s=found.retry_after_s,
                )
                return Delivered(vendor_id=report.provider_job, answer=report)
            case CancelJob():
                return await self._cancel(call, attempt, until)
            case _:
                raise TypeError(f"not a call to a telco: {type(call).__name__}")

    # --- start --------------------------------------------------------------------------------

    async def _start(self, call: StartJob, attempt: Attempt, until: float) -> Outcome:
        reply = await self._http(
            "POST",
            self._settings.jobs_url,
            until,
            headers={"Idempotency-Key": correlation(call.job, call.attempt)},
            content=start_body(call, self._settings.callback_url),
        )
        if not isinstance(reply, HttpReply):
            return reply
        document = contract.read(reply.json(), self._settings.id_fields)
        if 200 <= reply.status < 300:
            return self._started(call, attempt, reply, document)
        if reply.status == 409 and document and contract.names_a_job(reply.json(), document):
            # Something runs on this router already: follow that instead of failing.
            return self._accepted(call, attempt, reply, document, JobState.RUNNING)
        refusal = answers.refusal(reply, attempt.now_ms)
        if refusal is not None:
            return refusal
        match reply.status:
            case 409 | 423:
                locked = answers.fault(outcomes.LOCKED, reply)
                # On a repetition, what locks the router may be our own first try.
                return Rejected(locked) if attempt.number <= 1 else Unknown(locked)
            case 404 | 410:
                page = answers.is_page(reply)  # Then the address is wrong, not the device.
                return Rejected(answers.fault(outcomes.NOT_FOUND, reply), alarm=page)
            case 400 | 422:
                return Rejected(answers.fault(outcomes.INVALID, reply))
            case status if status >= 500:
                return Unknown(answers.fault(outcomes.UNAVAILABLE, reply))
            case _:
                return Rejected(answers.fault(outcomes.INVALID, reply), alarm=True)

    def _started(
        self, call: StartJob, attempt: Attempt, reply: HttpReply, document: JobDocument | None
    ) -> Outcome:
        if document is None or document.provider_job is None:
            job = answers.job_in_location(reply)
            if job is None:
                return Unknown(answers.fault(outcomes.UNREADABLE, reply, "no id of a job"))
            document = msgspec.structs.replace(
                document or JobDocument(None, None), provider_job=job
            )
        return self._accepted(call, attempt, reply, document, JobState.QUEUED)

    def _accepted(
        self,
        call: StartJob,
        attempt: Attempt,
        reply: HttpReply,
        document: JobDocument,
        state_if_unsaid: JobState,
    ) -> Outcome:
        report = contract.report(
            document,
            document.state or state_if_unsaid,
            attempt=call.attempt,
            road=Road.START,
            retry_after_s=http.retry_after_s(reply.headers, attempt.now_ms),
        )
        return Delivered(vendor_id=report.provider_job, answer=report)

    # --- query --------------------------------------------------------------------------------

    async def _look_up(
        self, call: QueryJob | CancelJob, attempt: Attempt, until: float
    ) -> _Found | Transient | Rejected | None:
        """The job as the provider sees it; None where it surely knows none."""
        ours = correlation(call.job, call.attempt)
        job = contract.job_id_of(call.provider_job)
        if job is not None:
            reply = await self._http("GET", self._job_url(job), until)
        else:
            query = {"correlation": ours}
            reply = await self._http("GET", self._settings.jobs_url, until, query=query)
        if not isinstance(reply, HttpReply):
            return answers.again(reply)
        if reply.status in (404, 410) and not answers.is_page(reply):
            return None
        if not 200 <= reply.status < 300:
            return answers.refusal_of_repeatable(reply, attempt.now_ms)
        value = reply.json()
        document = contract.read(value, self._settings.id_fields)
        if job is None:
            jobs = _jobs_in(value)
            if jobs == []:
                return None
            document = self._ours(jobs or [value], ours)
        if document is None or document.state is None:
            return Transient(answers.fault(outcomes.UNREADABLE, reply, "no state of the job"))
        wait_s = http.retry_after_s(reply.headers, attempt.now_ms)
        return _Found(document, document.state, wait_s)

    def _ours(self, jobs: list[Any], ours: str) -> JobDocument | None:
        """The document that carries our correlation, a live one first.

        The documents of others do not count: a provider that does not filter by correlation must
        not make us follow a neighbour's job, nor believe that there is none.
        """
        read = (contract.read(job, self._settings.id_fields) for job in jobs)
        mine = [document for document in read if document and document.correlation == ours]
        live = [each for each in mine if each.state is not None and not each.state.final]
        return next(iter(live or mine), None)

    # --- cancel -------------------------------------------------------------------------------

    async def _cancel(self, call: CancelJob, attempt: Attempt, until: float) -> Outcome:
        job = contract.job_id_of(call.provider_job)
        if job is None:
            found = await self._look_up(call, attempt, until)
            if found is None:
                return _cancelled(call, CancelResult.NOT_FOUND)
            if not isinstance(found, _Found):
                return found
            job = found.document.provider_job
            if job is None:
                return Transient(Fault(outcomes.UNREADABLE, "the job that was found has no id"))
        reply = await self._http("POST", self._job_url(job) + "/cancel", until)
        if not isinstance(reply, HttpReply):
            return answers.again(reply)
        if answers.is_page(reply):
            return answers.refusal_of_repeatable(reply, attempt.now_ms)
        match reply.status:
            case 200 | 204:
                document = contract.read(reply.json(), self._settings.id_fields)
                state = document.state if document and document.state else JobState.CANCELLED
                return _cancelled(call, _CANCEL_BY_STATE[state])
            case 202:
                return _cancelled(call, CancelResult.CANCELLING)
            case 404 | 410:
                return _cancelled(call, CancelResult.NOT_FOUND)
            case 409:
                return _cancelled(call, CancelResult.TOO_LATE)
            case _:
                return answers.refusal_of_repeatable(reply, attempt.now_ms)

    # --- the wire -----------------------------------------------------------------------------

    def _job_url(self, provider_job: str) -> str:
        return f"{self._settings.jobs_url}/{quote(provider_job, safe='')}"

    async def _http(
        self,
        method: str,
        url: str,
        until: float,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> HttpReply | Transient | Unknown:
        # Uncompressed, so that the bound on the answer's size is one on the work as well.
        sent = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self._settings.authorization is not None:
            sent["Authorization"] = self._settings.authorization.reveal()
        return await http.call(
            self._transport,
            method,
            url,
            deadline_s=max(0.0, until - trio.current_time()),
            headers=sent,
            query=query,
            content=content,
        )


class _Found(msgspec.Struct, frozen=True):
    document: JobDocument
    state: JobState
    retry_after_s: float | None


def start_body(call: StartJob, callback_url: str) -> bytes:
    """The bytes of a start. The same call is the same bytes, so that its key can be honoured."""
    deadline = None if call.deadline_ms is None else contract.rfc3339(call.deadline_ms)
    return msgspec.json.encode(
        {
            "kind": call.kind,
            "device": call.device,
            "account": call.account,
            "params": {},
            "callback": callback_url,
            "correlation": correlation(call.job, call.attempt),
            "deadline": deadline,
        }
    )


def _jobs_in(value: Any) -> list[Any] | None:
    if isinstance(value, dict):
        value = value.get("jobs")
    return value if isinstance(value, list) else None


def _cancelled(call: CancelJob, result: CancelResult) -> Delivered:
    return Delivered(answer=CancelAnswered(call.attempt, result))
