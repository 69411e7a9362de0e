"""Writing to the customer.

What lives here: turning what should be said into `Say` calls, with how long each is worth sending,
and remembering it for the agent who may take over. What must not: deciding what to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from actors.buttons import MenuButton, encode
from actors.calls import OutsideWindow, Purpose, Say
from actors.conversation.knowing import Chosen, choosable, filled
from actors.conversation.state import TRANSCRIPT_MAX, ConversationTurn
from actors.flow import model
from actors.flow.limits import BUTTONS_MAX, MENU_TEXT_MAX, TEXT_MAX, units
from actors.ids import ActorId, EffectId
from actors.values import Choice, Line, Scalar

_WORTH_S = {
    Purpose.REPLY: 3600,
    Purpose.QUESTION: 3600,
    Purpose.PROGRESS: 600,
    Purpose.RESULT: 3 * 86_400,
    Purpose.AGENT_LINE: 86_400,
}
_LINE_MAX = 300


def say(
    turn: ConversationTurn,
    purpose: Purpose,
    text: str,
    choices: tuple[Choice, ...] = (),
    *,
    topic: str | None = None,
    not_before_ms: int | None = None,
    line_id: str | None = None,
    handover: ActorId | None = None,
) -> EffectId:
    """Write one message. Its choices become what a number stands for.

    Not those of progress: it may be held back or never be sent, and the number be meant for what
    the customer sees.
    """
    progress = purpose is Purpose.PROGRESS
    many = len(choices) > BUTTONS_MAX
    effect = turn.do(
        Say(
            to=turn.state.customer,
            purpose=purpose,
            text=text,
            choices=choices,
            list_title=turn.text(turn.flow.phrases.choose) if many else "",
            outside_window=OutsideWindow.DROP if progress else OutsideWindow.HOLD,
            line_id=line_id,
            handover=handover,
        ),
        not_before_ms=not_before_ms,
        not_after_ms=(not_before_ms or turn.now_ms) + _WORTH_S[purpose] * 1000,
        topic=topic,
    )
    if not progress:
        # Progress may never be sent, so it is not remembered either; the agent sees the live job.
        turn.set(last_said=effect, choices=choices or turn.state.choices)
        remember(turn, "agent" if purpose is Purpose.AGENT_LINE else "bot", text)
    return effect


def remember(turn: ConversationTurn, who: str, text: str) -> None:
    """Keep a line for the agent who may take over."""
    line = Line(who, text[:_LINE_MAX], turn.now_ms)
    turn.set(transcript=(*turn.state.transcript, line)[-TRANSCRIPT_MAX:])


def add(turn: ConversationTurn, text: dict[str, str], **more: Scalar) -> None:
    """Say a text of the flow in this turn, together with what else is said.

    One that comes to nothing, such as a name that is not known, is left out.
    """
    said = filled(turn, text, more)
    if said.strip():
        turn.texts.append(said)


def flush(turn: ConversationTurn) -> None:
    """Send what was said so far and not sent yet."""
    texts, together = tuple(turn.texts), ""
    turn.texts.clear()
    for text in texts:
        longer = f"{together}\n\n{text}" if together else text
        if together and units(longer) > TEXT_MAX:
            say(turn, Purpose.REPLY, together)
            longer = text
        together = longer
    if together:
        say(turn, Purpose.REPLY, together)


def show_menu(turn: ConversationTurn, name: str, menu: model.Menu) -> None:
    """Show a menu; from here on the conversation waits in it."""
    number = turn.state.turn + 1
    choices = _choices(turn, number, name, choosable(turn, menu))
    turn.set(turn=number, step=name, misses=0)
    ask(turn, filled(turn, menu.text), choices)


def show_question(turn: ConversationTurn, name: str, question: model.Question) -> None:
    """Ask a question; the next text is its answer, or the next tap one of its choices."""
    number = turn.state.turn + 1
    choices: tuple[Choice, ...] = ()
    if isinstance(question.answer, model.ChoiceAnswer):
        choices = _choices(turn, number, name, question.answer.choices)
    turn.set(turn=number, step=name, choices=(), misses=0)
    ask(turn, filled(turn, question.text), choices)


def _choices(
    turn: ConversationTurn, number: int, name: str, shown: Mapping[str, Chosen]
) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            encode(turn.actor, MenuButton(number, name, key)),
            turn.text(one.title),
            turn.text(one.description) if one.description is not None else None,
        )
        for key, one in shown.items()
    )


def ask(turn: ConversationTurn, text: str, choices: tuple[Choice, ...]) -> None:
    """Ask something, in one message with what was said before where that fits."""
    say(turn, Purpose.QUESTION, take_texts(turn, text), choices)


def take_texts(turn: ConversationTurn, text: str) -> str:
    """A text with what was said before it, where that fits; else that is sent on its own."""
    together = "\n\n".join([*turn.texts, text] if text.strip() else turn.texts)
    if units(together) > MENU_TEXT_MAX:
        flush(turn)
        together = text
    turn.texts.clear()
    # The platform takes no buttons without a text above them.
    return together if together.strip() else turn.text(turn.flow.phrases.choose)
