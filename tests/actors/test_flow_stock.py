"""What a flow file leaves out is said in the shipped words; what it writes is said as written."""

from __future__ import annotations

import re
from datetime import date

import msgspec
import pytest

from actors.flow import model
from actors.flow.check import World, check
from actors.flow.reader import FlowSource, decode_flow, encode_flow, read_leniently
from actors.flow.stock import STOCK, STOCKED
from actors.flow.stock.words import StockWords
from actors.flow.texts import names_in
from tests.actors.large_flow import written

LEAST = """\
format: 1
name: least
languages: [en]
entry: find
root: main
words:
  menu: {goto: main, words: {LANG: [menu]}}
  agent: {goto: person, words: {LANG: [agent]}}
steps:
  find:
    do: request
    service: crm
    path: /customers
    query: {phone: "{customer.phone}"}
    keep: {router: 0.router}
    then: main
    on_error: main
  main:
    do: menu
    text: {LANG: Hello}
    options:
      restart: {title: {LANG: Restart}, goto: known}
      status: {title: {LANG: Status}, goto: status}
      person: {title: {LANG: Person}, goto: person}
  known: {do: branch, value: router, cases: {"null": person}, otherwise: restart}
  restart: {do: start_job, job: restart, then: main}
  status: {do: job_status, then: main}
  person: {do: handover}
jobs:
  restart: {kind: router.restart, device: router, title: {LANG: Restart}}
"""
WORLD = World(date(2026, 11, 25), frozenset({"main"}), frozenset({"crm"}))


def least(language: str = "en", more: str = "") -> bytes:
    text = LEAST.replace("LANG", language).replace("[en]", f"[{language}]")
    return (text + more).encode()


def read(data: bytes) -> FlowSource:
    source, faults = read_leniently(data)
    assert faults == []
    assert source is not None
    return source


@pytest.mark.parametrize("language", [*STOCK, "es-PE", "pt-BR"])
def test_a_file_without_them_has_no_fault_in_any_language_that_is_shipped(language: str) -> None:
    source = read(least(language))
    assert check(source, WORLD) == []
    flow = source.flow
    words = STOCK[language[:2]]
    assert flow.phrases.apology == {language: words.phrases["apology"]}
    assert flow.jobs["restart"].texts.failed == {language: words.job_texts["failed"]}
    assert flow.jobs["restart"].menu.retry == {language: words.job_menu["retry"]}
    assert flow.handover.texts.queued == {language: words.handover_texts["queued"]}
    assert flow.handover.leave_words == {language: words.leave_words}


def test_the_languages_say_the_same_with_the_same_values() -> None:
    sets = [
        {
            f"{part}.{key}": sorted(names_in(text))
            for part in ("phrases", "handover", "handover_texts", "job_texts", "job_menu")
            for key, text in getattr(words, part).items()
        }
        for words in STOCK.values()
    ]
    assert sets[0]["job_texts.failed"] == ["device", "job"]
    assert all(each == sets[0] for each in sets)


def test_there_are_words_for_every_key_that_may_be_left_out() -> None:
    for words in STOCK.values():
        assert set(words.phrases) == STOCKED[model.Phrases]
        assert {*words.handover, "texts"} == STOCKED[model.Desk]
        assert set(words.handover_texts) == STOCKED[model.HandoverTexts]
        assert set(words.job_texts) == STOCKED[model.JobTexts]
        assert set(words.job_menu) == STOCKED[model.JobMenu]


@pytest.mark.parametrize("words", STOCK.values(), ids=STOCK)
def test_the_word_that_the_shipped_text_names_leads_back(words: StockWords) -> None:
    joined, leave = words.handover_texts["joined"], words.leave_words
    named = re.search(r"\*(\w+)\*", joined)
    assert named is not None
    assert named[1] in leave


def test_what_the_file_writes_is_said_as_written() -> None:
    more = """\
phrases: {apology: {en: Oops.}}
handover: {texts: {queued: {en: Wait a moment.}}, policy: {patience_s: 60}}
"""
    flow = read(least(more=more)).flow
    english = STOCK["en"]
    assert flow.phrases.apology == {"en": "Oops."}
    assert flow.phrases.stale == {"en": english.phrases["stale"]}
    assert flow.handover.texts.queued == {"en": "Wait a moment."}
    assert flow.handover.texts.ended == {"en": english.handover_texts["ended"]}
    assert flow.handover.policy.patience_s == 60


def test_a_file_that_says_how_a_chat_with_a_person_begins_names_its_own_word() -> None:
    own = 'handover: {texts: {joined: {en: "Write *robot* to go back."}}}\n'
    assert read(least(more=own)).flow.handover.leave_words == {}
    none = "handover: {leave_words: {}}\n"
    assert read(least(more=none)).flow.handover.leave_words == {}


def test_a_text_is_taken_whole_so_that_a_missing_language_is_told() -> None:
    text = LEAST.replace("[en]", "[en, es]")
    text = re.sub(r"\{LANG: (\[?\w+\]?)\}", r"{en: \1, es: \1}", text)
    source = read(f"{text}phrases: {{apology: {{en: Oops.}}}}\n".encode())
    told = [(fault.code, fault.where) for fault in check(source, WORLD) if fault.code[0] == "E"]
    assert told == [("E301", "phrases.apology")]


@pytest.mark.parametrize("languages", ["[fr]", "[en, fr]"])
def test_in_other_languages_they_are_asked_for(languages: str) -> None:
    faults = read_leniently(LEAST.replace("LANG", "fr").replace("[en]", languages).encode()).faults
    assert {(fault.code, fault.what) for fault in faults} == {
        ("E104", "a flow needs `phrases`"),
        ("E104", "a flow needs `handover`"),
        ("E104", "a job needs `texts`"),
        ("E104", "a job needs `menu`"),
    }
    assert all("Words are shipped where all languages are of en, es, pt" in f.do for f in faults)


def test_a_mistyped_key_beside_them_is_one_fault() -> None:
    faults = read_leniently(least(more="phrases: {aplogy: {en: Oops.}}\n")).faults
    assert [(fault.code, fault.do) for fault in faults] == [("E103", "Did you mean `apology`?")]
    faults = read_leniently(least().replace(b"languages", b"langages")).faults
    assert [(fault.code, fault.do) for fault in faults] == [("E103", "Did you mean `languages`?")]


def test_a_broken_text_of_them_leaves_the_rest_to_be_looked_at() -> None:
    source, faults = read_leniently(least(more="phrases: {apology: 5}\n"))
    assert [fault.code for fault in faults] == ["E105"]
    assert source is not None


def test_what_is_kept_of_a_flow_is_whole() -> None:
    source = read(least())
    assert decode_flow(encode_flow(source.flow)) == source.flow
    again = written(msgspec.json.decode(encode_flow(source.flow)))
    assert read(again.encode()).version == source.version
