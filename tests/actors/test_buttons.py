"""Buttons: what their ids carry, and that nothing foreign or damaged is read as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import buttons
from actors.buttons import Button, JobAction, JobButton, LeaveButton, MenuButton, PersonButton
from actors.ids import CONVERSATION, actor_id, tag_of
from tests.actors.given import CONVERSATION_ID, HANDOVER_ID, JOB_ID

NAMES = st.from_regex("[a-z][a-z0-9_]{0,39}", fullmatch=True)
STEPS = NAMES | st.builds("{}.{}".format, NAMES, NAMES)
BUTTONS: st.SearchStrategy[Button] = st.one_of(
    st.builds(MenuButton, turn=st.integers(0, 999_999_999), step=STEPS, option=NAMES),
    st.builds(
        JobButton,
        job=st.just(JOB_ID),
        attempt=st.integers(0, 999_999_999),
        action=st.sampled_from(JobAction),
    ),
    st.just(LeaveButton(HANDOVER_ID)),
    st.just(PersonButton()),
)


@given(BUTTONS)
def test_a_button_comes_back_as_it_was(button: Button) -> None:
    text = buttons.encode(CONVERSATION_ID, button)

    assert buttons.decode(CONVERSATION_ID, text) == button
    assert len(text) <= buttons.ID_MAX


@given(BUTTONS)
def test_a_button_of_another_conversation_is_none_of_ours(button: Button) -> None:
    text = buttons.encode(actor_id(CONVERSATION, "somebody else"), button)

    assert buttons.decode(CONVERSATION_ID, text) is None


def test_the_ids_of_buttons_never_change() -> None:
    """Buttons stay on customers' screens: these must stay readable."""
    tag = tag_of(CONVERSATION_ID)

    for text, button in {
        f"{tag}/m/7/home/restart": MenuButton(7, "home", "restart"),
        f"{tag}/m/7/identify.ask/no": MenuButton(7, "identify.ask", "no"),
        f"{tag}/j/{JOB_ID}/2/retry": JobButton(JOB_ID, 2, JobAction.RETRY),
        f"{tag}/j/{JOB_ID}/2/agent": JobButton(JOB_ID, 2, JobAction.AGENT),
        f"{tag}/j/{JOB_ID}/2/cancel": JobButton(JOB_ID, 2, JobAction.CANCEL),
        f"{tag}/h/{HANDOVER_ID}": LeaveButton(HANDOVER_ID),
        f"{tag}/p": PersonButton(),
    }.items():
        assert buttons.decode(CONVERSATION_ID, text) == button
        assert buttons.encode(CONVERSATION_ID, button) == text


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "/",
        "/x",
        "/p/more",
        "/m/7/root",
        "/m/-7/home/restart",
        "/m/\N{ARABIC-INDIC DIGIT SEVEN}/home/restart",
        "/m/9999999999/home/restart",
        "/m//home/restart",
        f"/j/{JOB_ID}/1/explode",
        f"/j/{JOB_ID}/one/retry",
        f"/j/{HANDOVER_ID}/1/retry",
        "/j/job_1/1/retry",
        f"/h/{JOB_ID}",
        "/h/",
    ],
)
def test_damaged_ids_are_no_buttons(rest: str) -> None:
    assert buttons.decode(CONVERSATION_ID, tag_of(CONVERSATION_ID) + rest) is None


@given(st.text(max_size=300))
def test_no_text_whatever_raises(text: str) -> None:
    assert buttons.decode(CONVERSATION_ID, text) is None
    buttons.decode(CONVERSATION_ID, f"{tag_of(CONVERSATION_ID)}/{text}")
