"""Texts, menus and words as customers will see and type them."""

from __future__ import annotations

from typing import Any

import pytest

from actors.flow.check import World, check, check_flow
from actors.flow.reader import read_leniently
from actors.flow.rules import Severity
from tests.actors.flow_examples import WORLD, found_in, grave, laid_over
from tests.actors.large_flow import written


def told(example: str | dict[str, Any]) -> list[str]:
    """Each error and warning in a line."""
    return [fault.told for fault in grave(found_in(example))]


def codes(example: str | dict[str, Any]) -> list[str]:
    return [line[-5:-1] for line in told(example)]


def message(text: str, language: str = "en", steps: str = "") -> str:
    languages = "" if language == "en" else f"languages: [en, {language}]\n"
    spoken = f"{{en: x, {language}: '{text}'}}" if languages else f"{{en: '{text}'}}"
    speak = f"speak: {{do: set_language, language: {language}, then: main}}" if languages else ""
    then = "speak" if languages else "main"
    more = f"more: {{do: message, text: {spoken}, then: {then}}}"
    return f"{languages}steps: {{{', '.join(part for part in (more, speak, steps) if part)}}}"


# --- placeholders -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("{balance, plural, one {#} other {#}}", "en", []),
        ("{balance, plural, =1 {one} other {#}}", "en", []),  # 1 is all that `one` is for
        ("{balance, plural, =0 {none} other {#}}", "en", ["lacks one (such as 1)"]),
        ("{balance, plural, one {#} other {#}}", "pl", ["lacks many (such as 0), few (such as 2)"]),
        ("{balance, plural, one {#} few {#} many {#} other {#}}", "pl", []),
        ("{balance, plural, one {#} other {#}}", "es", []),  # millions are not counted in a chat
        ("{balance, plural, one {#} many {#} other {#}}", "es", []),
        ("{balance, plural, other {#}}", "ja", []),
        ("{balance, plural, one {#} other {#}}", "ja", ["'ja' has no form 'one'"]),
        ("{balance, plural, =1 {x} other {#}}", "fr", ["lacks one (such as 0)"]),
        ("{balance, plural, =0 {y} =1 {x} other {#}}", "fr", []),
    ],
)
def test_plural_forms(text: str, language: str, expected: list[str]) -> None:
    lines = told(message(text, language))
    assert len(lines) == len(expected), lines
    assert all(said in line for said, line in zip(expected, lines, strict=True))


