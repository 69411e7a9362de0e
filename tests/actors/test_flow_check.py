"""What cannot work in a flow is found before a customer finds it, and named with its place."""

from __future__ import annotations

import time

import pytest

from actors.flow.check import check_flow
from actors.flow.limits import units
from tests.actors.small_flow import SMALL_FLOW, changed, source

PROVIDERS, SERVICES = frozenset({"main"}), frozenset({"crm"})


def found(text: str) -> list[tuple[str, str]]:
    faults = check_flow(source(text), PROVIDERS, SERVICES)
    assert all(fault.line and fault.column for fault in faults)
    return [(fault.where, fault.what) for fault in faults]


def test_the_small_flow_is_fine() -> None:
    assert found(SMALL_FLOW) == []


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("entry: look_up", "entry: gone", "entry", "no step 'gone'"),
        ("root: main\n", "root: gone\n", "root", "no step 'gone'"),
        ("root: main\n", "root: thanks\n", "root", "must be a menu"),
        ("goto: confirm }", "goto: gone }", "steps.main.options.restart.goto", "no step 'gone'"),
        (
            "keep: plan\n    then: look_at_plan",
            "keep: plan\n    then: gone",
            "steps.ask_plan.then",
            "no",
        ),
        ("on_missing: no_router", "on_missing: gone", "steps.look_up.on_missing", "no step"),
        ('"404": who_are_you', '"404": gone', "steps.look_up.on_status.404", "no step"),
        ('"3": three', '"3": gone', "steps.by_plan.cases.3", "no step"),
        ("otherwise: plain_plan", "otherwise: gone", "steps.by_plan.otherwise", "no step"),
        ("job: restart, then", "job: gone, then", "steps.restart.job", "no job 'gone'"),
        ("language: en, then", "language: qu, then", "steps.speak_en.language", "not one of"),
        (
            "en: [human] }, goto: person",
            "en: [human] }, goto: gone",
            "words.person.goto",
            "no step",
        ),
        (
            "    device: router\n",
            "    device: gone\n",
            "jobs.restart.device",
            "keeps a value 'gone'",
        ),
        ("device_label: label", "device_label: gone", "jobs.restart.device_label", "keeps a value"),
        ("    account: account\n", "    account: gone\n", "jobs.restart.account", "keeps a value"),
        (
            "    kind: router.restart\n",
            "    kind: router.restart\n    provider: other\n",
            "jobs.restart.provider",
            "no [telco.other]",
        ),
        (
            'service: crm\n    path: "/lines/{router}"',
            'service: bills\n    path: "/lines/{router}"',
            "steps.look_at_line.service",
            "no [services.bills]",
        ),
        ('"/lines/{router}"', '"lines/{router}"', "steps.look_at_line.path", "slash"),
        ('"/lines/{router}"', '"/lines/{gone}"', "steps.look_at_line.path", "'gone'"),
        (
            'query: { q: "{plan}" }',
            'query: { q: "{gone}" }',
            "steps.look_at_plan.query.q",
            "'gone'",
        ),
        ('body: { plan: "{plan}"', 'body: { plan: "{gone}"', "steps.look_at_plan.body", "'gone'"),
        ("method: POST", "method: BREW", "steps.look_at_plan.method", "not a method"),
        ("{ es: Gracias, en: Thanks }", "{ es: Gracias }", "steps.thanks.text", "no text in 'en'"),
        ("en: Thanks }", "en: Thanks, qu: X }", "steps.thanks.text.qu", "does not list"),
        ("en: Thanks }", 'en: "{gone}" }', "steps.thanks.text.en", "keeps a value 'gone'"),
        ("en: Thanks }", f"en: {'x' * 4097} }}", "steps.thanks.text.en", "4097 characters, 4096"),
        ("en: More things }", f"en: {'x' * 1025} }}", "steps.more.text.en", "1024 are shown"),
        ("es: Volver", f"es: {'x' * 21}", "steps.more.options.back.title.es", "20 are shown"),
        ("es: Mi plan", f"es: {'x' * 25}", "steps.main.options.plan.title.es", "24 are shown"),
        (
            "es: Mira la línea antes",
            f"es: {'x' * 73}",
            "steps.main.options.quick.description.es",
            "72 are shown",
        ),
        ("es: Reintentar", f"es: {'x' * 21}", "jobs.restart.menu.retry.es", "20 are shown"),
        ("es: Se apaga", f"es: {'x' * 1025}", "jobs.restart.texts.steps.rebooting.es", "1024"),
        (
            "es: Se apaga, en: Going down",
            "es: Se apaga",
            "jobs.restart.texts.steps.rebooting",
            "no",
        ),
        ("es: Elegir", f"es: {'x' * 21}", "phrases.choose.es", "20 are shown"),
        ("es: Con una persona", f"es: {'x' * 21}", "phrases.person.es", "20 are shown"),
        ("es: Salir del chat", f"es: {'x' * 21}", "handover.texts.leave.es", "20 are shown"),
        ("en: Too long }", "}", "phrases.too_long", "no text in 'en'"),
        ("en: Thanks }", 'en: "{plan, numbr}" }', "steps.thanks.text.en", "(character 8)"),
        ("en: Thanks }", 'en: "{gone, number}" }', "steps.thanks.text.en", "'gone'"),
        (
            "en: Thanks }",
            'en: "{plan, select, other {{gone}}}" }',
            "steps.thanks.text.en",
            "'gone'",
        ),
        ("en: Thanks }", 'en: "{plan, currency, gone}" }', "steps.thanks.text.en", "'gone'"),
        ("en: My plan }", 'en: "Plan {plan}" }', "steps.main.options.plan.title.en", "as it is"),
        ("en: Retry }", 'en: "{device}" }', "jobs.restart.menu.retry.en", "as it is"),
    ],
)
def test_each_fault_is_found(old: str, new: str, where: str, what: str) -> None:
    faults = found(changed(old, new))
    assert [fault for fault in faults if fault[0] == where and what in fault[1]], faults


