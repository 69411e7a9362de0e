"""What steps name besides other steps: jobs, languages, hours, services.

What lives here: whether what is named is there, and whether what is there is named. What must not:
values (`values`), or what is inside of the things that are named.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.flow import model, rules
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault, instead, nearest
from actors.flow.formats import spoken


def jobs(subject: Subject) -> Iterator[FlowFault]:
    """Every job that is named is there, its provider is known, and something starts it."""
    flow = subject.flow
    started: set[str] = set()
    for place in subject.places:
        if not isinstance(place.step, model.StartJob | model.CancelJob):
            continue
        name = place.step.job
        if name not in flow.jobs:
            do = instead(name, flow.jobs, "Write it under `jobs`")
            what = f"there is no job {name!r} under jobs"
            yield subject.fault(rules.UNKNOWN_JOB, f"{place.where}.job", what, do)
        if isinstance(place.step, model.StartJob):
            started.add(name if name in flow.jobs else nearest(name, flow.jobs) or name)
    for name, job in flow.jobs.items():
        providers = subject.world.providers
        if providers is not None and job.provider not in providers:
            what = f"the configuration has no [telco.{job.provider}]"
            do = instead(job.provider, providers, "Add it to the configuration")
            yield subject.fault(rules.UNKNOWN_PROVIDER, f"jobs.{name}.provider", what, do)
        if name not in started:
            do = "Start it with `do: start_job`, or take it out"
            yield subject.fault(rules.UNUSED_JOB, f"jobs.{name}", "no step starts this job", do)


def services(subject: Subject) -> Iterator[FlowFault]:
    """Every service is one of the configuration's."""
    known = subject.world.services
    for place in subject.places:
        if not isinstance(place.step, model.Request) or known is None:
            continue
        if place.step.service not in known:
            what = f"the configuration has no [services.{place.step.service}]"
            do = instead(place.step.service, known, "Add it to the configuration")
            yield subject.fault(rules.UNKNOWN_SERVICE, f"{place.where}.service", what, do)


def languages(subject: Subject) -> Iterator[FlowFault]:
    """Every language that is named is one of the flow's."""
    flow = subject.flow
    named = [
        (f"{place.where}.language", place.step.language)
        for place in subject.places
        if isinstance(place.step, model.SetLanguage)
    ]
    for where, language in named:
        if language not in flow.languages:
            what = f"not one of languages: {language!r}"
            do = instead(language, flow.languages, "Add it to `languages`")
            yield subject.fault(rules.UNKNOWN_LANGUAGE, where, what, do)
    default = subject.world.default_language
    if default is not None and spoken(default, flow.languages) is None:
        what = f"flow.default_language of the configuration, {default!r}, is not among them"
        do = instead(default, flow.languages, "Add it, or change the configuration")
        yield subject.fault(rules.UNKNOWN_LANGUAGE, "languages", what, do)


def hours(subject: Subject) -> Iterator[FlowFault]:
    """Every name of opening hours is one of the file's, with a way for when it is closed."""
    flow = subject.flow
    desk = flow.handover
    asked: list[tuple[str, str | None, str | None]] = [("handover", desk.hours, desk.closed)]
    named: list[tuple[str, str]] = []
    for place in subject.places:
        if isinstance(place.step, model.AskHours):
            named.append((f"{place.where}.of", place.step.of))
        if isinstance(place.step, model.Handover):
            asked.append((place.where, place.step.hours, place.step.closed))
    for where, of, closed in asked:
        if of is not None:
            named.append((f"{where}.hours", of))
        if (of is None) != (closed is None):
            key = "hours" if closed is None else "closed"
            what = "`hours` and `closed` belong together: when people come, and where to go else"
            do = "Add the other one, or take this out"
            yield subject.fault(rules.HOURS_HALF, f"{where}.{key}", what, do)
    for where, name in named:
        if name not in flow.hours:
            do = instead(name, flow.hours, "Write them under `hours`")
            what = f"there are no hours {name!r} under hours"
            yield subject.fault(rules.UNKNOWN_HOURS, where, what, do)
