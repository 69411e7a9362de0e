"""Policies of jobs and hand-overs: whether their numbers can be, and come to pass.

What lives here: numbers against each other. What must not: how a job lives
(`actors.router_job`), or what is said about it (`texts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.flow import rules
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault
from actors.flow.texts import names_in
from actors.policies import HandoverPolicy, JobPolicy

_MONTH_S = 30 * 86_400
_AT_LEAST_1 = frozenset(
    {
        "start_expiry_s",
        "lookup_spacing_s",
        "poll_first_s",
        "poll_factor",
        "poll_max_s",
        "deadline_s",
    }
    | {"tidy_again_s", "tidy_expiry_s", "patience_s", "poll_opening_s", "poll_queued_s"}
    | {"poll_active_s", "gone_confirm_s", "idle_max_s", "close_tries"}
)
"""Below that a vendor would be asked without a pause, or nothing would ever be tried."""
_AT_MOST = {"retries_max": 30, "lookups": 1000, "poll_failures_told": 1000, "poll_factor": 10}
"""Above that the pauses, which grow, leave what a clock can count. Everything else: a month."""


def policies(subject: Subject) -> Iterator[FlowFault]:
    """Every policy can be followed, and everything in it can come to pass."""
    for name, job in subject.flow.jobs.items():
        where = f"jobs.{name}.policy"
        outside = list(_bounds(subject, where, job.policy))
        yield from outside
        if not outside:
            yield from _job(subject, where, job.policy)
        if job.policy.retries_max == 0:
            yield from _retries(subject, name)
    where, policy = "handover.policy", subject.flow.handover.policy
    outside = list(_bounds(subject, where, policy))
    yield from outside
    if not outside:
        yield from _desk(subject, where, policy)


def _bounds(
    subject: Subject, where: str, policy: JobPolicy | HandoverPolicy
) -> Iterator[FlowFault]:
    for key in policy.__struct_fields__:
        number: int | float = getattr(policy, key)
        low, high = int(key in _AT_LEAST_1), _AT_MOST.get(key, _MONTH_S)
        if not low <= number <= high:
            what = f"{number:g} cannot be"
            do = f"Write a number from {low} to {high}"
            yield subject.fault(rules.BAD_POLICY, f"{where}.{key}", what, do)


def _job(subject: Subject, where: str, policy: JobPolicy) -> Iterator[FlowFault]:
    never = [*_of_start_and_looks(policy), *_of_clean_up(policy)]
    if policy.retries_max == 0 and subject.is_written(f"{where}.retry_backoff_s"):
        never.append(("retry_backoff_s", "there is no retry to wait before: retries_max is 0"))
    yield from _never(subject, where, never)


def _never(subject: Subject, where: str, told: Iterable[tuple[str, str]]) -> Iterator[FlowFault]:
    """Keys, and what does not come to pass because of them."""
    for key, what in told:
        do = "Change one of the two numbers"
        yield subject.fault(rules.POLICY_NEVER, f"{where}.{key}", what, do)


def _of_start_and_looks(policy: JobPolicy) -> Iterator[tuple[str, str]]:
    deadline = f"the deadline of {policy.deadline_s} s"
    if policy.stall_s >= policy.deadline_s:
        yield "stall_s", f"`stalled` is never said: {deadline} comes first"
    if policy.start_patience_s >= policy.start_expiry_s:
        given_up = f"a start is given up after {policy.start_expiry_s} s"
        yield "start_patience_s", f"`waiting_for_provider` is never said: {given_up}"
    if policy.poll_first_s >= policy.deadline_s:
        yield "poll_first_s", f"nobody looks before {deadline}"
    if policy.poll_first_s > policy.poll_max_s:
        yield "poll_first_s", f"the first pause is cut to poll_max_s, {policy.poll_max_s} s"
    if policy.lookups * policy.lookup_spacing_s >= policy.deadline_s:
        looks = f"{policy.lookups} look-ups, {policy.lookup_spacing_s} s apart"
        yield "lookups", f"{looks}, end after {deadline}: a lost start is never made again"
    unseen_s = _until_unseen_s(policy)
    if policy.poll_first_s < policy.deadline_s <= unseen_s:
        looks = f"{policy.poll_failures_told} looks take {unseen_s:.0f} s"
        what = f"`unseen` is never said: {looks}, and the deadline is {policy.deadline_s} s"
        yield "poll_failures_told", what


def _of_clean_up(policy: JobPolicy) -> Iterator[tuple[str, str]]:
    if policy.tidy_patience_s >= policy.tidy_expiry_s:
        what = f"the clean-up is given up before, after {policy.tidy_expiry_s} s"
        yield "tidy_patience_s", what
    if policy.tidy_again_s >= policy.tidy_expiry_s:
        given_up = f"it is given up after {policy.tidy_expiry_s} s"
        yield "tidy_again_s", f"the clean-up is never tried again: {given_up}"


def _until_unseen_s(policy: JobPolicy) -> float:
    """How long it takes at least until so many looks have failed that the customer is told."""
    pause_s, total_s = float(policy.poll_first_s), 0.0
    for _ in range(policy.poll_failures_told):
        total_s += min(pause_s, float(policy.poll_max_s))
        pause_s = min(pause_s * policy.poll_factor, float(policy.poll_max_s))
    return total_s


def _retries(subject: Subject, name: str) -> Iterator[FlowFault]:
    for shown in subject.shown:
        if not shown.where.startswith(f"jobs.{name}.texts."):
            continue
        for language, words in shown.text.items():
            if "{" in words and "retries_left" in names_in(words):
                what = "`{retries_left}` is always 0: retries_max is 0"
                do = "Say nothing of retries, or allow some"
                where = f"{shown.where}.{language}"
                yield subject.fault(rules.RETRIES_SPOKEN_OF, where, what, do)


def _desk(subject: Subject, where: str, policy: HandoverPolicy) -> Iterator[FlowFault]:
    never: list[tuple[str, str]] = []
    end = f"the chat ends by itself, after {policy.idle_max_s} s"
    if policy.poll_queued_s >= policy.patience_s:
        what = f"nobody looks at the desk before patience_s, {policy.patience_s} s, is over"
        never.append(("poll_queued_s", what))
    if policy.poll_active_s >= policy.idle_max_s:
        never.append(("poll_active_s", f"nobody looks at the desk before {end}"))
    if policy.gone_confirm_s >= policy.idle_max_s:
        what = f"the second look comes after the chat has ended by itself, at {policy.idle_max_s} s"
        never.append(("gone_confirm_s", what))
    yield from _never(subject, where, never)
