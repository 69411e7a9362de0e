"""Names of things: actors, messages, effects, and how one is derived from another.

What lives here: the forms of our own identifiers. What must not: a vendor's identifier, a clock,
a random number. An id is either minted outside (a conversation's, when its first message is
accepted) or derived from what caused it, so that deciding twice yields the same names.
"""

import base64
import hashlib
import re
from functools import lru_cache
from typing import NewType

ActorId = NewType("ActorId", str)
MessageId = NewType("MessageId", str)
EffectId = NewType("EffectId", str)

CONVERSATION = "conversation"
ROUTER_JOB = "router_job"
HANDOVER = "handover"

_PREFIX_OF_KIND = {CONVERSATION: "cnv", ROUTER_JOB: "job", HANDOVER: "hnd"}
_KIND_OF_PREFIX = {prefix: kind for kind, prefix in _PREFIX_OF_KIND.items()}
_DIGEST_BYTES = 15  # 24 characters of base32, no padding
_DIGEST_FORM = re.compile("[a-z2-7]{24}")


def _digest(*parts: str) -> str:
    # The length goes in with each part, so that ("a", "bc") and ("ab", "c") differ.
    framed = "".join(f"{len(part)}:{part}" for part in parts)
    raw = hashlib.blake2s(framed.encode(), digest_size=_DIGEST_BYTES).digest()
    return base64.b32encode(raw).decode().lower()


def actor_id(kind: str, *parts: str) -> ActorId:
    """The id of an actor of `kind`, derived from `parts` (for a conversation: a random seed)."""
    return ActorId(f"{_PREFIX_OF_KIND[kind]}_{_digest(kind, *parts)}")


def kind_of(actor: ActorId) -> str:
    """The kind of the actor with this id; ValueError where the id is none of ours."""
    prefix, _, rest = actor.partition("_")
    kind = _KIND_OF_PREFIX.get(prefix)
    if kind is None or not rest:
        raise ValueError("not an actor id")
    return kind


def is_actor_id(text: str, kind: str) -> bool:
    """Whether `text` has the exact form of an id of an actor of `kind`."""
    prefix, _, rest = text.partition("_")
    return prefix == _PREFIX_OF_KIND[kind] and _DIGEST_FORM.fullmatch(rest) is not None


def effect_id(actor: ActorId, cause: MessageId, index: int) -> EffectId:
    """The id of the `index`-th effect that `actor` decided on hearing message `cause`."""
    return EffectId("eff_" + _digest(actor, cause, str(index)))


def told_id(actor: ActorId, cause: MessageId, index: int) -> MessageId:
    """The id of the `index`-th message that `actor` tells another on hearing `cause`."""
    return MessageId("msg_" + _digest(actor, cause, str(index)))


def answer_id(effect: EffectId, attempt: int, what: str) -> MessageId:
    """The id of the message that carries what became of `attempt` of `effect`."""
    return MessageId(f"{effect}.{attempt}.{what}")


def timer_message_id(actor: ActorId, name: str, generation: int) -> MessageId:
    """The id of the message by which a timer is heard; one generation is heard once."""
    return MessageId(f"timer.{actor}.{name}.{generation}")


@lru_cache(maxsize=4096)
def tag_of(actor: ActorId) -> str:
    """Eight characters that bind a button to the actor which showed it."""
    return _digest("tag", actor)[:8]


def spread(key: str, span: int) -> int:
    """A number in [0, span) that depends on `key` alone: jitter that replays the same."""
    if span <= 0:
        return 0
    return int.from_bytes(hashlib.blake2s(key.encode(), digest_size=8).digest(), "big") % span
