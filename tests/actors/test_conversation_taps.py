"""Old, late and repeated presses: they may lead somewhere, but start and cancel nothing."""

from __future__ import annotations

import pytest

from actors.buttons import JobAction, JobButton, MenuButton, encode
from actors.messages import CancelRequested, News, RetryRequested
from tests.actors.chatting import Chat, arrived, some_job, starts_in, texts
from tests.actors.small_flow import around

MAIN = "Hola Ana, ¿qué hacemos?"
OLD_S = 601


def job_chat(news: News = News.ACCEPTED, *, retry: bool = False) -> Chat:
    """A chat with one job, which has told its news."""
    chat = arrived()
    chat.starts_restart()
    chat.news(news, can_retry=retry, can_cancel=not retry, retries_left=1)
    return chat


def asked_of(chat: Chat) -> list[object]:
    """What the job was asked after it was started."""
    return list(chat.told(chat.job)[1:])


def test_an_old_menu_still_navigates() -> None:
    chat = arrived()
    plan = chat.button("Mi plan")
    chat.taps("Más")
    chat.taps("Volver")
    assert texts(chat.presses(plan)) == ["¿Qué plan?"]


def test_an_old_menu_never_starts() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    yes = chat.button("Sí")
    chat.taps("No")
    assert texts(chat.presses(yes)) == ["Ese botón es viejo\n\n" + MAIN]
    assert not chat.jobs
    assert "press_too_old" in chat.noted()


def test_an_old_menu_never_starts_after_a_web_request_in_between() -> None:
    chat = arrived()
    quick = chat.button("Reinicio rápido")
    chat.taps("Más")
    assert texts(chat.presses(quick)) == ["Ese botón es viejo\n\n" + MAIN]
    assert not chat.jobs


@pytest.mark.parametrize("how", ["tap", "number", "title", "word"])
def test_what_was_sent_long_ago_never_starts(how: str) -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    if how == "tap":
        chat.taps("Sí", age_s=OLD_S)
    else:
        chat.types({"number": "1", "title": "Sí", "word": "dale"}[how], age_s=OLD_S)
    assert not chat.jobs
    assert chat.last.text == "Ese botón es viejo\n\n" + MAIN


def test_what_was_sent_long_ago_never_starts_after_a_web_request_in_between() -> None:
    chat = arrived()
    chat.taps("Reinicio rápido", age_s=OLD_S)
    assert not chat.jobs
    assert "Ese botón es viejo" in chat.last.text


def test_a_tap_that_grows_old_while_the_web_request_runs_never_starts() -> None:
    chat = arrived(around(tap_age_max_s=5))
    chat.answers = {}
    chat.taps("Reinicio rápido", age_s=4)
    chat.wait(3)
    chat.answer(200, b'{"state":"up"}')
    assert not chat.jobs


def test_a_tap_just_young_enough_starts() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    chat.taps("Sí", age_s=600)
    assert len(chat.jobs) == 1


def test_a_tap_from_the_future_counts_as_now() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    chat.taps("Sí", age_s=-7200)
    assert len(chat.jobs) == 1


def test_a_double_tap_on_yes_starts_one_job_and_tells_how_it_stands() -> None:
    chat = arrived()
    chat.taps("Reiniciar")
    yes = chat.button("Sí")
    first = chat.presses(yes)
    assert texts(first) == ["Pedido: Router azul", MAIN]
    second = chat.presses(yes)
    assert texts(second) == ["Ya está en marcha: Router azul\n\nPedido: Router azul", MAIN]
    assert len(chat.jobs) == 1


def test_two_menus_after_a_double_tap_on_restart_start_one_job() -> None:
    chat = arrived()
    restart = chat.button("Reiniciar")
    chat.presses(restart)
    first_yes = chat.button("Sí")
    chat.presses(restart)
    second_yes = chat.button("Sí")
    chat.presses(second_yes)
    chat.presses(first_yes)
    assert len(chat.jobs) == 1


def test_a_button_of_a_menu_that_the_flow_does_not_have_leads_to_the_root() -> None:
    chat = arrived()
    for step, option in [("gone", "x"), ("main", "gone"), ("look_up", "x"), ("", "")]:
        assert texts(chat.presses(encode(chat.actor, MenuButton(1, step, option)))) == [MAIN]


