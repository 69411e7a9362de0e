"""Two performances of a file are the same, or it is said where they are not."""

from __future__ import annotations

from pathlib import Path

from daemon.scripts.comparing import unlike
from daemon.scripts.format import read_steps
from daemon.scripts.player import ChatLine, Failure, Played

SCRIPT = read_steps(
    "customer: hi\nbot: *\ncustomer: [A] twice\nbot: ...\ncustomer: bye\n", Path("a.chat")
)
HI, HELLO = ChatLine("customer", "hi"), ChatLine("bot", "Hello")
TAP, ONE, TWO = ChatLine("customer", "A"), ChatLine("bot", "one"), ChatLine("bot", "two")


def played(*chat: ChatLine, lengths: tuple[int, ...] = (2, 2, 6, 6, 6)) -> Played:
    return Played(chat, None, lengths)


def test_the_same_is_the_same() -> None:
    one = played(HI, HELLO, TAP, TAP, ONE, TWO)
    assert unlike(SCRIPT, one, one) is None


def test_where_things_happen_at_once_their_order_is_chance() -> None:
    one, other = played(HI, HELLO, TAP, TAP, ONE, TWO), played(HI, HELLO, TAP, TAP, TWO, ONE)
    assert unlike(SCRIPT, one, other) is None


def test_another_word_before_is_named_with_its_line() -> None:
    other = played(HI, ChatLine("bot", "Hallo"), TAP, TAP, ONE, TWO)
    found = unlike(SCRIPT, played(HI, HELLO, TAP, TAP, ONE, TWO), other)
    assert found is not None
    assert found.startswith("line 1: customer: hi; bot: Hello in one, customer: hi; bot: Hallo")


def test_a_message_that_comes_at_another_line_is_a_difference() -> None:
    one = played(HI, HELLO, TAP, TAP, ONE, TWO)
    late = played(HI, HELLO, TAP, TAP, ONE, TWO, lengths=(1, 2, 6, 6, 6))
    assert unlike(SCRIPT, one, late) is not None


def test_what_went_wrong_in_either_counts() -> None:
    good = played(HI, HELLO, TAP, TAP, ONE, TWO)
    bad = Played(good.chat, Failure(4, "no"), good.lengths)
    assert unlike(SCRIPT, good, bad) == unlike(SCRIPT, bad, good) == "line 4: no"
