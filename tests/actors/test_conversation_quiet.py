"""Cancelling a job from the flow, and hearing no more of its progress."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.effects import Drop
from actors.messages import CancelRequested, HandoverNews, News
from tests.actors.chatting import CODEC, LOOK_UP, Chat, reached, texts
from tests.actors.small_flow import extended

MAIN = "Hola Ana, ¿qué hacemos?"
FLOW = extended(
    """
    test:
      do: menu
      text: { es: "¿Qué?", en: "What?" }
      options:
        cancel: { title: { es: Cancela, en: Cancel it }, goto: cancel }
        mute: { title: { es: Basta, en: Stop }, goto: mute }
        unmute: { title: { es: Cuéntame, en: Tell me }, goto: unmute }
    cancel: { do: cancel_job, job: restart, then: thanks }
    mute: { do: mute, then: test }
    unmute: { do: unmute, then: test }
    """
)


def running() -> Chat:
    """A chat with a restart under way, that stands in the menu of the flow above."""
    chat = reached(FLOW)
    chat.types("inicio")
    chat.starts_restart()
    chat.news(News.ACCEPTED, can_cancel=True)
    chat.taps("Más")
    return chat


# --- cancelling -----------------------------------------------------------------------------------


def test_a_running_job_is_asked_to_be_cancelled_once() -> None:
    chat = running()
    assert texts(chat.taps("Cancela")) == ["Gracias\n\n" + MAIN]
    assert chat.told(chat.job)[1:] == [CancelRequested(1)]
    assert texts(chat.news(News.CANCELLING)) == ["Cancelando"]


def test_where_nothing_runs_the_customer_hears_so() -> None:
    chat = reached(FLOW)
    assert texts(chat.taps("Cancela")) == [f"Sin trabajos\n\nGracias\n\n{MAIN}"]
    chat = running()
    chat.news(News.FAILED, can_retry=True)
    assert texts(chat.taps("Cancela")) == [f"Sin trabajos\n\nGracias\n\n{MAIN}"]
    assert len(chat.told(chat.job)) == 1


@pytest.mark.parametrize("old", ["age", "menu"])
def test_an_old_tap_cancels_nothing(old: str) -> None:
    chat = running()
    if old == "menu":
        button = chat.button("Cancela")
        chat.types("inicio")
        said = chat.presses(button)
    else:
        said = chat.taps("Cancela", age_s=601)
    assert said[0].text == "Ese botón es viejo\n\nAceptado"
    assert said[0].choices
    assert len(chat.told(chat.job)) == 1


@pytest.mark.parametrize("router", ["r-1", "r-2", None])
def test_of_several_the_one_on_the_router_at_hand_is_cancelled(router: str | None) -> None:
    chat = running()
    first = chat.job
    chat.answers = {LOOK_UP: (200, b'{"account": "A1", "routers": [{"id": "r-2", "label": "2"}]}')}
    chat.wait(90_000)
    chat.types("hola")
    chat.starts_restart()
    second = chat.job
    assert second != first
    chat.data = CODEC.encode(replace(chat.state, values={"router": router}))
    chat.taps("Más")
    chat.taps("Cancela")
    cancelled = {job for job in (first, second) if CancelRequested(1) in chat.told(job)}
    assert cancelled == {first if router == "r-1" else second}


# --- muting ---------------------------------------------------------------------------------------


def test_progress_is_not_told_from_here_on() -> None:
    chat = running()
    chat.taps("Basta")
    assert Drop(f"job:{chat.job}") in chat.effects  # what waits for its time
    chat.wait(60)
    for news in (News.STEP, News.STALLED, News.UNSEEN, News.WAITING_FOR_PROVIDER):
        assert chat.news(news, step="rebooting") == []


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (News.SUCCEEDED, "Listo: Router azul"),
        (News.FAILED, "Falló, quedan 0"),
        (News.TIMED_OUT, "No volvió a tiempo"),
        (News.CANCELLED, "Cancelado"),
        (News.CANCELLING, "Cancelando"),
        (News.CORRECTED, "Al final funcionó"),
    ],
)
def test_results_and_answers_are_told_all_the_same(news: News, said: str) -> None:
    chat = running()
    chat.taps("Basta")
    assert texts(chat.news(news)) == [said]


def test_who_asks_how_it_stands_is_told() -> None:
    chat = running()
    chat.taps("Basta")
    chat.news(News.STEP, step="rebooting")
    chat.types("inicio")
    assert texts(chat.taps("Mis trabajos"))[0] == "Se apaga"


def test_the_agent_still_sees_the_live_job() -> None:
    chat = running()
    chat.taps("Basta")
    chat.meets_agent()
    chat.news(News.STEP, step="rebooting")
    assert [type(message).__name__ for message in chat.told(chat.handover)][-1] == "JobLine"
    chat.desk(HandoverNews.ENDED)


def test_progress_is_told_again_when_asked_for() -> None:
    chat = running()
    chat.taps("Basta")
    chat.taps("Cuéntame")
    chat.wait(60)
    assert texts(chat.news(News.STEP, step="rebooting")) == ["Se apaga"]


def test_it_stays_quiet_over_a_day_of_silence() -> None:
    chat = running()
    chat.taps("Basta")
    chat.wait(90_000)
    chat.types("hola")
    chat.starts_restart()
    assert chat.news(News.ACCEPTED) == []
