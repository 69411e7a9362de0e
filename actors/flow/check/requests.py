"""Web requests: whether they can be sent as they are written, and whether their answers lead on.

What lives here: methods, paths, statuses, what is kept. What must not: values in them (`values`),
services of the configuration (`names`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from actors.flow import model, rules
from actors.flow.check.subject import Subject
from actors.flow.faults import FlowFault, nearest
from actors.flow.render import PLACEHOLDER

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LEVELS_MAX = 20
"""How deep lists and objects of a body may be nested."""
TIMEOUT_MAX_S = 120
"""Longer than any customer waits."""

_STATUS = re.compile("[1-5][0-9][0-9]|[345]xx")
_CLASS = re.compile("[0-9]xx", re.IGNORECASE)
_KEEP = re.compile(r"[^.\s\[\]$]+(\.[^.\s\[\]$]+)*")


def requests(subject: Subject) -> Iterator[FlowFault]:
    """Every request can be sent, and every way out of it can be gone."""
    for place in subject.places:
        if isinstance(place.step, model.Request):
            yield from _path(subject, place.where, place.step)
            yield from _method(subject, place.where, place.step)
            yield from _time(subject, place.where, place.step)
            yield from _ways(subject, place.where, place.step)
            yield from _kept(subject, place.where, place.step)


def _path(subject: Subject, where: str, step: model.Request) -> Iterator[FlowFault]:
    where = f"{where}.path"
    if not step.path.startswith("/"):
        do = f"Write `/{step.path}`: the configuration knows what stands before it"
        if "://" in step.path:
            do = "Leave the address to the configuration, and write what comes after it"
        yield subject.fault(rules.BAD_PATH, where, "a path must begin with a slash", do)
        return
    for sign, do in (("?", "Write it under `query`"), ("#", "Take out what comes after it")):
        if sign in PLACEHOLDER.sub("", step.path):
            yield subject.fault(rules.PATH_ODD, where, f"a {sign!r} in a path", do)
    plain = PLACEHOLDER.sub("x", step.path)
    if "{" in plain or "}" in plain:
        what = "a brace that is no placeholder is sent as it is written"
        do = "Write `{name}`, in small letters; paths know no formats"
        yield subject.fault(rules.PATH_ODD, where, what, do)
    if re.search(r"\s", plain):
        do = "Take it out, or write `%20`"
        yield subject.fault(rules.PATH_ODD, where, "a blank in a path", do)
    if ".." in plain.split("/"):
        do = "Write the path as the service knows it"
        yield subject.fault(rules.PATH_ODD, where, "`..` climbs out of the service's address", do)


def _method(subject: Subject, where: str, step: model.Request) -> Iterator[FlowFault]:
    if step.method not in METHODS:
        what = f"not a method we send: {step.method!r}"
        meant = step.method.upper() if step.method.upper() in METHODS else None
        meant = meant or nearest(step.method.upper(), METHODS)
        do = f"Did you mean {meant!r}?" if meant else f"Known are {', '.join(METHODS)}"
        yield subject.fault(rules.BAD_METHOD, f"{where}.method", what, do)
    if step.method == "GET" and step.body is not None:
        what = "a `GET` with a body: most services do not look at it"
        yield subject.fault(rules.BODY_UNSENT, f"{where}.body", what, "Use `query`, or a `POST`")
    if step.attempts is not None and step.method != "GET":
        what = f"a {step.method} is made once: it may have been carried out"
        do = "Take `attempts` out"
        yield subject.fault(rules.REPEATED_WRITE, f"{where}.attempts", what, do)
    if step.body is not None and not _is_shallow(step.body, LEVELS_MAX):
        what = f"nested more than {LEVELS_MAX} levels deep"
        yield subject.fault(rules.BODY_TOO_DEEP, f"{where}.body", what, "Send less")


def _is_shallow(value: object, levels: int) -> bool:
    match value:
        case dict():
            inner = list(value.values())
        case list() | tuple():
            inner = list(value)
        case _:
            return True
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inner)


def _time(subject: Subject, where: str, step: model.Request) -> Iterator[FlowFault]:
    where = f"{where}.timeout_s"
    if not 0 < step.timeout_s < float("inf"):
        what = f"no answer can come within {step.timeout_s:g} seconds"
        do = "Write the seconds that the service may take, such as 8"
        yield subject.fault(rules.BAD_TIMEOUT, where, what, do)
    elif step.timeout_s > TIMEOUT_MAX_S:
        what = f"the customer hears nothing for {step.timeout_s:g} seconds"
        do = f"Wait {TIMEOUT_MAX_S} seconds at most, and say so where it was not enough"
        yield subject.fault(rules.SLOW_TIMEOUT, where, what, do)


def _ways(subject: Subject, where: str, step: model.Request) -> Iterator[FlowFault]:
    for status in step.on_status:
        place = f"{where}.on_status.{status}"
        if not _STATUS.fullmatch(status):
            what = "not a status such as 404, nor a class such as 5xx"
            do = "Write three digits, `3xx`, `4xx` or `5xx`"
            if _CLASS.fullmatch(status) and status[0] == "2":
                do = "Answers of the class 2xx go to `then`"
            yield subject.fault(rules.BAD_STATUS, place, what, do)
        elif status[0] == "1":
            what = f"no answer ends with {status}"
            yield subject.fault(rules.WAY_NEVER, place, what, "Take it out")
        elif status[0] == "2" and step.keep:
            what = f"on {status} nothing is kept"
            do = "Let it go to `then`, if something should be"
            yield subject.fault(rules.WAY_NEVER, place, what, do)
    if step.on_missing is not None and not step.keep:
        what = "nothing is kept, so nothing can be missing"
        do = "Take it out, or keep something"
        yield subject.fault(rules.WAY_NEVER, f"{where}.on_missing", what, do)


def _kept(subject: Subject, where: str, step: model.Request) -> Iterator[FlowFault]:
    for name, path in step.keep.items():
        if not _KEEP.fullmatch(path) or "#" in path.split(".")[:-1]:
            what = f"{path!r} finds nothing in any answer"
            do = "Write names and numbers with dots between them, such as `0.lines.0.id`"
            yield subject.fault(rules.KEEP_PATH, f"{where}.keep.{name}", what, do)
