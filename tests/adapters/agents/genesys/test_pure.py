"""The pure parts: where a chat stands, the bodies' limits, regions and settings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.calls import OpenDesk
from actors.messages import DeskObserved
from actors.values import DeskState
from adapters.agents.genesys import wire
from adapters.agents.genesys.participants import derive
from adapters.agents.genesys.settings import REGIONS, hosts_of
from adapters.secret import Secret
from tests.adapters.agents.genesys.fake import HND, NOW, settings_for

# A busy machine is no fault of the code.
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
GONE, QUEUED = DeskState.GONE, DeskState.QUEUED
RINGING, ACTIVE = DeskState.RINGING, DeskState.ACTIVE


def who(purpose: str, state: str, name: str | None = None, since: str = "") -> dict[str, Any]:
    """A participant."""
    return {"purpose": purpose, "state": state, "name": name, "connectedTime": since}


US = who("customer", "connected")
WE_LEFT = who("customer", "disconnected")
QUEUE_DONE = who("acd", "disconnected")
RITA = who("agent", "connected", "Rita", "2026-01-02T03:04:05Z")
RITA_LEFT = who("agent", "disconnected", "Rita", "2026-01-02T03:04:05Z")
LEO = who("agent", "connected", "Leo", "2026-01-02T03:04:05.500Z")


@pytest.mark.parametrize(
    ("people", "state", "agent"),
    [
        ([], GONE, None),
        ([US], GONE, None),
        ([US, who("workflow", "connected")], QUEUED, None),
        ([US, who("ivr", "connected")], QUEUED, None),
        ([US, who("flow of tomorrow", "connected")], QUEUED, None),
        ([US, who("acd", "connected")], QUEUED, None),
        ([US, who("acd", "offering")], QUEUED, None),
        ([US, who("acd", "connected"), who("agent", "alerting")], RINGING, None),
        ([US, QUEUE_DONE, who("user", "contacting")], RINGING, None),
        ([US, QUEUE_DONE, RITA], ACTIVE, "Rita"),
        ([US, QUEUE_DONE, who("Agent", "CONNECTED", "Rita")], ACTIVE, "Rita"),
        # The agent refused: the gap, then the queue again, then another agent.
        ([US, QUEUE_DONE, who("agent", "disconnected")], GONE, None),
        ([US, QUEUE_DONE, who("agent", "disconnected"), who("acd", "connected")], QUEUED, None),
        ([US, who("agent", "disconnected"), who("agent", "alerting")], RINGING, None),
        # A blind transfer to another queue.
        ([US, QUEUE_DONE, RITA_LEFT, who("acd", "connected")], QUEUED, None),
        # A consultation: who came last.
        ([US, RITA, LEO], ACTIVE, "Leo"),
        ([US, LEO, RITA], ACTIVE, "Leo"),
        ([US, who("agent", "connected", "A"), who("agent", "connected", "B")], ACTIVE, "B"),
        ([US, RITA, who("agent", "alerting", "Leo")], ACTIVE, "Rita"),
        # Parked, and wrap-up after the end.
        ([US, who("agent", "parked", "Rita")], ACTIVE, "Rita"),
        ([US, {**RITA_LEFT, "wrapupRequired": True}], GONE, None),
        # The customer's side is closed: nobody waits, whatever lingers.
        ([WE_LEFT, who("acd", "connected")], GONE, None),
        ([who("customer", "terminated"), who("workflow", "connected")], GONE, None),
        ([WE_LEFT, US, who("acd", "connected")], QUEUED, None),
        ([who("external", "connected"), who("acd", "alerting")], QUEUED, None),
        # A state new to us is alive; none at all is not.
        ([US, who("acd", "levitating")], QUEUED, None),
        ([US, who("agent", "converting")], QUEUED, None),
        ([US, {"purpose": "acd"}], GONE, None),
        # The other endpoint's shape.
        ([{"purpose": "agent", "messages": [{"state": "connected"}]}], GONE, None),
        ([US, who("agent", "connected", "  ")], ACTIVE, None),
    ],
)
def test_derive(people: list[dict[str, Any]], state: DeskState, agent: str | None) -> None:
    assert derive(people) == DeskObserved(state, agent)


ODD = st.none() | st.integers() | st.text() | st.lists(st.none(), max_size=1)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "purpose": st.sampled_from(["agent", "customer", "acd"]) | ODD,
            "state": st.sampled_from(["connected", "alerting", "disconnected"]) | ODD,
            "name": ODD,
            "connectedTime": st.sampled_from(["2026-01-02T03:04:05Z", "0001-01-01"]) | ODD,
        },
    ),
    max_size=5,
)


@RELAXED
@given(PEOPLE)
def test_derive_never_raises(people: list[dict[str, Any]]) -> None:
    observed = derive(people)
    assert observed.agent is None or observed.state is ACTIVE


# --- bodies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "units", "shown"),
    [
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc…"),
        ("ab cde", 4, "ab…"),
        ("😀😀😀", 6, "😀😀😀"),
        ("😀😀😀", 5, "😀😀…"),
        ("a😀😀b", 4, "a😀…"),
        ("a\ud83db", 9, "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_cut(text: str, units: int, shown: str) -> None:
    assert wire.cut(text, units) == shown


@RELAXED
@given(st.text(st.characters(), max_size=60), st.integers(1, 40))
def test_cut_always_fits(text: str, units: int) -> None:
    cut = wire.cut(text, units)
    assert len(cut.encode("utf-16-le")) // 2 <= units
    msgspec.json.encode(cut)


def test_time() -> None:
    assert wire.iso_time(NOW) == "2026-01-02T03:04:05.678Z"
    assert wire.iso_time(NOW - 678) == "2026-01-02T03:04:05.000Z"


def test_attributes_are_dropped_from_the_last() -> None:
    limits = settings_for()
    many = {f"key{n}": "v" for n in range(30)}
    assert list(wire.fit_attributes(many, limits)) == [f"key{n}" for n in range(20)]
    big = {f"key{n}": "é" * 400 for n in range(9)}
    fitting = wire.fit_attributes(big, limits)
    assert list(fitting) == ["key0", "key1", "key2"]
    assert {len(value) for value in fitting.values()} == {250}
    assert len(msgspec.json.encode(fitting)) <= 1900


@RELAXED
@given(st.dictionaries(st.text(max_size=40), st.text(max_size=400), max_size=30))
def test_attributes_always_fit(attributes: dict[str, str]) -> None:
    limits = settings_for()
    fitting = wire.fit_attributes(attributes, limits)
    assert len(fitting) <= 20
    assert len(msgspec.json.encode(fitting)) <= 1900
    assert list(fitting) == [
        wire.cut(key, len(key) * 2) for key in list(attributes)[: len(fitting)]
    ]


def test_a_summary_is_cut_like_any_text() -> None:
    call = OpenDesk(HND, "x" * 5000, {}, "n" * 200, NOW)
    body = msgspec.json.decode(wire.opening(call, settings_for(text_max_units=100)))
    assert len(body["text"]) == 100
    assert len(body["channel"]["from"]["nickname"]) == 100


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "mypurecloud.com"),
        (" SA-EAST-1 ", "sae1.pure.cloud"),
        ("mypurecloud.de", "mypurecloud.de"),
        ("https://apps.mypurecloud.de/directory/", "mypurecloud.de"),
        ("api.euw2.pure.cloud", "euw2.pure.cloud"),
        ("login.euw2.pure.cloud", "euw2.pure.cloud"),
        ("https://new1.pure.cloud", "new1.pure.cloud"),
    ],
)
def test_hosts(region: str, host: str) -> None:
    assert hosts_of(region) == (f"https://api.{host}", f"https://login.{host}")


def test_every_region_has_a_host_of_its_own() -> None:
    assert len(set(REGIONS.values())) == len(REGIONS) == 18


@pytest.mark.parametrize("region", ["", "eu-nowhere-9", "a b.c", "user@evil.net", "x.com:80", "."])
def test_no_region(region: str) -> None:
    with pytest.raises(ValueError, match="not a region"):
        hosts_of(region)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_url", "api.mypurecloud.de"),
        ("login_url", "https://user:pass@login.mypurecloud.de"),
        ("integration_id", " "),
        ("webhook_secret", Secret("")),
    ],
)
def test_settings_that_cannot_work(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        settings_for(**{name: value})
    assert "pass" not in str(caught.value)


def test_addresses_join_with_one_slash() -> None:
    limits = settings_for("http://127.0.0.1:9/")
    assert limits.api("/api/v2/x") == "http://127.0.0.1:9/api/v2/x"
    assert limits.token_url == "http://127.0.0.1:9/oauth/token"
    assert "s3cr3t" not in repr(limits)
