"""What of a flow was gone through: steps, ways out of a step, words, texts."""

from __future__ import annotations

from daemon.flowtest.coverage import Coverage
from tests.actors.small_flow import changed, source
from tests.actors.test_flow_stock import least, read
from tests.daemon.rehearsing import HELLO, play


def covered(*texts: str, flow: str | None = None) -> Coverage:
    found = source(flow) if flow is not None else source()
    coverage = Coverage(found)
    for text in texts:
        coverage.begin()
        failure = play(text, found, coverage.saw).failure
        assert failure is None, str(failure)
    return coverage


def left(coverage: Coverage) -> set[str]:
    return {part.path for part in coverage.untouched()}


def test_steps_and_the_ways_between_them_are_seen() -> None:
    before, after = covered(HELLO), covered(HELLO + "customer: [Restart]\nbot: *\n")
    new = left(before) - left(after)
    assert new == {"steps.main.options.restart.goto", "steps.confirm"}
    assert "steps.look_up.then" not in left(before)
    assert "steps.look_up.on_error" in left(before)


def test_a_typed_choice_is_seen_as_well_as_a_tap() -> None:
    coverage = covered(HELLO + "customer: 5\nbot: More things*\ncustomer: back\nbot: Hello*\n")
    gone = {"steps.main.options.more.goto", "steps.more.options.back.goto"}
    assert not gone & left(coverage)
    assert "steps.more.options.person.goto" in left(coverage)


def test_a_global_word_is_not_taken_for_the_option_that_leads_to_the_same_place() -> None:
    coverage = covered(
        HELLO + "customer: 5\nbot: More things*\ncustomer: human\nbot: In the queue*\n"
    )
    assert "words.person" not in left(coverage)
    assert "steps.person" not in left(coverage)
    assert "steps.more.options.person.goto" in left(coverage)


def test_two_ways_to_one_place_are_told_apart_by_a_tap_only() -> None:
    option = "back: { title: { es: Volver, en: Back }, goto: main }"
    twice = changed(option, f"{option}\n      again: {{ title: {{ en: Again }}, goto: main }}")
    tapped = covered(HELLO + "customer: [More]\nbot: *\ncustomer: [Back]\nbot: *\n", flow=twice)
    assert "steps.more.options.again.goto" in left(tapped)
    typed = covered(HELLO + "customer: [More]\nbot: *\ncustomer: back\nbot: *\n", flow=twice)
    assert "steps.more.options.again.goto" not in left(typed)


def test_silent_steps_on_the_way_and_the_case_that_was_taken_are_seen() -> None:
    coverage = covered(
        HELLO
        + """\
service: crm POST /plans/* -> 200 {"premium": true}
customer: [My plan]
bot: Which plan?
customer: gold
bot: Premium Thanks*
"""
    )
    gone = {"steps.by_plan", "steps.premium_plan", "steps.by_plan.cases.true"}
    assert not gone & left(coverage)
    assert "steps.by_plan.cases.3" in left(coverage)


def test_texts_of_jobs_and_hand_overs_are_seen_when_their_news_come() -> None:
    coverage = covered(
        HELLO
        + """\
customer: [Restart]
bot: *
customer: [Yes]
bot: ...
after 5 minutes
bot: ... Done: Box
customer: human
bot: In the queue*
"""
    )
    texts = {path for path in left(coverage) if ".texts." in path}
    assert "jobs.restart.texts.succeeded" not in texts
    assert "jobs.restart.texts.failed" in texts
    assert "handover.texts.queued" not in texts
    assert "handover.texts.joined" in texts


def test_several_conversations_add_up_and_nothing_is_counted_beyond_the_whole() -> None:
    coverage = covered(HELLO, HELLO + "customer: home\nbot: *\n")
    assert "words.menu" not in left(coverage)
    assert coverage.touched + len(coverage.untouched()) == coverage.total
    assert coverage.percent == 100 * coverage.touched // coverage.total


def test_shipped_words_are_not_counted_and_own_ones_are() -> None:
    own = "handover: { texts: { queued: { en: Wait. } } }\n"
    paths = left(Coverage(read(least(more=own))))
    assert "handover.texts.queued" in paths
    assert "handover.texts.ended" not in paths
    assert "jobs.restart.texts.failed" not in paths
