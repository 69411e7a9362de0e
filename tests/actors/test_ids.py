"""Our own identifiers: their form, and how one is derived from another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ids
from actors.ids import ActorId, EffectId, MessageId

KINDS = [ids.CONVERSATION, ids.ROUTER_JOB, ids.HANDOVER]
PARTS = st.lists(st.text(max_size=8), max_size=4)


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_tells_its_kind(kind: str) -> None:
    actor = ids.actor_id(kind, "seed")

    assert ids.kind_of(actor) == kind
    assert ids.is_actor_id(actor, kind)
    assert not [other for other in KINDS if other != kind and ids.is_actor_id(actor, other)]


def test_ids_never_change() -> None:
    """They are stored, and sent to other systems: these values must stay."""
    assert ids.actor_id(ids.CONVERSATION, "seed") == "cnv_axg6asunxn2v6bv3v46hscxo"
    job = ActorId("job_rusevy35ubeletxptbn5ev7e")
    assert ids.effect_id(job, MessageId("m1"), 0) == "eff_im57534hk5p4st3wszthgvez"
    assert ids.told_id(job, MessageId("m1"), 0) == "msg_im57534hk5p4st3wszthgvez"
    assert ids.answer_id(EffectId("eff_1"), 2, "answered") == "eff_1.2.answered"
    assert ids.timer_message_id(job, "poll", 7) == f"timer.{job}.poll.7"
    assert ids.tag_of(job) == "4s6ezpje"


@given(PARTS, PARTS)
def test_different_parts_give_different_ids(one: list[str], other: list[str]) -> None:
    same = ids.actor_id(ids.ROUTER_JOB, *one) == ids.actor_id(ids.ROUTER_JOB, *other)

    assert same == (one == other)


def test_where_parts_begin_and_end_matters() -> None:
    assert ids.actor_id(ids.ROUTER_JOB, "a", "bc") != ids.actor_id(ids.ROUTER_JOB, "ab", "c")


@given(st.integers(0, 50), st.integers(0, 50))
def test_each_effect_of_a_message_has_its_own_id(one: int, other: int) -> None:
    actor, cause = ActorId("job_x"), MessageId("m1")

    assert (ids.effect_id(actor, cause, one) == ids.effect_id(actor, cause, other)) == (
        one == other
    )
    assert str(ids.effect_id(actor, cause, one)) != str(ids.told_id(actor, cause, one))


@pytest.mark.parametrize("text", ["", "job", "job_", "cat_abc", "_abc", "JOB_abc"])
def test_what_is_none_of_ours_has_no_kind(text: str) -> None:
    with pytest.raises(ValueError, match="not an actor id"):
        ids.kind_of(ActorId(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "job_",
        "job_short",
        "hnd_" + "a" * 24,
        "job_" + "A" * 24,
        "job_" + "1" * 24,
        "job_" + "a" * 25,
        "job_" + "a" * 24 + "\n",
        " job_" + "a" * 24,
    ],
)
def test_only_the_exact_form_is_an_id(text: str) -> None:
    assert not ids.is_actor_id(text, ids.ROUTER_JOB)


@given(st.text(), st.integers(-5, 10_000))
def test_jitter_stays_in_its_span_and_replays_the_same(key: str, span: int) -> None:
    number = ids.spread(key, span)

    assert 0 <= number < max(span, 1)
    assert number == ids.spread(key, span)


def test_jitter_spreads() -> None:
    assert len({ids.spread(f"job {number}", 1000) for number in range(100)}) > 80
