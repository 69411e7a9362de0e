"""What a typed text can mean where the conversation stands.

What lives here: words of the flow, options, titles of buttons, numbers; exactly, or with typing
errors. What must not: doing what is meant (`hearing`). A near word never starts or cancels a job:
who is misunderstood there is asked again instead.
"""

from __future__ import annotations

from actors.buttons import JobAction, JobButton, MenuButton, decode, encode
from actors.conversation import jobs
from actors.conversation.knowing import Asking, Chosen, choosable
from actors.conversation.state import ConversationTurn
from actors.flow import model
from actors.flow.addresses import resolve, scope_of, step_at
from actors.flow.graph import leads_to_job
from actors.flow.memo import Memo
from actors.flow.words import Lexicon, all_of, is_near, plain, plain_title

_SENTENCE_WORDS_MAX = 12


def global_word(turn: ConversationTurn, text: str) -> str | None:
    """Where a word leads that is understood anywhere."""
    meant = _global_words(turn.flow).says(plain(text))
    return turn.flow.words[meant[0]].goto if meant else None


def choice(turn: ConversationTurn, text: str) -> str | None:
    """The id of the choice that a text stands for: its number, its title or one of its words."""
    typed = plain(text)
    if not typed:
        return None
    shown = turn.state.choices
    if typed.isascii() and typed.isdigit() and typed in _numbers(len(shown)):
        return shown[int(typed) - 1].id
    for one in shown:
        if typed == plain_title(one.title):
            return one.id
    step = step_at(turn.flow, turn.state.step or "")
    if isinstance(step, Asking):
        there = choosable(turn, step)
        for key in _words_of(step).says(typed):
            if key in there:
                return _button(turn, key)
    for one in jobs.offered(turn):
        if typed == plain_title(one.title):
            return one.id
    return None


def _numbers(count: int) -> set[str]:
    return {str(number + 1) for number in range(count)}


def keyword(question: model.Question, text: str) -> str | None:
    """Where a word leads that is no answer to this question."""
    meant = _keywords(question).says(plain(text))
    return question.keywords[meant[0]].goto if meant else None


# --- with typing errors -------------------------------------------------------------------------


class Nearly:
    """What a text with typing errors can only mean: an address to go to, or a button to press."""

    def __init__(self, address: str | None = None, button: str | None = None) -> None:
        self.address = address
        self.button = button


def nearly(turn: ConversationTurn, text: str) -> Nearly | None:
    """What a text means if its typing errors are forgiven; None where that is not plain.

    Neither is it where it would start or cancel a job: a near word is asked about.
    """
    typed = plain(text)
    flow, here = turn.flow, turn.state.step or ""
    found: dict[str, Nearly | None] = {}
    for name in _global_words(flow).near(typed):
        address = flow.words[name].goto
        found[address] = Nearly(address)
    step = step_at(flow, here)
    if isinstance(step, Asking):
        there = choosable(turn, step)
        for key in _words_of(step).near(typed) & there.keys():
            found[_destination(turn, step, key)] = Nearly(button=_button(turn, key))
    if isinstance(step, model.Question):
        for name in _keywords(step).near(typed):
            address = resolve(flow, scope_of(here), step.keywords[name].goto)
            found[address] = Nearly(address)
    for one in (*turn.state.choices, *jobs.offered(turn)):
        if not is_near(typed, plain_title(one.title)):
            continue
        match decode(turn.actor, one.id):
            case JobButton(action=JobAction.RETRY | JobAction.CANCEL):
                found[one.id] = None
            case MenuButton() | None:
                pass  # an option of this menu, found above, or of one that has gone
            case _:
                found[one.id] = Nearly(button=one.id)
    if len(found) != 1:
        return None
    ((destination, meant),) = found.items()
    return None if destination in _jobs(flow) else meant


def _destination(turn: ConversationTurn, step: Asking, key: str) -> str:
    here = turn.state.step or ""
    match step:
        case model.Menu(options=options):
            return resolve(turn.flow, scope_of(here), options[key].goto)
        case model.Question(then=then):
            # Two answers are two things, though both lead on to the same step.
            address = resolve(turn.flow, scope_of(here), then)
            return address if address in _jobs(turn.flow) else f"{address}/{key}"


def person_in(turn: ConversationTurn, text: str) -> str | None:
    """Where a sentence leads that nothing else understood and that speaks of a person.

    Whoever writes "I want to talk to a person please" must not be told that nobody understands.
    """
    said = plain(text).split()
    if not 1 < len(said) <= _SENTENCE_WORDS_MAX:
        return None
    for name, word in turn.flow.words.items():
        if isinstance(turn.flow.steps.get(word.goto), model.Handover):
            known = _global_words(turn.flow).words(name)
            if any(is_near(one, single) for one in said for single in known):
                return word.goto
    return None


def _button(turn: ConversationTurn, key: str) -> str:
    return encode(turn.actor, MenuButton(turn.state.turn, turn.state.step or "", key))


# --- worked out once ----------------------------------------------------------------------------


def _lexicon_of_flow(flow: model.Flow) -> Lexicon:
    return Lexicon({name: all_of(word.words) for name, word in flow.words.items()})


def _lexicon_of_step(step: Asking) -> Lexicon:
    shown: dict[str, Chosen] = {}
    match step:
        case model.Menu(options=options):
            shown = dict(options)
        case model.Question(answer=model.ChoiceAnswer(choices=choices)):
            shown = dict(choices)
        case _:
            pass
    return Lexicon({key: [*one.title.values(), *all_of(one.words)] for key, one in shown.items()})


def _lexicon_of_keywords(question: model.Question) -> Lexicon:
    return Lexicon({name: all_of(word.words) for name, word in question.keywords.items()})


_global_words = Memo(_lexicon_of_flow, 20)
_words_of: Memo[Asking, Lexicon] = Memo(_lexicon_of_step, 5000)
_keywords = Memo(_lexicon_of_keywords, 5000)
_jobs = Memo(leads_to_job, 20)
