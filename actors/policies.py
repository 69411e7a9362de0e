"""How patient a job and a hand-over are: numbers that the flow file sets and an actor keeps.

What lives here: frozen policies with their defaults. What must not: code. A job copies its policy
when it is requested, so that an edited flow never changes a job under way. Persisted: fields are
only ever added, with defaults. Durations are seconds.
"""

from __future__ import annotations

from msgspec import Struct


class JobPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Deadlines, pace and retries of one kind of job."""

    retries_max: int = 2
    """How often a customer may try again after the first attempt."""
    retry_backoff_s: int = 5
    """The pause before attempt 2; doubles with each further one."""
    start_patience_s: int = 20
    """Not accepted after this long: the customer hears that we keep trying."""
    start_expiry_s: int = 300
    """Not accepted after this long: given up, nothing was changed."""
    lookups: int = 2
    """Empty look-ups before a start of unknown fate counts as never made."""
    lookup_spacing_s: int = 10
    """Between two look-ups."""
    poll_first_s: int = 5
    """The pause before the first look at a running job."""
    poll_factor: float = 1.5
    """How much longer each further pause is."""
    poll_max_s: int = 30
    """The longest pause; also the usual one where the provider sends callbacks."""
    poll_failures_told: int = 3
    """Failed looks in a row before the customer hears that we cannot see the progress."""
    stall_s: int = 60
    """No news for this long: one "still working" a step."""
    deadline_s: int = 600
    """From the start of an attempt to our verdict that it timed out."""
    tidy_patience_s: int = 15
    """How long the failure menu waits for the clean-up, to be able to offer a retry."""
    tidy_expiry_s: int = 1800
    """How long the clean-up at the provider is tried before it is given up."""
    tidy_again_s: int = 30
    """The pause between two tries of the clean-up."""


class HandoverPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a customer waits for a person, and how closely we watch the desk."""

    patience_s: int = 600
    """Nobody took the chat after this long: back to the bot."""
    poll_opening_s: int = 5
    """The pause between two looks at the desk while the chat is being opened."""
    poll_queued_s: int = 15
    """The same while the customer waits for a person."""
    poll_active_s: int = 30
    """The same while a person is in the chat."""
    gone_confirm_s: int = 10
    """Two looks this far apart must both find nobody: an agent's refusal looks like an end."""
    idle_max_s: int = 7200
    """Not a word from either side for this long ends the chat."""
    close_tries: int = 3
    """How often closing the chat at the desk is tried."""
