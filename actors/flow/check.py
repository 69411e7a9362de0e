"""What cannot work in a flow, found before a customer finds it.

What lives here: the checks that need the whole flow. What must not: faults of form (`reader`).
Texts are measured in UTF-16 units, the strictest reading of WhatsApp's limits
(https://developers.facebook.com/documentation/business-messaging/whatsapp/).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from actors.flow import model
from actors.flow.reader import FlowFault, FlowSource
from actors.flow.render import placeholders

BUTTONS_MAX = 3
BUTTON_TITLE_MAX = 20
ROW_TITLE_MAX = 24
ROW_DESCRIPTION_MAX = 72
MENU_TEXT_MAX = 1024
TEXT_MAX = 4096

_TEXT_WORDS = frozenset(
    {"customer.name", "customer.phone", "device", "step", "retries_left", "agent", "jobs"}
    | {"transcript", "job", "news", "customer"}
)


def check_flow(
    source: FlowSource, providers: frozenset[str], services: frozenset[str]
) -> list[FlowFault]:
    """All faults; empty where the flow can run with these providers and services."""
    return [
        *_targets(source),
        *_texts(source),
        *_jobs(source, providers),
        *_services(source, services),
    ]


def targets_of(step: model.Step) -> list[tuple[str, str]]:
    """Where a step can lead: pairs of a key path inside the step and a step's name."""
    match step:
        case model.Menu(options=options):
            return [(f"options.{name}.goto", option.goto) for name, option in options.items()]
        case model.Request():
            found = [("then", step.then), ("on_error", step.on_error)]
            if step.on_missing is not None:
                found.append(("on_missing", step.on_missing))
            return found + [(f"on_status.{key}", to) for key, to in step.on_status.items()]
        case model.Branch(cases=cases, otherwise=otherwise):
            return [(f"cases.{key}", to) for key, to in cases.items()] + [("otherwise", otherwise)]
        case model.Handover():
            return []
        case _:
            return [("then", step.then)]


def _targets(source: FlowSource) -> Iterator[FlowFault]:
    flow = source.flow
    for key in ("entry", "root"):
        if getattr(flow, key) not in flow.steps:
            yield source.fault(key, f"there is no step {getattr(flow, key)!r}")
    if not isinstance(flow.steps.get(flow.root), model.Menu | None):
        yield source.fault("root", "the root must be a menu: everything comes back to it")
    for name, step in flow.steps.items():
        for key, target in targets_of(step):
            if target not in flow.steps:
                yield source.fault(f"steps.{name}.{key}", f"there is no step {target!r}")
    for name, word in flow.words.items():
        if word.goto not in flow.steps:
            yield source.fault(f"words.{name}.goto", f"there is no step {word.goto!r}")
    yield from _silent_loops(source)


def _silent_loops(source: FlowSource) -> Iterator[FlowFault]:
    """Steps that lead to each other without ever waiting for the customer or a service."""
    flow = source.flow
    onward = {
        name: [to for _, to in targets_of(step) if to in flow.steps]
        for name, step in flow.steps.items()
        if not isinstance(step, model.Menu | model.Question | model.Request | model.Handover)
    }
    done: set[str] = set()
    told: set[str] = set()
    for start in onward:
        if start in done:
            continue
        path, ways = [start], [iter(onward[start])]
        while path:
            to = next(ways[-1], None)
            if to is None:
                done.add(path.pop())
                ways.pop()
            elif to in path:
                circle = " -> ".join([*path[path.index(to) :], to])
                if circle not in told:
                    told.add(circle)
                    yield source.fault(f"steps.{to}", f"goes round without waiting: {circle}")
            elif to in onward and to not in done:
                path.append(to)
                ways.append(iter(onward[to]))


def _jobs(source: FlowSource, providers: frozenset[str]) -> Iterator[FlowFault]:
    flow = source.flow
    for name, step in flow.steps.items():
        if isinstance(step, model.StartJob) and step.job not in flow.jobs:
            yield source.fault(f"steps.{name}.job", f"there is no job {step.job!r} under jobs")
        if isinstance(step, model.SetLanguage) and step.language not in flow.languages:
            yield source.fault(f"steps.{name}.language", f"not one of languages: {step.language!r}")
    for name, job in flow.jobs.items():
        if job.provider not in providers:
            yield source.fault(
                f"jobs.{name}.provider", f"the configuration has no [telco.{job.provider}]"
            )
        for key in ("device", "account", "device_label"):
            value = getattr(job, key)
            if value is not None and value not in _kept(flow):
                yield source.fault(f"jobs.{name}.{key}", f"no step keeps a value {value!r}")


