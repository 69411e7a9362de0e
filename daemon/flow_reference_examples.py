"""An example for each kind of step and of answer, for docs/flow-reference.md.

What lives here: parts of a flow file; the tests lay each over a whole one and check it. What must
not: how the page is made (`flow_reference`).
"""

from __future__ import annotations

from collections.abc import Mapping

STEPS: Mapping[str, str] = {
    "menu": """\
steps:
  main:
    do: menu
    text: {en: How can I help you?}
    options:
      restart: {title: {en: Restart my router}, words: {en: [restart]}, goto: known}
      bill: {title: {en: My bill}, when: balance > 0, goto: more}
      person: {title: {en: Talk to a person}, goto: person}
""",
    "message": """\
steps:
  more:
    do: message
    text: {en: "You owe {balance, currency, PEN}."}
    then: main
""",
    "question": """\
steps:
  more:
    do: question
    text: {en: How many devices have no internet?}
    keep: devices
    answer: {kind: number, least: 1, most: 50}
    invalid: {en: Please type a number from 1 to 50.}
    tries: 2
    on_failure: person
    keywords:
      unsure: {words: {en: [no idea]}, goto: person}
    then: main
""",
    "request": """\
steps:
  more:
    do: request
    service: crm
    method: POST
    path: /visits
    body: {phone: "{customer.phone}", source: {channel: whatsapp}}
    keep: {visit: id}
    then: booked
    on_status: {"409": taken}
    on_timeout: unsure
    on_error: person
  booked: {do: message, text: {en: "Your visit has the number {visit}."}, then: main}
  taken: {do: message, text: {en: A visit is planned already.}, then: main}
  unsure: {do: message, text: {en: I do not know whether that worked.}, then: person}
""",
    "branch": """\
steps:
  known:
    do: branch
    value: router
    cases: {"null": person}
    otherwise: restart
""",
    "if": """\
steps:
  more:
    do: if
    test: balance > 100 and not jobs.restart.running
    then: person
    otherwise: main
""",
    "set": """\
steps:
  more:
    do: set
    values: {channel: whatsapp}
    compute: {rest: number(balance) - 10}
    then: tell
  tell: {do: message, text: {en: "By {channel}, {rest, number} is left."}, then: main}
""",
    "forget": """\
steps:
  more:
    do: forget
    values: [router, balance]
    then: find
""",
    "hours": """\
hours:
  office: {week: {mon-fri: ["08:00-13:00", "14:00-18:00"]}, time_zone: America/Lima}
steps:
  more:
    do: hours
    of: office
    open: person
    closed: shut
  shut:
    do: message
    text: {en: "We are closed until {hours.office.opens, time}."}
    then: main
""",
    "start_job": """\
steps:
  restart:
    do: start_job
    job: restart
    then: main
""",
    "cancel_job": """\
steps:
  more:
    do: cancel_job
    job: restart
    then: main
""",
    "job_status": """\
steps:
  status:
    do: job_status
    then: main
""",
    "mute": """\
steps:
  more:
    do: mute
    then: loud
  loud:
    do: question
    text: {en: I tell you no progress while you write. What happened?}
    keep: story
    then: unmute
  unmute: {do: unmute, then: tell}
  tell: {do: message, text: {en: "Thank you: {story}"}, then: main}
""",
    "unmute": """\
steps:
  more:
    do: unmute
    then: main
""",
    "handover": """\
hours:
  office: {week: {mon-fri: ["08:00-18:00"]}}
steps:
  person:
    do: handover
    hours: office
    closed: shut
    reason: {en: "Owes {balance}."}
  shut: {do: message, text: {en: Our team is back on the next working day.}, then: main}
""",
    "set_language": """\
steps:
  more:
    do: set_language
    language: en
    then: main
""",
    "call": """\
subflows:
  identify:
    entry: ask
    steps:
      ask:
        do: question
        text: {en: Your account number?}
        keep: account
        answer: {kind: account, pattern: "[0-9]{8}"}
        then: back
      back: {do: return}
steps:
  more: {do: call, flow: identify, then: tell}
  tell: {do: message, text: {en: "Your account is {account}."}, then: main}
""",
    "return": """\
subflows:
  thanks:
    entry: say
    steps:
      say: {do: message, text: {en: Thank you.}, then: back}
      back: {do: return}
steps:
  more: {do: call, flow: thanks, then: main}
""",
}

ANSWERS: Mapping[str, str] = {
    "text": 'answer: {kind: text, longest: 200, pattern: "[^0-9]+"}',
    "number": "answer: {kind: number, least: 1, most: 500, decimals: 2}",
    "date": "answer: {kind: date, earliest: today, latest: today + 2 weeks}",
    "account": 'answer: {kind: account, pattern: "[0-9]{8}"}',
    "choice": """\
answer:
  kind: choice
  choices:
    morning: {title: {en: In the morning}, words: {en: [morning]}}
    evening: {title: {en: In the evening}, words: {en: [evening]}}""",
}