@pytest.mark.parametrize(
    "tail",
    [
        "",
        "/",
        "/m",
        "/m/1",
        "/m/x/main/restart",
        "/m/²/main/restart",
        "/j/job_x/1/retry",
        "/q",
        "/p/p",
    ],
)
def test_a_damaged_button_of_ours_is_read_as_its_title(tail: str) -> None:
    chat = arrived()
    tag = chat.button("Más").split("/")[0]
    assert texts(chat.presses(tag + tail, title="Más")) == ["Más cosas"]


# --- buttons of jobs ------------------------------------------------------------------------------


def test_cancel_asks_the_job() -> None:
    chat = job_chat()
    chat.taps("Cancelar")
    assert asked_of(chat) == [CancelRequested(1)]


def test_retry_asks_the_job() -> None:
    chat = job_chat(News.FAILED, retry=True)
    chat.taps("Reintentar")
    assert asked_of(chat) == [RetryRequested(1)]


@pytest.mark.parametrize("title", ["Reintentar", "Dejarlo así"])
@pytest.mark.parametrize("typed", [False, True])
def test_an_old_press_neither_retries_nor_cancels(title: str, typed: bool) -> None:
    chat = job_chat(News.FAILED, retry=True)
    said = chat.types(title, age_s=OLD_S) if typed else chat.taps(title, age_s=OLD_S)
    assert asked_of(chat) == []
    assert texts(said) == ["Ese botón es viejo\n\nFalló, quedan 1"]
    assert chat.titles == ["Reintentar", "Hablar con alguien", "Dejarlo así"]


def test_a_button_of_an_older_attempt_gets_the_present_truth() -> None:
    chat = job_chat(News.FAILED, retry=True)
    retry = chat.button("Reintentar")
    chat.news(News.CHECKING)
    chat.news(News.REQUESTED, attempt=2)
    chat.news(News.ACCEPTED, attempt=2)
    assert texts(chat.presses(retry)) == ["Aceptado"]
    assert asked_of(chat) == []


def test_a_button_of_a_forgotten_job_is_old() -> None:
    chat = arrived()
    for action in (JobAction.RETRY, JobAction.CANCEL):
        gone = encode(chat.actor, JobButton(some_job(), 1, action))
        assert texts(chat.presses(gone)) == ["Ese botón es viejo"]
    assert len(chat.tells) == 0


def test_retry_of_an_old_failure_while_a_newer_job_runs_starts_nothing() -> None:
    chat = job_chat(News.FAILED, retry=True)
    first, retry = chat.job, chat.button("Reintentar")
    chat.starts_restart()
    assert chat.job != first
    said = chat.presses(retry)
    assert texts(said) == ["Ya está en marcha: Router azul\n\nPedido: Router azul"]
    assert len(chat.told(first)) == 1


def test_a_press_while_the_job_says_what_the_flow_has_no_text_for_is_answered() -> None:
    chat = job_chat(News.FAILED, retry=True)
    retry = chat.button("Reintentar")
    chat.news(News.STEP, attempt=2, step="unheard_of")
    said = chat.presses(retry)
    assert said
    assert all(say.text for say in said)


def test_retry_and_cancel_at_once_both_reach_the_job_which_decides() -> None:
    chat = job_chat(News.FAILED, retry=True)
    retry, leave = chat.button("Reintentar"), chat.button("Dejarlo así")
    chat.presses(retry)
    chat.presses(leave)
    assert asked_of(chat) == [RetryRequested(1), CancelRequested(1)]


@pytest.mark.parametrize("news", [News.TIMED_OUT, News.FATE_UNKNOWN])
def test_while_the_fate_is_open_another_start_is_refused(news: News) -> None:
    chat = job_chat(news)
    chat.taps("Reiniciar")
    chat.taps("Sí")
    assert starts_in(chat) == []
    chat.wait(1801)
    chat.taps("Reiniciar")
    chat.taps("Sí")
    assert len(starts_in(chat)) == 1


def test_without_a_router_nothing_starts_and_nobody_is_left_in_silence() -> None:
    chat = Chat(answers={})
    chat.types("hola")
    chat.answer(200, b"{}")
    chat.taps("Reiniciar")
    assert texts(chat.taps("Sí")) == ["Perdón\n\n" + MAIN]
    assert chat.notes[-1].alarm