def test_a_form_of_a_language_is_content_with_a_text_in_the_language() -> None:
    text = changed("language: en, then", "language: en-GB, then")
    text = changed("languages: [es, en]", "languages: [es, en-GB]", text)
    assert found(text) == []
    assert found(changed("en: Thanks }", "en-GB: Cheers }", text)) == []
    faults = found(changed("en: Thanks }", "en-AU: Cheers }", text))
    assert ("steps.thanks.text", "no text in 'en-GB'") in faults
    assert ("steps.thanks.text.en-AU", "a language that languages does not list") in faults


def test_of_the_cases_of_a_text_the_longest_is_measured() -> None:
    cases = f"{{plan, select, a {{{'x' * 900}}} b {{{'y' * 1024}}} other {{}}}}"
    assert found(changed("en: More things }", f'en: "{cases}" }}')) == []
    faults = found(changed("en: More things }", f'en: "{cases}z" }}'))
    assert faults == [("steps.more.text.en", "1025 characters, 1024 are shown")]


def test_emoji_count_twice() -> None:
    assert units("a🚀é") == 4
    assert found(changed("es: Volver", "es: " + "🚀" * 10)) == []
    assert found(changed("es: Volver", "es: " + "🚀" * 10 + "x")) != []


@pytest.mark.parametrize("name", ["menu", "person", "leave", "choose", "description", "title"])
def test_a_steps_name_does_not_change_how_long_its_text_may_be(name: str) -> None:
    text = SMALL_FLOW.replace("goto: more }", f"goto: {name} }}").replace(
        "  more:\n    do: menu\n    text: { es: Más cosas",
        f"  {name}:\n    do: menu\n    text: {{ es: {'x' * 500}",
    )
    if name == "person":
        text = text.replace("  person: { do: handover }\n", "")
    assert found(text) == []
    assert (
        found(
            SMALL_FLOW.replace("        rebooting:", f"        {name}:").replace(
                "Se apaga", "x" * 500
            )
        )
        == []
    )


def test_steps_that_go_round_without_waiting_are_found_once() -> None:
    text = changed("en: Three }, then: thanks }", "en: Three }, then: by_plan }")
    assert found(text) == [
        ("steps.by_plan", "goes round without waiting: by_plan -> three -> by_plan")
    ]
    text = changed("en: Thanks }, then: main }", "en: Thanks }, then: thanks }")
    assert found(text) == [("steps.thanks", "goes round without waiting: thanks -> thanks")]


def test_going_round_through_a_menu_or_a_question_is_fine() -> None:
    assert (
        found(changed("keep: customer_id\n    then: main", "keep: customer_id\n    then: look_up"))
        == []
    )


def test_many_branches_one_after_another_are_checked_soon() -> None:
    rungs = "".join(
        f"  r{n}: {{ do: branch, value: plan, cases: {{ a: a{n}, b: b{n} }}, otherwise: a{n} }}\n"
        f"  a{n}: {{ do: set_language, language: es, then: r{n + 1} }}\n"
        f"  b{n}: {{ do: set_language, language: es, then: r{n + 1} }}\n"
        for n in range(60)
    )
    person = "  person: { do: handover }\n"
    text = changed(person, f"{rungs}  r60: {{ do: handover }}\n{person}")
    before = time.perf_counter()
    assert found(text) == []
    assert time.perf_counter() - before < 5
