"""One value of every struct that is ever stored, for the golden files beside this module.

A name is `<kind>.<type>.<number>`. Samples are only ever added: see golden/README.md.
`python -m tests.actors.samples` writes the files that are missing and leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from actors import codec
from actors.calls import (
    Call,
    CancelJob,
    CloseDesk,
    OpenDesk,
    OutsideWindow,
    Purpose,
    QueryDesk,
    QueryJob,
    ReportLine,
    Say,
    SendToDesk,
    StartJob,
    WebRequest,
)
from actors.conversation import Conversation
from actors.conversation.state import AgentLine, Frame, HandoverView, JobView, Waiting
from actors.handover import Handover
from actors.handover import Phase as HandoverPhase
from actors.handover.state import WaitingLine
from actors.ids import CONVERSATION, ActorId, EffectId, actor_id
from actors.kinds import _CONVERSATION, _HANDOVER, _ROUTER_JOB
from actors.messages import (
    AgentSaid,
    CallRejected,
    CallUnknown,
    CancelAnswered,
    CancelRequested,
    CustomerLine,
    CustomerWrote,
    DeliveryFailed,
    DeskClosed,
    DeskObserved,
    DeskOpened,
    DeskRefusedLine,
    DeskWrote,
    HandoverNews,
    HandoverReported,
    HandoverRequested,
    JobLine,
    JobNotFound,
    JobReported,
    JobRequested,
    LeaveRequested,
    LineReturned,
    LineUndelivered,
    Message,
    News,
    Other,
    ProviderReported,
    RequestAnswered,
    RetryRequested,
    Road,
    Tapped,
    TimerFired,
    Typed,
)
from actors.policies import HandoverPolicy, JobPolicy
from actors.router_job import Phase as JobPhase
from actors.router_job import RouterJob
from actors.router_job.state import PastAttempt, Verdict
from actors.values import (
    CancelResult,
    Choice,
    Customer,
    DeskState,
    Device,
    Fault,
    JobFault,
    JobState,
    Line,
)

GOLDEN = Path(__file__).parent / "golden"

AT = 1_767_225_600_000
CNV = actor_id(CONVERSATION, "seed")
JOB = ActorId("job_rusevy35ubeletxptbn5ev7e")
HND = ActorId("hnd_5o7wf7d57sapijrks6jm3k7p")
EFFECT = EffectId("eff_im57534hk5p4st3wszthgvez")
CUSTOMER = Customer("106540352242922", "51999888777", "+51999888777", "Ana Ñusta")
DEVICE = Device("dev_42", "A-1001", "the router in the hall")
JOB_FAULT = JobFault("9018", "file corrupted", retryable=False)
FAULT = Fault("timeout", "HTTP 504")
CHOICE = Choice("4s6ezpje/p", "A person", "Somebody of ours")
JOB_POLICY = JobPolicy(3, 6, 21, 301, 3, 11, 6, 1.25, 31, 4, 61, 601, 16, 1801, 31)
HANDOVER_POLICY = HandoverPolicy(601, 6, 16, 31, 11, 7201, 4)
REPORT = JobReported(
    JOB,
    2,
    News.STALLED,
    step="reboot",
    percent=40,
    fault=JOB_FAULT,
    can_retry=True,
    can_cancel=True,
    retries_left=1,
    again=True,
)

Value = Message | Call | Conversation | RouterJob | Handover

SAY = Say(
    CUSTOMER,
    Purpose.AGENT_LINE,
    "Hello, this is Rita",
    choices=(CHOICE,),
    list_title="Choose",
    outside_window=OutsideWindow.DROP,
    line_id="l1",
    handover=HND,
)

MESSAGES: dict[str, Message] = {
    "customer_wrote.1": CustomerWrote(CUSTOMER, Typed("It does not work ☹"), AT),
    "customer_wrote.2": CustomerWrote(CUSTOMER, Tapped("4s6ezpje/p", "A person"), AT),
    "customer_wrote.3": CustomerWrote(CUSTOMER, Other("sticker"), AT),
    "provider_reported.1": ProviderReported(
        2,
        JobState.WAITING_DEVICE,
        Road.CALLBACK,
        provider_job="p1",
        step="reboot",
        step_state="started",
        percent=40,
        seq=3,
        fault=JOB_FAULT,
        retry_after_s=5.5,
        provider="main",
    ),
    "job_not_found.1": JobNotFound(2),
    "cancel_answered.1": CancelAnswered(2, CancelResult.TOO_LATE),
    "job_requested.1": JobRequested(CNV, "router.restart", DEVICE, "main", JOB_POLICY),
    "retry_requested.1": RetryRequested(2),
    "cancel_requested.1": CancelRequested(2),
    "job_reported.1": REPORT,
    "handover_requested.1": HandoverRequested(
        CNV, "Ana Ñusta", "What happened so far", "help", {"rb_language": "es"}, HANDOVER_POLICY
    ),
    "customer_line.1": CustomerLine("hello?", AT),
    "job_line.1": JobLine("restart: done", AT),
    "leave_requested.1": LeaveRequested(),
    "line_undelivered.1": LineUndelivered("l1", "recipient_unreachable"),
    "handover_reported.1": HandoverReported(HND, HandoverNews.JOINED, "Rita"),
    "agent_said.1": AgentSaid(HND, "l1", "Hello, this is Rita", late=True),
    "line_returned.1": LineReturned(HND, "hello?", AT),
    "desk_opened.1": DeskOpened("c1"),
    "desk_wrote.1": DeskWrote("l1", "Hello, this is Rita", human=True, desk_ref="c1"),
    "desk_observed.1": DeskObserved(DeskState.ACTIVE, "Rita"),
    "desk_closed.1": DeskClosed(),
    "desk_refused_line.1": DeskRefusedLine("l1", "expired"),
    "request_answered.1": RequestAnswered(EFFECT, 200, msgspec.Raw(b'"ok"')),
    "call_rejected.1": CallRejected(EFFECT, SAY, FAULT),
    "call_unknown.1": CallUnknown(EFFECT, SAY, FAULT),
    "delivery_failed.1": DeliveryFailed(EFFECT, FAULT),
    "timer_fired.1": TimerFired("poll", 7, AT),
}

CALLS: dict[str, Call] = {
    "say.1": SAY,
    "start_job.1": StartJob(JOB, 2, "main", "router.restart", "dev_42", "A-1001", AT),
    "query_job.1": QueryJob(JOB, 2, "main", "p1"),
    "cancel_job.1": CancelJob(JOB, 2, "main", "p1"),
    "web_request.1": WebRequest(
        "crm",
        "POST",
        "/customers/51999888777",
        query={"q": "x"},
        body={"name": "Ana", "n": 1, "part": 0.5, "yes": True, "none": None},
        timeout_s=8.5,
    ),
    "web_request.2": WebRequest(
        "crm",
        "POST",
        "/visits",
        query={"q": "x"},
        body={"who": {"name": "Ana", "lines": [1, 2.5, None, {"yes": True}]}, "none": None},
        timeout_s=8.5,
        attempts=2,
    ),
    "open_desk.1": OpenDesk(HND, "What happened so far", {"rb_language": "es"}, "Ana Ñusta", AT),
    "send_to_desk.1": SendToDesk(HND, "m7", "hello?", AT),
    "query_desk.1": QueryDesk(HND, "c1"),
    "close_desk.1": CloseDesk(HND, "c1"),
    "report_line.1": ReportLine(HND, "l1", "recipient_unreachable"),
}

_CONVERSATION_1 = Conversation(
    CUSTOMER,
    "es",
    "v1",
    turn=7,
    step="root",
    waiting=Waiting(EFFECT, "look_up", sent_at_ms=AT, old_tap=True),
    values={"name": "Ana", "lines": 2, "share": 0.5, "known": True, "none": None},
    choices=(CHOICE,),
    jobs=(JobView(JOB, "restart", "dev_42", "the router in the hall", AT, REPORT, AT),),
    handover=HandoverView(HND, "Rita", joined=True),
    transcript=(Line("customer", "It does not work ☹", AT),),
    last_inbound_ms=AT,
    last_said=EFFECT,
    said_anew=EFFECT,
    progress_slot_ms=AT,
    agent_lines=(AgentLine(EFFECT, HND, "l1"),),
    unsupported_ms=AT,
    timers={"wait": 3},
    timer_generation=3,
)

_CONVERSATION_2 = replace(
    _CONVERSATION_1,
    step="identify.account",
    waiting=Waiting(EFFECT, "look_up", sent_at_ms=AT, old_tap=True, requests=2),
    misses=2,
    stack=(Frame("visit", "main"), Frame("identify", "visit.when")),
    muted=True,
)

STATES: dict[str, Conversation | RouterJob | Handover] = {
    "conversation.1": _CONVERSATION_1,
    "conversation.2": _CONVERSATION_2,
    "conversation.3": replace(
        _CONVERSATION_2,
        waiting=Waiting(EFFECT, "look_up", AT, True, requests=2, pressed="7/root/book"),
    ),
    "router_job.1": RouterJob(
        CNV,
        "router.restart",
        DEVICE,
        "main",
        JOB_POLICY,
        phase=JobPhase.CHECKING,
        attempt=2,
        start_effect=EFFECT,
        starts=1,
        start_deadline_ms=AT,
        start_open=True,
        provider_job="p2",
        word=JobState.RUNNING,
        verdict=Verdict.TIMED_OUT,
        step="reboot",
        percent=40,
        seq=3,
        fault=JOB_FAULT,
        retry_useless=True,
        told=News.CHECKING,
        left=True,
        stalled_step="reboot",
        unseen_told=True,
        polls=4,
        look_failures=1,
        lookups=1,
        empty_look_ms=AT,
        found_alive=True,
        tidy_until_ms=AT,
        past=(PastAttempt(1, "p1", JobState.FAILED, Verdict.TIMED_OUT),),
        timers={"verdict": 9},
        timer_generation=9,
    ),
    "handover.1": Handover(
        CNV,
        HANDOVER_POLICY,
        phase=HandoverPhase.CLOSING,
        opening=False,
        desk_ref="c1",
        agent="Rita",
        human_seen=True,
        opened_at_ms=AT,
        last_line_ms=AT,
        gone_since_ms=AT,
        waiting=(WaitingLine("m7", "hello?", AT),),
        close_tries=2,
        timers={"poll": 4},
        timer_generation=4,
    ),
}

SAMPLES: dict[str, Value] = {
    **{f"message.{name}": message for name, message in MESSAGES.items()},
    **{f"call.{name}": call for name, call in CALLS.items()},
    **{f"state.{name}": state for name, state in STATES.items()},
}


def encoded(value: Value) -> bytes:
    """The bytes as they are stored."""
    match value:
        case Conversation():
            return _CONVERSATION.codec.encode(value)
        case RouterJob():
            return _ROUTER_JOB.codec.encode(value)
        case Handover():
            return _HANDOVER.codec.encode(value)
        case _ if isinstance(value, Call):
            return codec.encode_call(value)
        case _:
            return codec.encode_message(value)


def decoder(name: str) -> Callable[[bytes], Value]:
    """What reads the sample of this name."""
    kind, type_name, _ = name.split(".")
    if kind == "state":
        states: dict[str, Callable[[bytes], Value]] = {
            "conversation": _CONVERSATION.codec.decode,
            "router_job": _ROUTER_JOB.codec.decode,
            "handover": _HANDOVER.codec.decode,
        }
        return states[type_name]
    return codec.decode_call if kind == "call" else codec.decode_message


def text(value: Value) -> str:
    """The same for people to read: what a golden file holds."""
    return msgspec.json.format(encoded(value), indent=1).decode() + "\n"


def path(name: str) -> Path:
    """Where the golden file of a sample lies."""
    return GOLDEN / f"{name}.json"


if __name__ == "__main__":
    for name, value in SAMPLES.items():
        if not path(name).exists():
            path(name).write_text(text(value), encoding="utf-8")
