"""Jobs beside the conversation: what is told, when, and with which buttons."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.calls import OutsideWindow, Purpose
from actors.conversation.state import JOBS_MAX
from actors.messages import News
from actors.values import Device, JobFault
from tests.actors.chatting import CODEC, Chat, arrived, some_job, texts
from tests.actors.small_flow import around, changed, source, without_jobs

MAIN = "Hola Ana, ¿qué hacemos?"


def running() -> Chat:
    chat = arrived()
    chat.starts_restart()
    return chat


def test_a_job_is_asked_for_with_what_was_looked_up() -> None:
    chat = running()
    _, asked = chat.jobs[0]
    assert asked.conversation == chat.actor
    assert (asked.kind, asked.provider) == ("router.restart", "main")
    assert asked.device == Device("r-1", "A1", "Router azul")


def test_the_jobs_own_word_that_it_was_asked_for_is_not_told_twice() -> None:
    assert running().news(News.REQUESTED) == []


def test_news_are_told_beside_the_menu_without_moving_it() -> None:
    chat = running()
    chat.taps("Reiniciar")
    step, turn = chat.state.step, chat.state.turn
    assert texts(chat.news(News.ACCEPTED, can_cancel=True)) == ["Aceptado"]
    assert chat.titles == ["Cancelar"]
    assert (chat.state.step, chat.state.turn) == (step, turn)
    assert texts(chat.types("no")) == [MAIN]


def test_a_number_after_progress_still_means_the_menu() -> None:
    """Progress may be held back or never sent: a number must not turn into "cancel"."""
    chat = running()
    chat.news(News.ACCEPTED, can_cancel=True)
    assert texts(chat.types("4")) == ["¿Qué plan?"]
    chat.types("menu")
    chat.news(News.STALLED, can_cancel=True)
    chat.types("2")
    assert len(chat.told(chat.job)) == 1


def test_a_title_on_a_jobs_button_can_be_typed() -> None:
    chat = running()
    chat.news(News.STALLED, can_cancel=True)
    chat.types("cancelar")
    assert len(chat.told(chat.job)) == 2


def test_a_step_is_told_by_its_text_and_an_unknown_one_not_at_all() -> None:
    chat = running()
    assert texts(chat.news(News.STEP, step="rebooting")) == ["Se apaga"]
    assert chat.news(News.STEP, step="unheard_of") == []
    assert texts(chat.news(News.STEP, step="back")) == ["Vuelve"]


def test_progress_is_spaced_and_replaced_by_topic() -> None:
    chat = running()
    at_ms, topic = chat.now_ms, f"job:{chat.job}"
    for _ in range(5):
        chat.wait(1)
        chat.news(News.STEP, step="rebooting")
        assert chat.last_do.not_before_ms == at_ms + 15_000
        assert chat.last_do.topic == topic
    chat.wait(30)
    chat.news(News.STEP, step="back")
    assert chat.last_do.not_before_ms is None
    assert chat.last.purpose is Purpose.PROGRESS
    assert chat.last.outside_window is OutsideWindow.DROP


@pytest.mark.parametrize(
    "news", [News.SUCCEEDED, News.FAILED, News.TIMED_OUT, News.CORRECTED, News.CANCELLED]
)
def test_results_are_told_at_once(news: News) -> None:
    chat = running()
    chat.news(News.ACCEPTED)
    chat.news(News.STEP, step="rebooting")
    chat.news(news)
    assert chat.last_do.not_before_ms is None
    assert chat.last.purpose is Purpose.RESULT
    assert chat.last.outside_window is OutsideWindow.HOLD
    assert chat.last_do.topic == f"job:{chat.job}"


def test_what_can_no_longer_be_cancelled_has_no_button_that_cancels() -> None:
    chat = running()
    chat.news(News.CANCEL_TOO_LATE, can_cancel=True)
    assert chat.titles == []


@pytest.mark.parametrize("news", [News.CANCELLING, News.CHECKING, News.CANCEL_TOO_LATE])
def test_answers_to_a_press_are_never_held_back(news: News) -> None:
    chat = running()
    chat.news(News.ACCEPTED)
    chat.news(news)
    assert chat.last_do.not_before_ms is None
    assert chat.last.purpose is Purpose.REPLY


BOTH = ["Hablar con alguien", "Dejarlo así"]


@pytest.mark.parametrize(
    ("news", "retry", "cancel", "titles"),
    [
        (News.FAILED, True, False, ["Reintentar", *BOTH]),
        (News.FAILED, False, False, BOTH),
        (News.NOTHING_CHANGED, True, False, ["Reintentar", *BOTH]),
        (News.TIMED_OUT, False, False, BOTH),
        (News.FATE_UNKNOWN, False, False, BOTH),
        (News.SUCCEEDED, False, False, []),
        (News.CORRECTED, False, False, []),
        (News.CANCELLED, False, False, []),
        (News.ACCEPTED, False, True, ["Cancelar"]),
        (News.ACCEPTED, False, False, []),
        (News.STALLED, False, True, ["Hablar con alguien", "Cancelar"]),
        (News.UNSEEN, False, False, ["Hablar con alguien"]),
        (News.WAITING_FOR_PROVIDER, False, True, ["Hablar con alguien", "Cancelar"]),
    ],
)
def test_buttons_fit_the_news(news: News, retry: bool, cancel: bool, titles: list[str]) -> None:
    said = running().news(news, can_retry=retry, can_cancel=cancel)
    assert [choice.title for choice in said[0].choices] == titles


def test_the_failure_text_shows_what_is_left_but_never_the_fault() -> None:
    chat = running()
    fault = JobFault("E42", "secret detail")
    said = chat.news(News.FAILED, retries_left=2, can_retry=True, fault=fault)
    assert texts(said) == ["Falló, quedan 2"]


def test_a_number_after_the_failure_menu_means_that_menu() -> None:
    chat = running()
    chat.news(News.FAILED, can_retry=True)
    chat.types("1")
    assert len(chat.told(chat.job)) == 2


def test_news_of_a_job_of_another_conversation_are_not_told() -> None:
    chat = running()
    before = chat.data
    assert chat.news(News.SUCCEEDED, some_job()) == []
    assert chat.noted()[-1] == "news_of_a_forgotten_job"
    assert chat.data == before


def test_news_of_an_older_attempt_are_not_told() -> None:
    chat = running()
    chat.news(News.REQUESTED, attempt=2)
    assert chat.news(News.FAILED, attempt=1) == []
    assert chat.state.jobs[0].report.attempt == 2


def test_a_second_attempt_is_told_as_asked_for() -> None:
    chat = running()
    chat.news(News.FAILED, can_retry=True)
    assert texts(chat.news(News.REQUESTED, attempt=2)) == ["Pedido: Router azul"]


def test_news_told_again_are_a_reply() -> None:
    chat = running()
    chat.news(News.SUCCEEDED)
    assert texts(chat.news(News.SUCCEEDED, again=True)) == ["Listo: Router azul"]
    assert chat.last.purpose is Purpose.REPLY


def test_news_told_again_without_a_text_are_still_a_reply() -> None:
    chat = running()
    said = chat.news(News.STEP, step="unheard_of", again=True)
    assert said
    assert said[0].text


def test_job_status_tells_every_open_job_and_the_last_result() -> None:
    chat = arrived()
    assert texts(chat.taps("Mis trabajos")) == ["Sin trabajos\n\n" + MAIN]
    chat.starts_restart()
    assert texts(chat.taps("Mis trabajos")) == ["Pedido: Router azul", MAIN]
    chat.news(News.STEP, step="unheard_of")
    assert all(texts(chat.taps("Mis trabajos")))
    chat.news(News.SUCCEEDED)
    assert texts(chat.taps("Mis trabajos")) == ["Listo: Router azul", MAIN]


def test_job_status_shows_three_at_most() -> None:
    chat = arrived()
    for number in range(5):
        _with_router(chat, f"r-{number}")
        chat.starts_restart()
    assert len(chat.taps("Mis trabajos")) == 4


def test_old_jobs_are_forgotten_but_running_ones_kept_and_bounded() -> None:
    chat = arrived()
    first = chat.starts_restart()
    for number in range(2, 3 * JOBS_MAX):
        _with_router(chat, f"r-{number}")
        chat.starts_restart()
        chat.news(News.SUCCEEDED)
    assert len(chat.state.jobs) == JOBS_MAX
    assert chat.state.job(first) is not None


def test_running_jobs_are_bounded_too() -> None:
    chat = arrived()
    for number in range(3 * JOBS_MAX):
        _with_router(chat, f"r-{number}")
        chat.taps("Reiniciar")
        said = chat.taps("Sí")
        assert said
    assert len(chat.jobs) == len(chat.state.jobs) == JOBS_MAX


def test_two_jobs_of_one_turn_are_two() -> None:
    again = "  again: { do: start_job, job: other, then: main }\n"
    text = changed("job: restart, then: main }\n", f"job: restart, then: again }}\n{again}")
    start, end = text.index("  restart:\n    kind:"), text.index("handover:\n")
    other = text[start:end].replace("  restart:", "  other:", 1)
    other = other.replace("device: router", "device: other")
    found = source(text[:end] + other + text[end:])
    chat = arrived(around(flows={found.version: found.flow}, flow_version=found.version))
    _with_router(chat, "r-1", other="r-2")
    chat.starts_restart()
    assert len({job for job, _ in chat.jobs}) == 2


def test_news_for_a_flow_that_lost_its_jobs_raise_nothing() -> None:
    chat = running()
    lost = source(without_jobs())
    chat.around = around(flows={lost.version: lost.flow}, flow_version=lost.version)
    chat.news(News.ACCEPTED)
    chat.news(News.FAILED, can_retry=True)
    chat.taps("Mis trabajos")
    chat.types("persona")
    assert chat.handover


def _with_router(chat: Chat, router: str, **more: str) -> None:
    values = {**chat.state.values, "router": router, **more}
    chat.data = CODEC.encode(replace(chat.state, values=values))
