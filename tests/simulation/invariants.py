"""What must hold when all is quiet, whatever went wrong before.

What lives here: the promises, one function each, read off the database and the world. What must
not: anything that the program itself believes of its success.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from msgspec import Struct, field

from actors.calls import Purpose, Say, StartJob, correlation
from actors.codec import StateCodec, decode_call, decode_message
from actors.conversation import Conversation
from actors.handover import Handover
from actors.handover import Phase as HandoverPhase
from actors.messages import (
    AgentSaid,
    CancelRequested,
    CustomerWrote,
    JobRequested,
    LineReturned,
    RetryRequested,
)
from actors.outcomes import Delivered, Unknown
from actors.router_job import Phase as JobPhase
from actors.router_job import RouterJob
from actors.router_job.state import Verdict
from state.inline_store import InlineDisk
from tests.simulation.customers import Act, Person
from tests.simulation.others import Desk
from tests.simulation.phone import Platform
from tests.simulation.process import Life
from tests.simulation.telco import Telco
from tests.simulation.world import Tried, World

_AT_REST = frozenset({JobPhase.FAILED, JobPhase.SUCCEEDED, JobPhase.CANCELLED, JobPhase.LEFT})
_SENT_ONCE_MORE = frozenset({Purpose.RESULT, Purpose.AGENT_LINE})
_SLOW_MS = 5000
_START_WORTH_S = 700
"""How long after its tap a start may still be on its way to the provider."""


class Scene(Struct):
    """Everything there is to look at."""

    world: World
    disk: InlineDisk
    platform: Platform
    telco: Telco
    desk: Desk
    people: list[Person]
    tap_age_max_s: int
    lives: list[Life] = field(default_factory=list)
    cut_off: set[str] = field(default_factory=set)
    """Effects that were under way when a process ended."""
    counts: dict[str, int] = field(default_factory=dict)


class Sent(Struct, frozen=True):
    """A call as the outbox has it."""

    position: int
    effect: str
    actor: str
    at_ms: int
    state: str
    error: str | None
    call: Any


def ask(scene: Scene, sql: str) -> list[Any]:
    """Read the database."""
    return scene.disk.connection.fetch(sql)


def is_quiet(scene: Scene) -> bool:
    """Whether nothing is left to be done."""
    [(left,)] = ask(
        scene,
        "SELECT (SELECT count(*) FROM inbox WHERE done_ms IS NULL)"
        " + (SELECT count(*) FROM outbox WHERE done_ms IS NULL)"
        " + (SELECT count(*) FROM timers)",
    )
    return bool(left == 0)


def note_cut_off(scene: Scene) -> None:
    """A process has ended: nobody heard what became of these calls."""
    scene.cut_off.update(
        row[0]
        for row in ask(scene, "SELECT effect FROM outbox WHERE state IN ('sending', 'unknown')")
    )


def check(scene: Scene) -> None:
    """Note every promise that was broken."""
    world = scene.world
    sent = [
        Sent(row[0], row[1], row[2], row[3], row[4], row[5], decode_call(row[6]))
        for row in ask(
            scene,
            "SELECT position, effect, actor, at_ms, state, error, body FROM outbox"
            " ORDER BY position",
        )
    ]
    tried: dict[str, list[Tried]] = {}
    for one in world.tried:
        tried.setdefault(one.effect, []).append(one)
    _nothing_left(scene)
    _no_errors(scene)
    _taken_once(scene)
    _no_old_starts(scene, sent, tried)
    for each in sent:
        _truly_delivered(scene, each, tried.get(each.effect, []))
        _not_doubled(scene, each, tried.get(each.effect, []))
    _in_order(scene, sent, tried)
    _jobs_at_rest(scene)
    _nobody_waits_for_a_person(scene)
    _agents_were_heard(scene, sent)
    for person in scene.people:
        _answered(scene, person, sent, tried)
    _count(scene, sent)


# --- the store ----------------------------------------------------------------------------------


def _nothing_left(scene: Scene) -> None:
    broken = scene.world.broken
    for actor, message in ask(scene, "SELECT actor, message_id FROM inbox WHERE done_ms IS NULL"):
        broken(f"{message} still waits for {actor}")
    for message, error in ask(scene, "SELECT message_id, error FROM inbox WHERE error IS NOT NULL"):
        broken(f"{message} is a dead letter: {error}")
    for effect, state in ask(scene, "SELECT effect, state FROM outbox WHERE done_ms IS NULL"):
        broken(f"{effect} is still {state}")
    for actor, name in ask(scene, "SELECT actor, name FROM timers"):
        broken(f"{actor} still has a timer {name!r}")
    versions = dict(ask(scene, "SELECT actor, version FROM actors WHERE length(state) > 0"))
    if versions != scene.world.versions:
        broken("the versions of actors are not as they were seen being written")


def _no_errors(scene: Scene) -> None:
    for life in scene.lives:
        for error in life.log.errors:
            scene.world.broken(f"logged: {error}")


def _taken_once(scene: Scene) -> None:
    """Each thing that a customer did, and each line of an agent, is one message and no more."""
    wanted = Counter(act.customer for person in scene.people for act in person.acts)
    found: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for (body,) in ask(scene, "SELECT body FROM inbox"):
        message = decode_message(body)
        if isinstance(message, CustomerWrote):
            found[message.customer.identifier] += 1
        elif isinstance(message, AgentSaid):
            lines[message.line_id] += 1
    if wanted != found:
        scene.world.broken(f"customers did {dict(wanted)} things, {dict(found)} were taken")
    for line, count in lines.items():
        if count > 1:
            scene.world.broken(f"{line} was relayed {count} times")


# --- calls --------------------------------------------------------------------------------------


def _truly_delivered(scene: Scene, sent: Sent, tried: list[Tried]) -> None:
    acted = any(each.acted_ms is not None for each in tried)
    if sent.state == "delivered" and not acted:
        scene.world.broken(f"{sent.effect} is settled as delivered, and never was")
    excused = sent.effect in scene.cut_off or sent.effect in scene.platform.failed
    if sent.state != "delivered" and any(_heard(each) for each in tried) and not excused:
        scene.world.broken(f"{sent.effect} was delivered, and is settled as {sent.state}")


def _heard(tried: Tried) -> bool:
    """Whether we surely heard that it was delivered."""
    return tried.answered_ms is not None and isinstance(tried.outcome, Delivered)


def _not_doubled(scene: Scene, sent: Sent, tried: list[Tried]) -> None:
    """People get a message twice only where an answer was lost, and then only what is owed."""
    if not isinstance(sent.call, Say):
        return
    arrived = [each for each in tried if each.acted_ms is not None]
    if len(arrived) < 2:
        return
    scene.counts["doubles"] = scene.counts.get("doubles", 0) + 1
    lost = not _clean(scene, arrived[:1])
    if len(arrived) > 2 or not lost or sent.call.purpose not in _SENT_ONCE_MORE:
        purpose = sent.call.purpose.value
        scene.world.broken(f"{sent.effect} ({purpose}) arrived {len(arrived)} times")


def _clean(scene: Scene, tried: list[Tried]) -> bool:
    """Whether every attempt was answered in time, so that nobody had to wonder."""
    return all(
        each.answered_ms is not None
        and each.answered_ms - each.began_ms < _SLOW_MS
        and not isinstance(each.outcome, Unknown)
        and each.effect not in scene.cut_off
        for each in tried
    )


def _in_order(scene: Scene, sent: list[Sent], tried: dict[str, list[Tried]]) -> None:
    """Messages of one lane arrive as they were decided. Progress may wait, others pass it."""
    lanes: dict[str, list[tuple[int, str]]] = {}
    for each in sent:
        if isinstance(each.call, Say) and each.call.purpose is not Purpose.PROGRESS:
            attempts = tried.get(each.effect, [])
            acted = [one.acted_ms for one in attempts if one.acted_ms is not None]
            if acted and _clean(scene, attempts):
                lanes.setdefault(each.actor, []).append((acted[0], each.effect))
    for arrivals in lanes.values():
        for (before_ms, first), (after_ms, second) in pairwise(arrivals):
            if after_ms < before_ms:
                scene.world.broken(f"{second} overtook {first}")


# --- jobs ---------------------------------------------------------------------------------------


def _no_old_starts(scene: Scene, sent: list[Sent], tried: dict[str, list[Tried]]) -> None:
    """No tap older than the limit starts, repeats or cancels anything."""
    asked: dict[str, int] = {}
    rows = ask(
        scene,
        "SELECT told.actor, told.at_ms, told.body, cause.body FROM inbox AS told"
        " JOIN inbox AS cause ON cause.message_id = told.cause",
    )
    for actor, at_ms, body, cause_body in rows:
        message = decode_message(body)
        if not isinstance(message, JobRequested | RetryRequested | CancelRequested):
            continue
        cause = decode_message(cause_body)
        if isinstance(cause, CustomerWrote):
            done_ms = cause.sent_at_ms
        elif isinstance(cause, LineReturned):
            done_ms = cause.at_ms
        else:
            continue
        age_s = (at_ms - done_ms) // 1000
        if age_s > scene.tap_age_max_s:
            scene.world.broken(f"{type(message).__name__} by a tap {age_s} s old")
        if not isinstance(message, CancelRequested):
            asked[actor] = max(asked.get(actor, 0), done_ms)
    worth_ms = (scene.tap_age_max_s + _START_WORTH_S) * 1000
    for each in sent:
        if isinstance(each.call, StartJob) and each.actor in asked:
            for one in tried.get(each.effect, []):
                if one.acted_ms is not None and one.acted_ms - asked[each.actor] > worth_ms:
                    scene.world.broken(f"{each.actor} began long after its tap")


def _jobs_at_rest(scene: Scene) -> None:
    broken = scene.world.broken
    codec = StateCodec(RouterJob, 1, {})
    views = {view.id: view for _, state in _conversations(scene) for view in state.jobs}
    for actor, data in ask(scene, "SELECT actor, state FROM actors WHERE actor LIKE 'job_%'"):
        if not data:
            continue
        job = codec.decode(data)
        if job.phase not in _AT_REST:
            broken(f"{actor} ends in {job.phase.value}")
        view = views.get(actor)
        if view is not None and view.running:
            broken(f"{actor} is {job.phase.value}, its conversation believes it runs")
        real = [each for each in scene.telco.jobs if each.job == actor]
        for each in real:
            if not each.state.final and job.verdict is not Verdict.FATE_UNKNOWN:
                broken(f"{each.id} of {actor} still runs, though that is {job.phase.value}")
        succeeded = any(each.state.value == "succeeded" for each in real)
        if job.phase is JobPhase.SUCCEEDED and not succeeded:
            broken(f"{actor} is said to have succeeded, and did not")
    keys = Counter(correlation(each.job, each.attempt) for each in scene.telco.jobs)
    for key, count in keys.items():
        if count > 1:
            broken(f"{key} is {count} jobs at the provider")


# --- people -------------------------------------------------------------------------------------


def _conversations(scene: Scene) -> list[tuple[str, Conversation]]:
    codec = StateCodec(Conversation, 1, {})
    rows = ask(scene, "SELECT actor, state FROM actors WHERE actor LIKE 'cnv_%'")
    return [(actor, codec.decode(data)) for actor, data in rows if data]


def _nobody_waits_for_a_person(scene: Scene) -> None:
    broken = scene.world.broken
    for actor, state in _conversations(scene):
        if state.handover is not None:
            broken(f"{actor} believes in {state.handover.id}")
        if state.waiting is not None:
            broken(f"{actor} waits for the answer to {state.waiting.effect}")
    codec = StateCodec(Handover, 1, {})
    for actor, data in ask(scene, "SELECT actor, state FROM actors WHERE actor LIKE 'hnd_%'"):
        if not data:
            continue
        handover = codec.decode(data)
        if handover.phase is not HandoverPhase.ENDED:
            broken(f"{actor} ends in {handover.phase.value}")


def _agents_were_heard(scene: Scene, sent: list[Sent]) -> None:
    """Each line of an agent was decided to be said, once."""
    said = Counter(
        each.call.line_id
        for each in sent
        if isinstance(each.call, Say) and each.call.purpose is Purpose.AGENT_LINE
    )
    for line, signed in scene.desk.written.items():
        # A line that nobody signed is not a person's where no person was seen.
        if said[line] > 1 or (signed and said[line] == 0):
            scene.world.broken(f"{line} was brought to the customer {said[line]} times")


def _answered(
    scene: Scene, person: Person, sent: list[Sent], tried: dict[str, list[Tried]]
) -> None:
    """Who chose from a menu last got an answer, unless the platform lost it."""
    if not person.acts or not person.acts[-1].menu_choice:
        return
    last: Act = person.acts[-1]
    rows = ask(scene, "SELECT message_id, at_ms, actor FROM inbox")
    taken = {row[0].partition("#")[0]: row[1:] for row in rows}
    if last.message_id not in taken:
        return
    at_ms, actor = taken[last.message_id]
    for each in sent:
        if each.actor == actor and each.at_ms >= at_ms and isinstance(each.call, Say):
            progress = each.call.purpose is Purpose.PROGRESS
            acted = any(one.acted_ms is not None for one in tried.get(each.effect, []))
            if acted and not progress:
                return
    scene.world.broken(f"{last.message_id} was never answered")


def _count(scene: Scene, sent: list[Sent]) -> None:
    """What the seed has seen, to know that the simulation is not idle."""
    counts = scene.counts
    counts["acts"] = sum(len(person.acts) for person in scene.people)
    counts["lives"] = len(scene.lives)
    counts["jobs"] = len(scene.telco.jobs)
    counts["later attempts"] = sum(job.attempt > 1 for job in scene.telco.jobs)
    counts["chats"] = len(scene.desk.chats)
    counts["agent lines"] = len(scene.desk.written)
    counts["calls"] = len(sent)
    counts["lost answers"] = sum(isinstance(each.outcome, Unknown) for each in scene.world.tried)
    [(counts["turns"],)] = ask(scene, "SELECT sum(version) FROM actors")
    [(counts["messages"],)] = ask(scene, "SELECT count(*) FROM inbox")