ASKED = """
    more: {do: question, text: {en: Which?}, keep: kind, then: count, answer: {kind: choice,
      choices: {fibre: {title: {en: Fibre}}, cable: {title: {en: Cable}}}}},
    count: {do: question, text: {en: How many?}, keep: count, answer: {kind: number}, then: day},
    day: {do: question, text: {en: When?}, keep: day, answer: {kind: date}, then: account},
    account: {do: question, text: {en: Account?}, keep: account, then: tell,
      answer: {kind: account, pattern: "[0-9]+"}}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{count, number} {count} {day, date, long} {kind} {account} {balance, date}", []),
        ("{balance, number} {balance, time} {count, currency, PEN} {count, plural, other {}}", []),
        ("{kind, number}", ["'kind' is a text, and not shown as a number"]),
        ("{day, currency, PEN}", ["'day' is a text, and not shown as an amount"]),
        ("{count, date}", ["'count' is a number, and not shown as a date"]),
        ("{kind, date}", ["'kind' holds no date or time"]),
        ("{account, time}", ["'account' holds no date or time"]),
        ("{account, plural, one {#} other {#}}", ["'account' is a text, and not shown"]),
        ("{kind, select, fibre {F} other {}}", []),
        (
            "{kind, select, fiber {F} other {}}",
            ["never 'fiber': this is never shown. Did you mean"],
        ),
        ("{count, select, true {F} other {}}", ["'count' is never 'true'"]),
        ("{count, select, 3 {F} null {} other {}}", []),
        ("{balance, select, true {a} x {b} other {{kind, number}}}", ["'kind' is a text"]),
    ],
)
def test_values_and_how_they_are_shown(text: str, expected: list[str]) -> None:
    tell = f"tell: {{do: message, text: {{en: '{text}'}}, then: main}}"
    lines = [line for line in told(f"steps: {{{ASKED}, {tell}}}") if "W317" not in line]
    assert len(lines) == len(expected), lines
    assert all(said in line for said, line in zip(expected, lines, strict=True))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{Balance}", "{Balance}"),
        ("{ balance }", "{ balance }"),
        ("{{balance}}", "{{balance}}"),
        ("{my balance}", "{my balance}"),
        ("{balance, plural, one {{ x }} other {}}", "{ x }"),
        ("{balance}", None),
        ("''{''Balance''}''", None),  # in quotes it is meant
        (":-{ 1 + 1 }", None),
        ("{balance, select, a {Hello} other {you}}", None),
        ("{}", None),
    ],
)
def test_braces_that_are_none(text: str, written: str | None) -> None:
    lines = [line for line in told(message(text)) if "W316" in line]
    assert len(lines) == (written is not None), lines
    if written is not None:
        assert f"{written!r} is no placeholder" in lines[0]


def test_a_fault_in_a_text_is_named_at_its_character() -> None:
    found = laid_over(message("You owe {balnce}."))
    text = written(found)
    (fault,) = [each for each in found_in(message("You owe {balnce}.")) if each.code == "E401"]
    assert text.splitlines()[fault.line - 1][fault.column - 1 :].startswith("balnce}")


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ('jobs: {restart: {texts: {failed: {en: "{device} {step} {job} {retries_left}"}}}}', []),
        ('jobs: {restart: {texts: {failed: {en: "{agent}"}}}}', ["W320"]),
        ('jobs: {restart: {title: {en: "Restart {router}"}}}', ["W320"]),
        ('handover: {texts: {joined: {en: "{agent} is here"}}}', []),
        ('handover: {texts: {ended: {en: "{agent} has left"}}}', ["W320"]),
        ('handover: {summary: {en: "{customer} {reason} {balance} {transcript}"}}', []),
        ('handover: {summary: {en: "{balnce} {transcript}"}}', ["W320"]),
        ('handover: {job_line: {en: "{news} {transcript}"}}', ["W320"]),
    ],
)
def test_words_that_only_some_texts_know(example: str, expected: list[str]) -> None:
    assert codes(example) == expected


# --- what is seen together ----------------------------------------------------------------------


def menu(count: int, *whens: str, title: str = "Option") -> dict[str, Any]:
    options = {
        f"o{n}": {"title": {"en": f"{n} {title}"}, "goto": "main", "description": {"en": "Second"}}
        for n in range(count)
    }
    for number, when in enumerate(whens):
        options[f"o{number}"]["when"] = when
    return {"steps": {"more": {"do": "menu", "text": {"en": "More"}, "options": options}}}


@pytest.mark.parametrize(
    ("count", "whens", "expected"),
    [
        (3, [], {"W315"}),
        (4, [], {"N331"}),
        (4, ["balance > 1"], {"N332"}),
        (5, ["balance > 1"], {"N331"}),  # four are always there
        (4, ["balance > 1"] * 4, {"E307", "N332"}),
        (2, ["balance > 1"], {"W315"}),
    ],
)
def test_how_a_menu_is_shown(count: int, whens: list[str], expected: set[str]) -> None:
    found = {fault.code for fault in found_in(menu(count, *whens)) if "more" in fault.where}
    assert found - {"N431"} == expected


@pytest.mark.parametrize(
    ("length", "whens", "expected"),
    [(20, 1, set()), (24, 1, {"W314"}), (25, 1, {"E303"}), (24, 0, set()), (25, 0, {"E303"})],
)
def test_how_long_a_title_may_be_depends_on_how_many_are_shown(
    length: int, whens: int, expected: set[str]
) -> None:
    title = "x" * (length - 2)
    found = {
        fault.code for fault in grave(found_in(menu(4, *["balance > 1"] * whens, title=title)))
    }
    assert found == expected


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ({}, {}, True),
        ({"when": "balance > 1"}, {}, True),
        ({"when": "balance > 1"}, {"when": "balance < 1"}, False),  # one where the other is not
        ({"when": "balance > 1"}, {"when": "balance > 1"}, True),
    ],
)
def test_titles_that_are_never_side_by_side_may_be_alike(
    first: dict[str, str], second: dict[str, str], alike: bool
) -> None:
    example = menu(5)
    options = example["steps"]["more"]["options"]
    options["o0"] |= {"title": {"en": "Pay now"}, **first}
    options["o1"] |= {"title": {"en": "pay now!"}, **second}
    assert codes(example) == (["W313"] if alike else [])


@pytest.mark.parametrize(("count", "alike"), [(4, False), (3, True)])
def test_titles_that_are_alike_once_they_are_cut(count: int, alike: bool) -> None:
    """As buttons they are cut at 20, where that is too long anyway."""
    example = menu(count, title="Pay what I still owe you, part")
    for number, option in enumerate(example["steps"]["more"]["options"].values()):
        del option["description"]
        option["title"]["en"] = f"Pay what I still owe {number}"
    assert ("W313" in codes(example)) is alike


def test_a_menu_and_what_is_said_on_the_longest_way_to_it() -> None:
    example: dict[str, Any] = {
        "steps": {
            "more": {"do": "if", "test": "balance > 1", "then": "long", "otherwise": "short"},
            "long": {"do": "message", "text": {"en": "x" * 1000}, "then": "short"},
            "short": {"do": "message", "text": {"en": "y" * 10}, "then": "shown"},
            "shown": {
                "do": "question",
                "text": {"en": "z" * 10},
                "keep": "answer",
                "then": "main",
            },
        }
    }
    assert told(example) == []  # 1000 + 2 + 10 + 2 + 10
    example["steps"]["shown"]["text"]["en"] += "z"
    (line,) = told(example)
    assert line.startswith("warning: steps.shown.text: 1025 characters in 'en' with what is said")
    assert "long -> short -> shown" in line
    example["steps"]["short"] |= {"do": "start_job", "job": "restart", "text": None}
    del example["steps"]["short"]["text"]
    assert "W312" not in codes(example)  # what was said goes out before the job's words


def test_what_a_sub_flow_says_counts() -> None:
    example: dict[str, Any] = {
        "subflows": {
            "say": {
                "entry": "go",
                "steps": {
                    "go": {"do": "message", "text": {"en": "x" * 1015}, "then": "back"},
                    "back": {"do": "return"},
                },
            }
        },
        "steps": {
            "more": {"do": "call", "flow": "say", "then": "shown"},
            "shown": {"do": "question", "text": {"en": "Really?"}, "keep": "a", "then": "main"},
        },
    }
    assert told(example) == []
    example["steps"]["shown"]["text"] = {"en": "Really?!"}
    assert codes(example) == ["W312"]


# --- what is typed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("steps: {main: {options: {more: {words: {en: ['!?']}}}}}", ["W501"]),
        ("handover: {leave_words: {en: ['👋', bot]}}", ["W501"]),
        ("words: {agent: {words: {en: [agent, Ágent]}}}", []),
        ("words: {help: {goto: person, words: {en: [agent]}}}", []),  # the same place
        ("words: {help: {goto: main, words: {en: [AGENT]}}}", ["W502"]),
        ("words: {help: {goto: person, words: {en: [Talk to a person]}}}", []),
        ("words: {help: {goto: status, words: {en: [talk to a person]}}}", ["W503"]),
        ("steps: {main: {options: {more: {words: {en: [Menú]}}}}}", ["W503"]),
        ("steps: {main: {options: {more: {words: {en: [restart my router]}}}}}", ["W504"]),
        ("steps: {main: {options: {more: {words: {en: ['3']}}}}}", ["W505"]),
        ("steps: {main: {options: {more: {words: {en: ['2']}}}}}", []),  # its own number
        ("steps: {main: {options: {more: {words: {en: ['7']}}}}}", []),
        ("steps: {main: {options: {more: {words: {en: [person, asesor]}}}}}", []),
        ("steps: {main: {options: {more: {title: {en: Restart my rooter}}}}}", ["W508"]),
        ("steps: {main: {options: {more: {words: {en: [statuss]}}}}}", ["W508"]),
        ("steps: {main: {options: {more: {words: {en: [meni]}}}}}", []),  # too short to forgive
        ("words: {agent: {words: {en: []}}}", ["W507"]),
        ("handover: {leave_words: {en: []}}", ["W507"]),
    ],
)
def test_words(example: str, expected: list[str]) -> None:
    assert codes(example) == expected, told(example)


@pytest.mark.parametrize(
    ("keyword", "answer", "expected"),
    [
        ("no idea", "kind: number", []),
        ("'0'", "kind: number", ["W505"]),
        ("menu", "kind: number", ["W503"]),
        ("fibre", "kind: choice, choices: {a: {title: {en: Fibre}}}", ["W504"]),
        (
            "cable",
            "kind: choice, choices: {a: {title: {en: Fibre}, words: {en: [cable]}}}",
            ["W504"],
        ),
        ("'1'", "kind: choice, choices: {a: {title: {en: Fibre}}}", ["W505"]),
        ("other", "kind: choice, choices: {a: {title: {en: Fibre}}}", []),
    ],
)
def test_keywords_of_a_question(keyword: str, answer: str, expected: list[str]) -> None:
    question = f"""
        steps:
          more:
            do: question
            text: {{en: Which?}}
            keep: got
            answer: {{{answer}}}
            keywords: {{lost: {{words: {{en: [{keyword}]}}, goto: person}}}}
            then: main
    """
    assert codes(question) == expected


def test_words_count_in_all_languages_and_titles_in_their_own() -> None:
    example = laid_over(
        "languages: [en, es]\nsteps: {more: {do: set_language, language: es, then: main}}"
    )
    main = example["steps"]["main"]["options"]
    main["more"] |= {"title": {"en": "More", "es": "Plan"}, "words": {"es": ["plan"]}}
    main["person"] |= {"title": {"en": "Plan", "es": "Persona"}}

    def found() -> list[str]:
        source = read_leniently(written(example).encode()).source
        assert source is not None
        return [fault.code for fault in grave(check(source, WORLD))]

    assert found() == []
    main["person"]["words"] = {"en": ["plan"]}
    assert found() == ["W504"]


# --- the world around, and the order ------------------------------------------------------------


def test_services_and_providers_are_looked_for_where_they_are_known() -> None:
    unknown = World(WORLD.today)
    assert found_in("", unknown) == []
    other = World(WORLD.today, frozenset({"mian"}), frozenset({"cmr"}), "de")
    faults = {fault.code: fault for fault in found_in("", other)}
    assert set(faults) == {"E601", "E702", "E901"}
    assert faults["E601"].do == "Did you mean 'cmr'?"
    source = read_leniently(written(laid_over("")).encode()).source
    assert source is not None
    assert [f.code for f in check_flow(source, frozenset(), frozenset())] == ["E601", "E702"]


def test_faults_come_in_the_order_of_the_file_and_a_shared_text_counts_once() -> None:
    text = written(laid_over("")).replace('{"en": "You owe {balance}."}', "*shared")
    text = text.replace('{"en": "How can I help you?"}', '&shared {"en": "{balnce}"}')
    source = read_leniently(text.encode()).source
    assert source is not None
    faults = [fault for fault in check(source, WORLD) if fault.severity is Severity.ERROR]
    assert [fault.what for fault in faults] == [
        "no step keeps a value 'balnce' (and in 1 more place that shares it)"
    ]
    faults = check(source, WORLD)
    assert [(f.line, f.column) for f in faults] == sorted((f.line, f.column) for f in faults)
