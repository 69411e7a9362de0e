"""Reading what a customer did.

What lives here: from a tap or a text to what is meant. A tap always says what it belongs to
(`actors.buttons`), so an old or repeated one is answered with how things stand now. What must not:
carrying steps out (`walk`), or the life of jobs.
"""

from __future__ import annotations

from actors.buttons import (
    JobAction,
    JobButton,
    LeaveButton,
    MenuButton,
    PersonButton,
    decode,
)
from actors.conversation import jobs, meaning, people, walk
from actors.conversation.saying import add, flush, remember
from actors.conversation.state import ConversationTurn
from actors.flow import model
from actors.messages import CustomerWrote, Other, Tapped, Typed

DAY_MS = 86_400_000
_UNSUPPORTED_PAUSE_MS = 10_000
_GREETING_PATIENCE_MS = 30_000


def hear(turn: ConversationTurn, wrote: CustomerWrote) -> None:
    """Answer what a customer did."""
    turn.sent_at_ms = min(wrote.sent_at_ms, turn.now_ms)
    before_ms = turn.state.last_inbound_ms
    fresh = turn.state.step is None or turn.now_ms - before_ms > DAY_MS
    _settle_in(turn, wrote, fresh)
    match wrote.input:
        case Typed(text):
            remember(turn, "customer", text)
            hear_text(turn, text, fresh=fresh, before_ms=before_ms)
        case Tapped(button, title):
            remember(turn, "customer", title or "[tap]")
            _hear_tap(turn, button, title, fresh=fresh, before_ms=before_ms)
        case Other(what):
            _hear_other(turn, what, fresh=fresh)
    flush(turn)


def _settle_in(turn: ConversationTurn, wrote: CustomerWrote, fresh: bool) -> None:
    """Keep up with who writes; move to the current flow where that disturbs nobody."""
    turn.set(customer=wrote.customer, last_inbound_ms=turn.now_ms)
    current = turn.around.flow_version
    at_root = turn.state.step == turn.flow.root and turn.state.waiting is None
    if turn.state.flow_version != current and (fresh or at_root):
        turn.set(flow_version=current)
    if fresh and turn.state.step is not None:
        # After a day nothing of what was looked up can be relied on.
        turn.set(values={}, step=None, choices=(), waiting=None)


# --- texts --------------------------------------------------------------------------------------


def hear_text(
    turn: ConversationTurn, text: str, *, fresh: bool = False, before_ms: int = 0
) -> None:
    """Understand a text: for the person, as an answer, as a choice, as a word, or not at all."""
    if people.hear_line(turn, text):
        return
    word = meaning.global_word(turn, text)
    if word is not None and not (fresh and word == turn.flow.root):
        walk.go(turn, word)
        return
    if fresh:
        _begin(turn, before_ms)
        return
    step = turn.flow.steps.get(turn.state.step or "")
    if isinstance(step, model.Question):
        _answer(turn, step, text)
        return
    chosen = meaning.choice(turn, text)
    if chosen is not None:
        _press(turn, chosen)
        return
    if _nearly(turn, text):
        return
    add(turn, turn.flow.phrases.not_understood)
    walk.go(turn, turn.state.step or turn.flow.root)


def _nearly(turn: ConversationTurn, text: str) -> bool:
    """Do what a sentence or a text with typing errors can only mean; whether there was such."""
    person = meaning.person_in(turn, text)
    if person is not None:
        walk.go(turn, person)
        return True
    meant = meaning.nearly(turn, text)
    if meant is None:
        return False
    if meant.address is not None:
        walk.go(turn, meant.address)
    elif meant.button is not None:
        _press(turn, meant.button)
    return True


def _begin(turn: ConversationTurn, before_ms: int) -> None:
    waiting = turn.state.waiting
    if waiting is not None and turn.now_ms - before_ms < _GREETING_PATIENCE_MS:
        # Greeted twice while the first look-up is under way: its answer serves both.
        return
    walk.go(turn, turn.flow.entry)


def _answer(turn: ConversationTurn, question: model.Question, text: str) -> None:
    answer = text.strip()
    if not answer or len(answer) > question.longest:
        add(turn, turn.flow.phrases.too_long)
        walk.go(turn, turn.state.step or turn.flow.root)
        return
    walk.keep(turn, question.keep, answer)
    walk.go(turn, question.then)


# --- taps ---------------------------------------------------------------------------------------


def _hear_tap(
    turn: ConversationTurn, button: str, title: str, *, fresh: bool, before_ms: int
) -> None:
    meant = decode(turn.actor, button)
    if meant is None:
        # Not one of ours: a template's button, or a menu forwarded from somebody else's chat.
        turn.note("foreign_button")
        hear_text(turn, title, fresh=fresh, before_ms=before_ms)
        return
    if fresh and isinstance(meant, MenuButton):
        walk.go(turn, turn.flow.entry)
        return
    asks_again = isinstance(meant, JobButton) and meant.action is JobAction.AGENT
    if isinstance(meant, MenuButton | JobButton) and not asks_again:
        people.show_tap(turn, title)
    _press(turn, button)


def _press(turn: ConversationTurn, button: str) -> None:
    match decode(turn.actor, button):
        case MenuButton(number, step, option):
            _press_menu(turn, number, step, option)
        case JobButton(action=JobAction.AGENT) | PersonButton():
            people.ask_for_person(turn)
        case JobButton() as pressed:
            jobs.press(turn, pressed)
        case LeaveButton(handover):
            if not people.leave(turn, handover):
                walk.go(turn, turn.flow.root)
        case None:
            walk.go(turn, turn.flow.root)


def _press_menu(turn: ConversationTurn, number: int, name: str, option: str) -> None:
    turn.old_tap = number != turn.state.turn
    menu = turn.flow.steps.get(name)
    chosen = menu.options.get(option) if isinstance(menu, model.Menu) else None
    if chosen is None:
        # A menu of an older flow: the present one is the honest answer.
        walk.go(turn, turn.flow.root)
        return
    walk.go(turn, chosen.goto)


# --- the rest -----------------------------------------------------------------------------------


def _hear_other(turn: ConversationTurn, what: str, *, fresh: bool) -> None:
    if people.note_unreadable(turn, what):
        return
    if turn.now_ms - turn.state.unsupported_ms < _UNSUPPORTED_PAUSE_MS:
        # One answer to a burst of stickers, not thirty.
        return
    turn.set(unsupported_ms=turn.now_ms)
    remember(turn, "customer", f"[{what}]")
    add(turn, turn.flow.phrases.unsupported)
    if turn.state.waiting is None:
        walk.go(turn, turn.flow.entry if fresh else turn.state.step or turn.flow.root)
