"""Flows to draw: the shipped one, one with every keyword, some as large as one likes."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

from actors.flow.model import Flow
from tests.actors.small_flow import changed, source

SHIPPED = Path(__file__).resolve().parents[3] / "daemon" / "shipped" / "router_care.yaml"

_FURTHER = """\
  visit:
    do: hours
    of: office
    open: ask_day
    closed: too_late
  too_late:
    do: message
    text: { es: Cerrado, en: "We are closed until {hours.office.opens, time}." }
    then: main
  ask_day:
    do: question
    text: { es: "¿Qué día?", en: "On which day shall we come?" }
    keep: day
    answer: { kind: date, earliest: today + 1 days, latest: today + 30 days }
    tries: 2
    on_failure: person
    keywords:
      never: { words: { es: [nunca], en: [never mind] }, goto: forget_it }
    then: ask_part
  ask_part:
    do: question
    text: { es: "¿Mañana o tarde?", en: "Morning or afternoon?" }
    keep: part
    answer:
      kind: choice
      choices:
        morning: { title: { es: Mañana, en: Morning } }
        afternoon: { title: { es: Tarde, en: Afternoon } }
    then: book
  book:
    do: request
    service: crm
    method: POST
    path: "/visits"
    body: { day: "{day}", part: "{part}" }
    keep: { visit: id, left: slots.# }
    then: remember
    on_missing: sure
    on_status: { "409": ask_day, 5xx: crm_down }
    on_timeout: sure
    on_error: crm_down
  sure: { do: call, flow: proof, then: remember }
  remember:
    do: set
    values: { booked: true }
    compute: { tries: "left - 1" }
    then: few_left
  few_left: { do: if, test: "left < 3 and part == 'morning'", then: quiet, otherwise: thanks }
  quiet: { do: mute, then: thanks }
  loud: { do: unmute, then: main }
  forget_it: { do: forget, values: [day, part], then: stop_it }
  stop_it: { do: cancel_job, job: restart, then: main }
subflows:
  proof:
    entry: ask
    steps:
      ask:
        do: menu
        text: { es: "¿Seguro?", en: "Shall I really send somebody on {day, date}?" }
        options:
          sure: { title: { es: "Sí", en: "Yes" }, goto: done }
          unsure: { title: { es: "No", en: "No" }, when: left > 0, goto: explain }
          person: { title: { es: Persona, en: A person }, goto: person }
      explain: { do: message, text: { es: Está bien, en: All right }, then: again }
      again: { do: call, flow: survey, then: done }
      done: { do: return }
  survey:
    entry: how
    steps:
      how:
        do: question
        text: { es: "¿Qué tal?", en: "How was it, from 1 to 5?" }
        keep: mark
        answer: { kind: number, least: 1, most: 5 }
        then: done
      done: { do: return }
hours:
  office:
    week: { mon-fri: ["08:00-18:00"] }
"""

_PERSON = "  person: { do: handover }\n"
_BACK = "      back: { title: { es: Volver, en: Back }, goto: main }\n"

EVERY_KEYWORD = changed(
    _BACK,
    "      visit: { title: { es: Visita, en: A visit }, when: premium, goto: visit }\n"
    "      loud: { title: { es: Avisos, en: News again }, goto: loud }\n" + _BACK,
    changed(_PERSON, _PERSON + _FURTHER),
)


def shipped() -> Flow:
    """The flow that comes with the program."""
    return source(SHIPPED.read_text(encoding="utf-8")).flow


def every_keyword() -> Flow:
    """A flow in which every kind of step, answer and way occurs."""
    return source(EVERY_KEYWORD).flow


def with_steps(steps: Mapping[str, object], back: str = "main") -> Flow:
    """The small flow with more steps; its option "Back" leads to one of them."""
    further = "".join(f"  {name}: {json.dumps(step)}\n" for name, step in steps.items())
    text = changed(_BACK, _BACK.replace("goto: main", f"goto: {back}"))
    return source(changed(_PERSON, _PERSON + further, text)).flow


def chain(steps: int) -> Flow:
    """Messages, one after the other."""
    made = {
        f"link_{number}": {
            "do": "message",
            "text": {"en": f"Number {number}"},
            "then": f"link_{number + 1}" if number + 1 < steps else "main",
        }
        for number in range(steps)
    }
    return with_steps(made, "link_0")


def large(steps: int, seed: int) -> Flow:
    """A flow of that many further steps that lead onward, back and across, as flows do that grew
    over years."""
    chance = random.Random(seed)
    names = [f"step_{number}" for number in range(steps)]
    made = {name: _any_step(chance, names, number) for number, name in enumerate(names)}
    return with_steps(made, "step_0")


def _any_step(chance: random.Random, names: list[str], number: int) -> object:
    onward = names[number + 1 : number + 9] or ["main"]
    near = names[max(0, number - 3) : number + 1]

    def anywhere() -> str:
        # Most ways lead a little further; some home, some back, some far away.
        return chance.choice([*onward * 3, "main", "main", "person", *near, chance.choice(names)])

    text = {"en": " ".join(["word"] * chance.randrange(3, 40))}
    first = onward[0]
    match chance.choice(["menu", "message", "question", "request", "branch"]):
        case "menu":
            targets = [first, *(anywhere() for _ in range(chance.randrange(1, 5)))]
            options = {
                f"o{index}": {"title": {"en": f"Option {index}"}, "goto": target}
                for index, target in enumerate(targets)
            }
            return {"do": "menu", "text": text, "options": options}
        case "message":
            return {"do": "message", "text": text, "then": first}
        case "question":
            return {"do": "question", "text": text, "keep": f"kept_{number}", "then": first}
        case "request":
            where = {"service": "crm", "path": f"/things/{number}", "keep": {"plan": "a.b"}}
            return {"do": "request", **where, "then": first, "on_error": anywhere()}
        case _:
            cases = {"1": anywhere(), "2": first}
            return {"do": "branch", "value": "plan", "cases": cases, "otherwise": anywhere()}
