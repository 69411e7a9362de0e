"""Jobs: what the flow can start at the provider, and what is said about it.

What lives here: a job's kind, texts, titles, policy. What must not: its life
(`actors.router_job`).
"""

from __future__ import annotations

from msgspec import Struct

from actors.flow.model.basics import Text
from actors.policies import JobPolicy


class JobTexts(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is said at each state of a job: 1024 characters at most. `{job}` (its title),
    `{device}`, `{step}` and `{retries_left}` (0 where a retry cannot help) can be used.

    Each text is true by itself: it may be read late, after others, or again under the customer's
    requests. Buttons below come and go with the state (no retry where none is allowed, none beside
    a person), so no text relies on one.
    """

    requested: Text
    """It is asked for, and at each retry; Cancel stands below."""
    waiting_for_provider: Text
    """The provider has not accepted it yet; we keep trying."""
    accepted: Text
    """The provider accepted it."""
    stalled: Text
    """No news for `stall_s`; said once a step."""
    unseen: Text
    """The provider cannot be asked just now."""
    succeeded: Text
    """The provider says that it worked."""
    failed: Text
    """The provider says that it failed."""
    nothing_changed: Text
    """It never began."""
    timed_out: Text
    """No end within `deadline_s`."""
    fate_unknown: Text
    """It cannot be found out whether it ran; no retry is offered."""
    cancelling: Text
    """A cancel was asked for."""
    cancelled: Text
    """The provider confirmed the cancel, or the customer left a failed one as it is."""
    cancel_too_late: Text
    """It is under way and cannot be cancelled; also where a retry finds the attempt before still
    going."""
    corrected: Text
    """It worked after all, after we had told otherwise."""
    checking: Text
    """A retry looks at the last attempt first."""
    already_running: Text
    """Somebody asks for a job while this one runs on the same router; how it stands follows."""
    steps: dict[str, Text] = {}
    """By the provider's step id; a step without a text is not told."""


class JobMenu(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The titles of what can be done about a job, 20 characters each at most."""

    retry: Text
    """Try again, after a failure."""
    agent: Text
    """Talk to a person."""
    leave: Text
    """Leave it as it is, after a failure."""
    cancel: Text
    """Stop it while it runs."""


class Job(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A kind of job that the flow can start. `jobs.<name>.running` is a value then: whether a job
    of this name runs on the router that `device` names, or on any where no router is known."""

    kind: str
    """The job kind in the provider's contract, such as `router.restart`."""
    device: str
    """The name of the kept value that holds the router's id."""
    title: Text
    """For the agent, and for `{job}`."""
    texts: JobTexts
    """What is said at each state."""
    menu: JobMenu
    """The titles of the buttons below."""
    provider: str = "main"
    """`[telco.<provider>]` of the configuration: the system that carries it out."""
    account: str | None = None
    """The name of the kept value that holds the account."""
    device_label: str | None = None
    """The name of the kept value that names the router to the customer."""
    policy: JobPolicy = JobPolicy()
    """Deadlines, pace and retries."""
