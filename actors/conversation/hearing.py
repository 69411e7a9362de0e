"""Reading what a customer did.

What lives here: from a tap or a text to what is meant. A tap always says what it belongs to
(`actors.buttons`), so an old or repeated one is answered with how things stand now. What must not:
carrying steps out (`walk`), or the life of jobs.
"""

from __future__ import annotations

from actors.buttons import (
    Button,
    JobAction,
    JobButton,
    LeaveButton,
    MenuButton,
    PersonButton,
    decode,
)
from actors.conversation import jobs, meaning, people, requests, walk
from actors.conversation.knowing import Asking, choosable, now
from actors.conversation.saying import add, flush, remember
from actors.conversation.state import ConversationTurn
from actors.flow import model
from actors.flow.addresses import resolve, scope_of, step_at
from actors.flow.answers import Misread, Reading, is_free, read_answer
from actors.flow.formats import spoken
from actors.flow.limits import TRIES
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
        languages = turn.around.flows[current].languages
        language = spoken(turn.state.language, languages) or turn.state.language
        turn.set(flow_version=current, language=language)
    if fresh and turn.state.step is not None:
        # After a day nothing of what was looked up can be relied on.
        turn.set(values={}, step=None, choices=(), waiting=None, misses=0, stack=())


# --- texts --------------------------------------------------------------------------------------


def hear_text(
    turn: ConversationTurn, text: str, *, fresh: bool = False, before_ms: int = 0
) -> None:
    """Understand a text: for the person, as an answer, as a choice, as a word, or not at all."""
    if people.hear_line(turn, text):
        return
    word = meaning.global_word(turn, text)
    # Who asks for the main menu first is looked up first, as long as that does not hang.
    looked_up = not fresh or turn.state.waiting is not None
    if word is not None and (looked_up or word != turn.flow.root):
        walk.go(turn, word)
        return
    if fresh:
        _begin(turn, before_ms)
        return
    step = step_at(turn.flow, turn.state.step or "")
    if isinstance(step, model.Question):
        _answer(turn, step, text)
        return
    chosen = meaning.choice(turn, text)
    if chosen is not None:
        _press(turn, decode(turn.actor, chosen))
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
        _press(turn, decode(turn.actor, meant.button))
    return True


def _begin(turn: ConversationTurn, before_ms: int) -> None:
    waiting = turn.state.waiting
    if waiting is not None and turn.now_ms - before_ms < _GREETING_PATIENCE_MS:
        # Greeted twice while the first look-up is under way: its answer serves both.
        return
    walk.go(turn, turn.flow.entry)


# --- answers ------------------------------------------------------------------------------------


def _answer(turn: ConversationTurn, question: model.Question, text: str) -> None:
    """Keep an answer that fits; else look whether something else is meant, and ask again."""
    elsewhere = meaning.keyword(question, text)
    if elsewhere is not None:
        walk.go(turn, _from_here(turn, elsewhere))
        return
    reading = Reading(turn.state.language, turn.flow.languages, now(turn).date())
    answer = read_answer(question, text, reading)
    if not isinstance(answer, Misread):
        walk.keep(turn, question.keep, answer)
        walk.go(turn, _from_here(turn, question.then))
        return
    # One of the choices that were asked for, or of a job that was spoken of meanwhile.
    chosen = meaning.choice(turn, text) if not is_free(question) else None
    if chosen is not None:
        _press(turn, decode(turn.actor, chosen))
    elif is_free(question) or not _nearly(turn, text):
        _missed(turn, question, answer)


def _missed(turn: ConversationTurn, question: model.Question, why: Misread) -> None:
    phrases = turn.flow.phrases
    invalid = question.invalid
    if invalid is None:
        invalid = phrases.too_long if why is Misread.TOO_LONG else phrases.not_understood
    bounded = question.answer is not None or question.on_failure is not None
    tries = question.tries or (TRIES if bounded else None)
    misses = turn.state.misses + 1
    if tries is None or misses < tries:
        add(turn, invalid)
        walk.go(turn, turn.state.step or turn.flow.root)
        turn.set(misses=misses)
    elif question.on_failure is not None:
        walk.go(turn, _from_here(turn, question.on_failure))
    else:
        add(turn, invalid)
        walk.go(turn, turn.flow.root)


def _from_here(turn: ConversationTurn, target: str) -> str:
    """The address that a target means in the step where the conversation stands."""
    return resolve(turn.flow, scope_of(turn.state.step or ""), target)


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
    _press(turn, meant)


def _press(turn: ConversationTurn, button: Button | None) -> None:
    match button:
        case MenuButton(number, step, option):
            _press_menu(turn, number, step, option)
        case JobButton(action=JobAction.AGENT) | PersonButton():
            walk.to_person(turn)
        case JobButton() as pressed:
            jobs.press(turn, pressed)
        case LeaveButton(handover):
            if not people.leave(turn, handover):
                walk.go(turn, turn.flow.root)
        case None:
            walk.go(turn, turn.flow.root)


def _press_menu(turn: ConversationTurn, number: int, name: str, option: str) -> None:
    turn.pressed = f"{number}/{name}/{option}"
    if requests.is_under_way(turn, turn.pressed):
        # Its answer is on the way, and serves both.
        turn.note("pressed_again", step=name)
        return
    turn.old_tap = number != turn.state.turn
    step = step_at(turn.flow, name)
    chosen = choosable(turn, step).get(option) if isinstance(step, Asking) else None
    match step:
        case model.Menu() if isinstance(chosen, model.Option):
            walk.go(turn, resolve(turn.flow, scope_of(name), chosen.goto))
        case model.Menu(options=options) if option in options:
            # Hidden by now: the menu as it is.
            walk.go(turn, name)
        case model.Question() if chosen is not None:
            walk.keep(turn, step.keep, option)
            walk.go(turn, resolve(turn.flow, scope_of(name), step.then))
        case _:
            # A menu of an older flow: the present one is the honest answer.
            walk.go(turn, turn.flow.root)


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
