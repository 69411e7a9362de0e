"""Lines that the shipped files do not use mean the same in the sandbox and on the pure core."""

from __future__ import annotations

from pathlib import Path

from actors.flow.reader import FlowSource, read_flow
from daemon.flowtest.rehearsal import rehearse
from daemon.sandbox.command import play_script
from daemon.scripts.comparing import unlike
from daemon.scripts.format import Script, read_script
from daemon.scripts.player import Failure
from daemon.shipped import shipped_flow

STORY = """\
title: A service of one's own, another provider's name, a Christmas
language: en
begins: 2026-12-24 18:30
service: billing GET /customers/*/bill -> once 503
service: billing GET /customers/*/bill -> 200 @bill.json
customer: hello
bot: Hello*
conversation: is at main
conversation: speaks en
value: customer_id = c-*
customer: [My bill]
after 5 seconds
bot: Your bill: *€77.50*, due on January 3, 2027.*
service: billing was asked 2 times GET /customers/c-1001/bill
service: crm GET /lines/*/plan -> no answer
customer: [My plan]
after 10 seconds
bot: I cannot see that right now*
conversation: is at no_answer
crm: up
provider: by hand
customer: menu
bot: *
customer: [Restart my router]
bot: *
provider: refuse 503 for 25 seconds
customer: [Yes, restart]
bot: I have requested*
bot: *
job: restart is starting
after 40 seconds
bot: *has not confirmed*
bot: *is confirmed*
job: restart is running
provider: says running reboot 10%
job: restart is at reboot
provider: restarts = 1
after 20 seconds
bot: *is restarting*
provider: can no longer cancel
customer: cancel
bot: ...
provider: says failed 9002
bot: *did not work* [Try again] [Talk to a person] [Leave it]
job: restart is failed
customer: [Talk to a person]
bot: *
conversation: waits for a person
agent: rings Rita
agent: reject
after 5 seconds
agent: accept Eva
after 30 seconds
bot: You are now talking*
conversation: talks to a person
"""
RESTART = "    kind: router.restart\n"
WRONG = """\
language: en
customer: hello
bot: Hello*
value: customer_id = c-2002
"""


def own_flow(folder: Path) -> Path:
    """The shipped flow with a service and a provider of other names."""
    text = shipped_flow().read_text(encoding="utf-8")
    bill = "service: crm\n    path: /customers/{customer_id}/bill"
    assert text.count(bill) == 1
    assert text.count(RESTART) == 1
    text = text.replace(bill, bill.replace("crm", "billing"))
    path = folder / "own.yaml"
    path.write_text(text.replace(RESTART, f"{RESTART}    provider: acs\n"), encoding="utf-8")
    return path


def script_of(text: str, folder: Path) -> Script:
    path = folder / "story.chat"
    path.write_text(text, encoding="utf-8")
    bill = '{"amount": 77.5, "currency": "EUR", "due_date": "2027-01-03"}'
    (folder / "bill.json").write_text(bill, encoding="utf-8")
    return read_script(path)


def both(text: str, folder: Path) -> tuple[Script, list[Failure | None], str | None]:
    script, flow = script_of(text, folder), own_flow(folder)
    source = read_flow(flow.read_bytes())
    assert isinstance(source, FlowSource)
    there = play_script(script, None, lambda _line: None, flow)
    here = rehearse(source, script).played
    return script, [there.failure, here.failure], unlike(script, there, here)


def test_every_kind_of_line_goes_the_same_way(tmp_path: Path) -> None:
    _, failures, difference = both(STORY, tmp_path)
    assert failures == [None, None]
    assert difference is None


def test_what_the_bot_has_in_mind_is_seen_in_both(tmp_path: Path) -> None:
    _, failures, _ = both(WRONG, tmp_path)
    assert failures == [Failure(4, "the value customer_id", "c-2002", "c-1001")] * 2