def _services(source: FlowSource, services: frozenset[str]) -> Iterator[FlowFault]:
    for name, step in source.flow.steps.items():
        if not isinstance(step, model.Request):
            continue
        if step.service not in services:
            yield source.fault(
                f"steps.{name}.service", f"the configuration has no [services.{step.service}]"
            )
        if not step.path.startswith("/"):
            yield source.fault(f"steps.{name}.path", "must begin with a slash")
        if step.method not in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            yield source.fault(f"steps.{name}.method", f"not a method we send: {step.method!r}")
        known = _kept(source.flow) | _TEXT_WORDS
        body = (value for value in (step.body or {}).values() if isinstance(value, str))
        for template in (step.path, *step.query.values(), *body):
            for asked in placeholders(template):
                if asked not in known:
                    yield source.fault(f"steps.{name}", f"no step keeps a value {asked!r}")


def _kept(flow: model.Flow) -> frozenset[str]:
    kept: set[str] = set()
    for step in flow.steps.values():
        if isinstance(step, model.Request):
            kept.update(step.keep)
        elif isinstance(step, model.Question):
            kept.add(step.keep)
    return frozenset(kept)


# --- texts --------------------------------------------------------------------------------------


def _texts(source: FlowSource) -> Iterator[FlowFault]:
    flow = source.flow
    known = _kept(flow) | _TEXT_WORDS
    for where, text in _all_texts(flow):
        for language in flow.languages:
            if language not in text:
                yield source.fault(where, f"no text in {language!r}")
        for language, words in text.items():
            if language not in flow.languages:
                yield source.fault(f"{where}.{language}", "a language that languages does not list")
            longest = _longest(flow, where)
            if units(words) > longest:
                yield source.fault(
                    f"{where}.{language}", f"{units(words)} characters, {longest} are shown"
                )
            for asked in placeholders(words):
                if asked not in known:
                    yield source.fault(f"{where}.{language}", f"no step keeps a value {asked!r}")


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _longest(flow: model.Flow, where: str) -> int:
    parts = where.split(".")
    if parts[-1] == "title" and "options" in parts:
        step = flow.steps[parts[1]]
        many = isinstance(step, model.Menu) and len(step.options) > BUTTONS_MAX
        return ROW_TITLE_MAX if many else BUTTON_TITLE_MAX
    if parts[-1] == "description" and parts[0] == "steps":
        return ROW_DESCRIPTION_MAX
    if parts[0] == "jobs" and len(parts) > 3 and parts[-2] == "menu":
        return BUTTON_TITLE_MAX
    if parts[0] in ("phrases", "handover") and parts[-1] in ("choose", "person", "leave"):
        return BUTTON_TITLE_MAX
    if parts[0] == "steps" and isinstance(flow.steps[parts[1]], model.Menu):
        return MENU_TEXT_MAX
    # A text of a job is shown with buttons below it in some states.
    return MENU_TEXT_MAX if parts[0] == "jobs" else TEXT_MAX


def _all_texts(flow: model.Flow) -> Iterator[tuple[str, dict[str, str]]]:
    for name, step in flow.steps.items():
        if isinstance(step, model.Menu | model.Message | model.Question):
            yield f"steps.{name}.text", step.text
        if isinstance(step, model.Menu):
            for key, option in step.options.items():
                yield f"steps.{name}.options.{key}.title", option.title
                if option.description is not None:
                    yield f"steps.{name}.options.{key}.description", option.description
    for name, job in flow.jobs.items():
        yield f"jobs.{name}.title", job.title
        yield from _fields(job.texts, f"jobs.{name}.texts")
        yield from _fields(job.menu, f"jobs.{name}.menu")
        for key, text in job.texts.steps.items():
            yield f"jobs.{name}.texts.steps.{key}", text
    yield from _fields(flow.phrases, "phrases")
    yield from _fields(flow.handover.texts, "handover.texts")


def _fields(texts: msgspec.Struct, where: str) -> Iterator[tuple[str, dict[str, str]]]:
    for key in texts.__struct_fields__:
        if key != "steps":
            yield f"{where}.{key}", getattr(texts, key)
