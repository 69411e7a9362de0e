"""What surrounds the steps: requests, policies, hours, what agents read, languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from actors.flow.check import World
from tests.actors.flow_examples import WORLD, found_in, grave


def told(example: str | dict[str, Any], world: World = WORLD) -> list[tuple[str, str, str]]:
    """Code, path and what is said, of each error and warning."""
    return [(fault.code, fault.where, fault.what) for fault in grave(found_in(example, world))]


def job(**policy: float) -> dict[str, Any]:
    return {"jobs": {"restart": {"policy": policy}}}


def desk(**policy: float) -> dict[str, Any]:
    return {"handover": {"policy": policy}}


@pytest.mark.parametrize(
    ("example", "code", "key", "said"),
    [
        (job(stall_s=600), "W712", "stall_s", "`stalled` is never said: the deadline of 600 s"),
        (job(start_patience_s=300), "W712", "start_patience_s", "`waiting_for_provider` is never"),
        (job(poll_first_s=20, poll_max_s=10), "W712", "poll_first_s", "is cut to poll_max_s, 10 s"),
        (
            job(poll_first_s=90, poll_max_s=90, stall_s=60, deadline_s=80, lookup_spacing_s=5),
            "W712",
            "poll_first_s",
            "nobody looks before the deadline of 80 s",
        ),
        (
            job(poll_failures_told=4, poll_first_s=30, deadline_s=120, poll_factor=1.0),
            "W712",
            "poll_failures_told",
            "`unseen` is never said: 4 looks take 120 s",
        ),
        (job(lookups=60), "W712", "lookups", "60 look-ups, 10 s apart, end after the deadline"),
        (job(tidy_patience_s=1800), "W712", "tidy_patience_s", "given up before, after 1800 s"),
        (job(tidy_again_s=1800), "W712", "tidy_again_s", "never tried again"),
        (job(retries_max=0, retry_backoff_s=9), "W712", "retry_backoff_s", "no retry to wait"),
        (job(retries_max=31), "E703", "retries_max", "31 cannot be"),
        (job(retries_max=-1), "E703", "retries_max", "-1 cannot be"),
        (job(poll_factor=0.5), "E703", "poll_factor", "0.5 cannot be"),
        (job(poll_factor=1e9), "E703", "poll_factor", "1e+09 cannot be"),
        (job(deadline_s=0), "E703", "deadline_s", "0 cannot be"),
        (job(tidy_expiry_s=10_000_000), "E703", "tidy_expiry_s", "1e+07 cannot be"),
        (desk(poll_queued_s=0), "E703", "poll_queued_s", "0 cannot be"),
        (desk(patience_s=15), "W712", "poll_queued_s", "before patience_s, 15 s, is over"),
        (desk(idle_max_s=30), "W712", "poll_active_s", "ends by itself, after 30 s"),
        (desk(idle_max_s=60, gone_confirm_s=60), "W712", "gone_confirm_s", "second look comes"),
    ],
)
def test_policies(example: dict[str, Any], code: str, key: str, said: str) -> None:
    faults = told(example)
    assert len(faults) == 1, faults
    assert faults[0][0] == code
    assert faults[0][1].endswith(f"policy.{key}")
    assert said in faults[0][2]


@pytest.mark.parametrize(
    "example",
    [
        *(job(), job(retries_max=0), job(retries_max=30), job(stall_s=0), job(lookups=0)),
        *(job(poll_first_s=30, poll_factor=1.0, poll_failures_told=19), job(start_patience_s=0)),
        *(desk(), desk(patience_s=16), desk(idle_max_s=31)),
    ],
)
def test_policies_that_are_fine(example: dict[str, Any]) -> None:
    assert told(example) == []


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"path": "/a b"}, [("W611", "path", "a blank in a path")]),
        ({"path": "/a#b"}, [("W611", "path", "a '#' in a path")]),
        ({"path": "/../x"}, [("W611", "path", "`..` climbs")]),
        ({"path": "/{Balance}"}, [("W611", "path", "a brace that is no placeholder")]),
        ({"path": "https://x.example/y"}, [("E602", "path", "must begin with a slash")]),
        ({"path": "/x/{customer.phone}?"}, [("W611", "path", "a '?' in a path")]),
        ({"method": "get"}, [("E603", "method", "not a method we send: 'get'")]),
        ({"on_status": {"2xx": "main"}}, [("E604", "on_status.2xx", "not a status")]),
        ({"on_status": {"600": "main"}}, [("E604", "on_status.600", "not a status")]),
        ({"on_status": {"100": "main"}}, [("W613", "on_status.100", "no answer ends with")]),
        ({"on_status": {"204": "main"}}, [("W613", "on_status.204", "on 204 nothing is kept")]),
        ({"timeout_s": -1}, [("E606", "timeout_s", "no answer can come within -1 seconds")]),
        ({"keep": {"balance": "a..b"}}, [("W614", "keep.balance", "'a..b' finds nothing")]),
        ({"keep": {"balance": "#.a"}}, [("W614", "keep.balance", "'#.a' finds nothing")]),
        ({"keep": {"balance": "lines.#"}}, []),
        ({"on_status": {"404": "main", "4xx": "main", "503": "main"}}, []),
        ({"method": "PUT", "body": {"a": "{customer.phone}"}}, []),
        ({"path": "/x/{customer.phone}/y.json", "timeout_s": 0.5}, []),
    ],
)
def test_requests(request_: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    found = told({"steps": {"find": request_}})
    assert [(code, where) for code, where, _ in found] == [
        (code, f"steps.find.{key}") for code, key, _ in expected
    ]
    for (_, _, what), (_, _, said) in zip(found, expected, strict=True):
        assert said in what


def hours(holidays: dict[str, list[str]], **more: object) -> dict[str, Any]:
    office = {"week": {"mon-fri": ["08:00-18:00"]}, "holidays": holidays, **more}
    return {
        "hours": {"office": office},
        "steps": {"more": {"do": "hours", "of": "office", "open": "person", "closed": "main"}},
    }


@pytest.mark.parametrize(
    ("holidays", "expected"),
    [
        ({"2026-11-24": []}, ["W811"]),
        ({"2026-11-25": []}, []),
        ({"11-24": []}, []),
        ({"2026-13-01": []}, ["E802"]),
    ],
)
def test_holidays(holidays: dict[str, list[str]], expected: list[str]) -> None:
    assert [code for code, _, _ in told(hours(holidays))] == expected


def test_a_time_zone_that_there_is_not() -> None:
    assert [fault[:2] for fault in told(hours({}, time_zone="Lima"))] == [
        ("E802", "hours.office.time_zone")
    ]


@pytest.mark.parametrize(
    "asks",
    [
        {"more": {"do": "handover", "hours": "office", "closed": "main"}},
        {"more": {"do": "if", "test": "hours.office.open", "then": "main", "otherwise": "status"}},
        {"more": {"do": "message", "text": {"en": "{hours.office.opens, time}"}, "then": "main"}},
        {"main": {"text": {"en": "{hours.office.opens, date}"}}},
        {
            "more": {
                "do": "branch",
                "value": "hours.office.open",
                "cases": {"true": "main"},
                "otherwise": "status",
            }
        },
    ],
)
def test_hours_are_asked_for_in_many_ways(asks: dict[str, Any]) -> None:
    assert told({"hours": hours({})["hours"], "steps": asks}) == []
    gone = {"hours": hours({})["hours"]}
    assert [code for code, _, _ in told(gone)] == ["W813"]


def test_no_day_left_depends_on_the_day() -> None:
    question = {
        "do": "question",
        "text": {"en": "When?"},
        "keep": "day",
        "then": "main",
        "answer": {"kind": "date", "earliest": "today", "latest": "2026-12-24"},
    }
    example = {"steps": {"more": question}}
    assert told(example) == []
    late = World(date(2026, 12, 25), WORLD.providers, WORLD.services)
    assert [fault[:2] for fault in told(example, late)] == [
        ("W417", "steps.more.answer.latest"),
    ]


@pytest.mark.parametrize(("longest", "code"), [(0, "E406"), (-5, "E406"), (1, None), (2000, None)])
def test_how_long_an_answer_may_be(longest: int, code: str | None) -> None:
    question = {"do": "question", "text": {"en": "Who?"}, "keep": "who", "then": "main"}
    found = told({"steps": {"more": {**question, "longest": longest}}})
    assert [each[0] for each in found] == ([code] if code else [])


# --- languages ----------------------------------------------------------------------------------

SPEAK = {"more": {"do": "set_language", "language": "es", "then": "main"}}


@pytest.mark.parametrize(
    ("languages", "default", "expected"),
    [
        (["en", "es"], None, []),
        (["en", "es", "pt"], None, ["W913"]),
        (["en", "es", "pt"], "pt", ["W913"]),
        (["en", "es"], "en", []),
        (["en", "es"], "fr", ["E901", "W913"]),
        (["en-GB", "es"], "en", []),
        (["en", "es"], "en_GB", []),
    ],
)
def test_languages_that_nobody_speaks(
    languages: list[str], default: str | None, expected: list[str]
) -> None:
    world = World(WORLD.today, WORLD.providers, WORLD.services, default)
    found = told({"languages": languages, "steps": SPEAK}, world)
    assert [code for code, _, _ in found] == expected


@pytest.mark.parametrize(
    ("language", "expected"), [("es", []), ("es-PE", []), ("fr", ["W914"]), ("en", [])]
)
def test_the_language_of_the_agents(language: str, expected: list[str]) -> None:
    example = {"languages": ["en", "es"], "steps": SPEAK, "handover": {"language": language}}
    assert [code for code, _, _ in told(example)] == expected


def test_what_agents_read_has_to_be_there_in_their_language_only() -> None:
    summary = {"en": "{transcript}"}
    example: dict[str, Any] = {"languages": ["en", "es"], "steps": SPEAK}
    example["handover"] = {"summary": summary}
    assert told(example) == []
    example["handover"] |= {"language": "es", "summary": {"es": "{customer}"}}
    assert [fault[:2] for fault in told(example)] == [("W812", "handover.summary.es")]
