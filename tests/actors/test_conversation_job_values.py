"""What a flow can ask about jobs: whether one runs, and how often it can be tried again."""

from __future__ import annotations

import pytest

from actors.flow.check import check, check_flow
from actors.messages import News
from tests.actors.chatting import Chat, reached, texts
from tests.actors.flow_examples import WORLD
from tests.actors.small_flow import extended, source

MENU = """
test:
  do: menu
  text: { es: "Ahora: {jobs.restart.running}", en: "Now: {jobs.restart.running}" }
  options:
    start: { title: { es: Iniciar, en: Start }, when: not jobs.restart.running, goto: begin }
    stop: { title: { es: Parar, en: Stop }, when: jobs.restart.running, goto: main }
    other: { title: { es: Otro, en: Other }, goto: other }
    none: { title: { es: Ninguno, en: None }, goto: none }
"""
STEPS = (
    "begin: { do: start_job, job: restart, then: test }",
    "other: { do: set, values: { router: r-2 }, then: test }",
    "none: { do: forget, values: [router], then: test }",
)


def standing() -> Chat:
    chat = reached(extended(MENU, *STEPS))
    assert chat.last.text == "Ahora: false"
    assert "Parar" not in chat.titles
    return chat


def test_a_job_runs_from_when_it_is_asked_for_until_it_has_ended() -> None:
    chat = standing()
    chat.taps("Iniciar")
    assert chat.last.text == "Ahora: true"
    assert chat.titles[:1] == ["Parar"]
    chat.news(News.ACCEPTED)
    chat.taps("Parar")
    chat.news(News.SUCCEEDED)
    chat.taps("Más")
    assert chat.last.text == "Ahora: false"


@pytest.mark.parametrize("news", [News.FAILED, News.CANCELLED, News.TIMED_OUT])
def test_a_job_that_failed_does_not_run(news: News) -> None:
    chat = standing()
    chat.taps("Iniciar")
    chat.news(news, can_retry=True)
    chat.taps("Parar")
    chat.taps("Más")
    assert chat.last.text == "Ahora: false"


def test_a_job_on_another_router_does_not_count_unless_no_router_is_known() -> None:
    chat = standing()
    chat.taps("Iniciar")
    chat.taps("Otro")
    assert chat.last.text == "Ahora: false"
    chat.taps("Ninguno")
    assert chat.last.text == "Ahora: true"


@pytest.mark.parametrize("name", ["jobs.gone.running", "jobs.restart.walking", "jobs.restart"])
def test_what_cannot_be_asked_about_jobs_is_a_fault(name: str) -> None:
    text = extended(MENU.replace("{jobs.restart.running}", f"{{{name}}}"), *STEPS)
    faults = check_flow(source(text), frozenset({"main"}), frozenset({"crm"}))
    assert {f"no step keeps a value {name!r}" in str(fault) for fault in faults} == {True}


def test_a_job_that_runs_is_true_or_false_for_the_check() -> None:
    wrong = MENU.replace("when: jobs.restart.running", "when: jobs.restart.running == 3")
    faults = check(source(extended(wrong, *STEPS)), WORLD)
    [said] = [fault.what for fault in faults if "jobs." in fault.what or "compares" in fault.what]
    assert said == "compares true or false with a number: never true"


def test_no_retries_are_left_where_none_can_help() -> None:
    chat = standing()
    chat.taps("Iniciar")
    assert texts(chat.news(News.FAILED, retries_left=2, can_retry=False)) == ["Falló, quedan 0"]
