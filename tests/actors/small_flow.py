"""A small flow that uses every kind of step, in two languages."""

from __future__ import annotations

import textwrap
from typing import Any

from actors.conversation.state import Surroundings
from actors.flow.model import Flow
from actors.flow.reader import FlowSource, read_flow

SMALL_FLOW = """\
format: 1
name: small
languages: [es, en]
entry: look_up
root: main
words:
  menu: { words: { es: [menú, inicio], en: [home] }, goto: main }
  person: { words: { es: [persona], en: [human] }, goto: person }
steps:
  look_up:
    do: request
    service: crm
    path: "/customers/{customer.phone}"
    keep: { router: routers.0.id, label: routers.0.label, account: account }
    then: main
    on_missing: no_router
    on_error: crm_down
    on_status: { "404": who_are_you }
  main:
    do: menu
    text: { es: "Hola {customer.name}, ¿qué hacemos?", en: "Hello {customer.name}, what now?" }
    options:
      restart: { title: { es: Reiniciar, en: Restart }, goto: confirm }
      quick:
        title: { es: Reinicio rápido, en: Quick restart }
        description: { es: Mira la línea antes, en: Looks at the line first }
        goto: look_at_line
      status: { title: { es: Mis trabajos, en: My jobs }, goto: jobs }
      plan: { title: { es: Mi plan, en: My plan }, goto: ask_plan }
      more: { title: { es: Más, en: More }, words: { es: [otra cosa], en: [else] }, goto: more }
  confirm:
    do: menu
    text: { es: "¿Reinicio {label}?", en: "Restart {label}?" }
    options:
      "yes": { title: { es: "Sí", en: "Yes" }, words: { es: [dale], en: [ok] }, goto: restart }
      "no": { title: { es: "No", en: "No" }, goto: main }
  more:
    do: menu
    text: { es: Más cosas, en: More things }
    options:
      person: { title: { es: Una persona, en: A person }, goto: person }
      language: { title: { es: English, en: Español }, goto: which_language }
      back: { title: { es: Volver, en: Back }, goto: main }
  which_language:
    do: menu
    text: { es: Idioma, en: Language }
    options:
      es: { title: { es: Español, en: Español }, goto: speak_es }
      en: { title: { es: English, en: English }, goto: speak_en }
  speak_es: { do: set_language, language: es, then: main }
  speak_en: { do: set_language, language: en, then: main }
  restart: { do: start_job, job: restart, then: main }
  look_at_line:
    do: request
    service: crm
    path: "/lines/{router}"
    keep: { line: state }
    then: restart
    on_error: crm_down
  jobs: { do: job_status, then: main }
  ask_plan:
    do: question
    text: { es: "¿Qué plan?", en: "Which plan?" }
    keep: plan
    then: look_at_plan
  look_at_plan:
    do: request
    service: crm
    method: POST
    path: "/plans/{plan}/now"
    query: { q: "{plan}" }
    body: { plan: "{plan}", count: 3, sure: true }
    keep: { premium: premium }
    then: by_plan
    on_error: crm_down
  by_plan:
    do: branch
    value: premium
    cases: { "true": premium_plan, "3": three }
    otherwise: plain_plan
  premium_plan: { do: message, text: { es: Premium, en: Premium }, then: thanks }
  plain_plan: { do: message, text: { es: Sencillo, en: Plain }, then: thanks }
  three: { do: message, text: { es: Tres, en: Three }, then: thanks }
  thanks: { do: message, text: { es: Gracias, en: Thanks }, then: main }
  crm_down: { do: message, text: { es: Sin sistema, en: System down }, then: main }
  no_router: { do: message, text: { es: Sin equipo, en: No router }, then: main }
  who_are_you:
    do: question
    text: { es: "¿Tu número de cliente?", en: "Your customer number?" }
    keep: customer_id
    then: main
  person: { do: handover }
jobs:
  restart:
    kind: router.restart
    device: router
    device_label: label
    account: account
    title: { es: Reinicio, en: Restart }
    texts:
      requested: { es: "Pedido: {device}", en: "Asked: {device}" }
      waiting_for_provider: { es: Esperando al sistema, en: Waiting for the system }
      accepted: { es: Aceptado, en: Accepted }
      stalled: { es: Sigue en marcha, en: Still working }
      unseen: { es: No vemos el avance, en: We cannot see it }
      succeeded: { es: "Listo: {device}", en: "Done: {device}" }
      failed: { es: "Falló, quedan {retries_left}", en: "Failed, {retries_left} left" }
      nothing_changed: { es: No se cambió nada, en: Nothing was changed }
      timed_out: { es: No volvió a tiempo, en: It did not come back }
      fate_unknown: { es: No sabemos si corrió, en: We do not know }
      cancelling: { es: Cancelando, en: Cancelling }
      cancelled: { es: Cancelado, en: Cancelled }
      cancel_too_late: { es: Ya es tarde, en: Too late }
      corrected: { es: Al final funcionó, en: It worked after all }
      checking: { es: Mirando otra vez, en: Looking again }
      already_running: { es: "Ya está en marcha: {device}", en: "Already running: {device}" }
      steps:
        rebooting: { es: Se apaga, en: Going down }
        back: { es: Vuelve, en: Coming back }
    menu:
      retry: { es: Reintentar, en: Retry }
      agent: { es: Hablar con alguien, en: Talk to a person }
      leave: { es: Dejarlo así, en: Leave it }
      cancel: { es: Cancelar, en: Cancel }
handover:
  summary: { es: "{customer} | {device} | {jobs} | {transcript}", en: "-" }
  job_line: { es: "[{job}] {news}", en: "[{job}] {news}" }
  leave_words: { es: [salir], en: [leave] }
  texts:
    queued: { es: "En cola, {customer.name}", en: "In the queue, {customer.name}" }
    joined: { es: "Te atiende {agent}", en: "{agent} is here" }
    ended: { es: Fin del chat, en: End of the chat }
    left: { es: Saliste del chat, en: You left the chat }
    nobody: { es: No hay nadie, en: Nobody is free }
    unavailable: { es: No disponible, en: Not available }
    already: { es: Ya avisamos, en: They know already }
    leave: { es: Salir del chat, en: Leave the chat }
phrases:
  not_understood: { es: No entendí, en: I did not understand }
  unsupported: { es: Solo leo texto, en: I read text only }
  too_long: { es: Muy largo, en: Too long }
  stale: { es: Ese botón es viejo, en: That button is old }
  no_jobs: { es: Sin trabajos, en: No jobs }
  choose: { es: Elegir, en: Choose }
  apology: { es: Perdón, en: Sorry }
  person: { es: Con una persona, en: To a person }
"""


def source(text: str = SMALL_FLOW) -> FlowSource:
    """Read a flow that must be well formed."""
    found = read_flow(text.encode())
    assert isinstance(found, FlowSource), "\n".join(map(str, found))
    return found


def changed(old: str, new: str, text: str = SMALL_FLOW) -> str:
    """Return the flow with one place changed; the place must be there once."""
    assert text.count(old) == 1, f"{text.count(old)} places hold {old!r}"
    return text.replace(old, new)


def question(answer: str, more: str = "", *, then: str = "thanks") -> str:
    """A new step `test`, for `extended`, that asks for this answer."""
    return f"""
            test:
              do: question
              text: {{ es: "¿Qué?", en: "What?" }}
              keep: got
              then: {then}
              answer: {answer}
              {more}
        """


def extended(*steps: str, top: str = "") -> str:
    """The flow with more steps, the first of which is `test`; "Más" of the main menu leads there.

    `top`: more keys of the file.
    """
    text = changed("goto: more }\n", "goto: test }\n")
    person = "  person: { do: handover }\n"
    more = "".join(textwrap.indent(textwrap.dedent(each).strip() + "\n", "  ") for each in steps)
    return textwrap.dedent(top) + changed(person, person + more, text)


def without_jobs() -> str:
    """The flow as it would be if nothing could be restarted any more."""
    text = changed("do: start_job, job: restart, then", "do: job_status, then")
    return text[: text.index("jobs:\n  restart:\n")] + text[text.index("handover:\n") :]


SMALL: Flow = source().flow
VERSION = source().version


def around(**more: Any) -> Surroundings:
    """What a turn may know, with the small flow as the only one."""
    known: dict[str, Any] = {
        "flows": {VERSION: SMALL},
        "flow_version": VERSION,
        "default_language": "es",
    }
    return Surroundings(**{**known, **more})
