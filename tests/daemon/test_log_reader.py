"""Log lines for people: wording, choosing, chains, and lines that are none of ours."""

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import log_reader, log_sieve
from daemon.log_lines import below, describe, parse, short
from daemon.log_reader import Printer, read
from daemon.log_sieve import Wanted

TAP = "whatsapp:7b2b8bb3dd5c41169f2a487f701cc1fa"
CONVERSATION = "cnv_wsnz6vix453yqdbbjlgbcj3h"
JOB = "job_vubweil7xxw4c4lk32l5tses"
ASKED = "msg_uazgjrlctxibddzz65k5dxrz"
START = "eff_766rtxuthwk53jbffn3f6jb7"
TOLD = "msg_r56xzllbl47covgcema6w5xm"
OTHER = "cnv_2yicqeuhj6xjhoarlaqjac5v"

# Recorded: a tap starts a job, the provider answers, the customer is told. Then another customer.
RECORDED = f"""\
{{"event":"accepted","level":"info","ts":"2026-11-23T02:17:05.233Z","source":"whatsapp",\
"message_ids":["{TAP}"],"taken":1}}
{{"event":"turn","level":"info","ts":"2026-11-23T02:17:05.244Z","actor":"{CONVERSATION}",\
"conversation":"{CONVERSATION}","message":"CustomerWrote","message_id":"{TAP}",\
"outcome":"handled","flow_version":"7271b33c3f38","effects":["Tell:JobRequested"],"ms":11.5}}
{{"event":"turn","level":"info","ts":"2026-11-23T02:17:05.263Z","actor":"{JOB}",\
"conversation":"{CONVERSATION}","job":"{JOB}","message":"JobRequested","message_id":"{ASKED}",\
"cause":"{TAP}","outcome":"handled","effects":["StartJob"],"ms":10.9}}
{{"event":"call","level":"info","ts":"2026-11-23T02:17:05.277Z","actor":"{JOB}",\
"effect":"{START}","cause":"{ASKED}","call":"StartJob","destination":"telco:main","attempt":1,\
"outcome":"delivered","settled":"delivered","ms":6.8}}
{{"event":"turn","level":"info","ts":"2026-11-23T02:17:05.289Z","actor":"{JOB}",\
"conversation":"{CONVERSATION}","job":"{JOB}","message":"ProviderReported",\
"message_id":"{START}.1.answer","cause":"{ASKED}","outcome":"handled",\
"effects":["Tell:JobReported"],"ms":4.7}}
{{"event":"turn","level":"info","ts":"2026-11-23T02:17:05.292Z","actor":"{CONVERSATION}",\
"conversation":"{CONVERSATION}","message":"JobReported","message_id":"{TOLD}",\
"cause":"{START}.1.answer","outcome":"handled","effects":[],"ms":3.1}}
{{"event":"turn","level":"info","ts":"2026-11-23T02:17:26.163Z","actor":"{OTHER}",\
"conversation":"{OTHER}","message":"CustomerWrote",\
"message_id":"whatsapp:3c7a146a716438596eced98a2c1a3af2","outcome":"handled","effects":[],"ms":5.8}}
""".encode().splitlines(keepends=True)
ACCEPTED, TAPPED, REQUESTED, CALLED, ANSWERED, REPORTED, STRANGER = RECORDED


def told(lines: list[bytes], wanted: Wanted, *, again: bool = False, as_json: bool = False) -> str:
    out = io.BytesIO()
    printer = Printer(out, "utf-8", as_json=as_json, colour=False)
    assert read(io.BytesIO(b"".join(lines)), wanted, printer, again=again) == []
    return out.getvalue().decode()


def chosen(lines: list[bytes], wanted: Wanted, *, again: bool = False) -> list[bytes]:
    text = told(lines, wanted, again=again, as_json=True)
    return text.encode().splitlines(keepends=True)


def refused(lines: list[bytes], wanted: Wanted, *, again: bool) -> list[str]:
    printer = Printer(io.BytesIO(), "utf-8", as_json=False, colour=False)
    return read(io.BytesIO(b"".join(lines)), wanted, printer, again=again)


def line(**fields: object) -> bytes:
    return json.dumps({"event": "note", "level": "info", **fields}).encode() + b"\n"


def test_wording() -> None:
    assert told([TAPPED, CALLED, ACCEPTED], Wanted()).splitlines() == [
        "--- 2026-11-23 UTC",
        "02:17:05.244 I turn     cnv_wsnz6vix CustomerWrote -> Tell:JobRequested"
        " message_id=whatsapp:7b2b8bb3 11.5 ms",
        "02:17:05.277 I call     job_vubweil7 StartJob to telco:main delivered"
        " effect=eff_766rtxut cause=msg_uazgjrlc 6.8 ms",
        '02:17:05.233 I accepted message_ids=["whatsapp:7b2b8bb3"] source=whatsapp taken=1',
    ]


def test_trouble_is_worded_in_full() -> None:
    call = line(event="call", level="warning", call="Say", destination="d", outcome="transient")
    call = call[:-2] + b',"settled":"retry","attempt":2,"fault":"busy","alarm":true,"new":"a b"}\n'
    assert told([call], Wanted()) == (
        "--:--:--.--- W call     ALARM Say to d transient settled=retry attempt=2 fault=busy"
        ' new="a b"\n'
    )


def test_a_traceback_stands_below() -> None:
    turn = line(event="turn", level="error", outcome="raised", traceback="KeyError\n  a.py:1 in f")
    assert told([turn], Wanted()).splitlines()[1:] == ["    KeyError", "      a.py:1 in f"]


def test_unchanged_as_json() -> None:
    assert chosen([b"boot\n", *RECORDED], Wanted()) == RECORDED


def test_lines_of_others_pass_without_tricks_on_the_terminal() -> None:
    text = told([b"Traceback:\n", b"\x1b[2J\xff\n", b"[1]\n", b'{"event":3}\n'], Wanted())
    assert text.splitlines() == ["Traceback:", r"\x1b[2J\xff", "[1]", '{"event":3}']


@pytest.mark.parametrize("again", [False, True])
def test_a_conversation_with_the_calls_of_its_jobs(*, again: bool) -> None:
    mine = [TAPPED, REQUESTED, CALLED, ANSWERED, REPORTED]
    assert chosen(RECORDED, Wanted(conversation="cnv_ws"), again=again) == mine


def test_a_file_knows_ties_that_come_later() -> None:
    lines = [CALLED, REQUESTED]
    assert chosen(lines, Wanted(conversation=CONVERSATION), again=True) == lines
    assert chosen(lines, Wanted(conversation=CONVERSATION)) == [REQUESTED]


def test_a_job_an_actor_an_event() -> None:
    assert chosen(RECORDED, Wanted(job=JOB)) == [REQUESTED, CALLED, ANSWERED]
    assert chosen(RECORDED, Wanted(actor="cnv_wsnz6vix")) == [TAPPED, REPORTED]
    events = frozenset({"call", "accepted"})
    assert chosen(RECORDED, Wanted(events=events)) == [ACCEPTED, CALLED]


def test_the_name_of_a_job_is_no_id() -> None:
    assert refused([line(job="job")], Wanted(job="job"), again=False)


def test_levels_and_alarms() -> None:
    info, warning, critical = (line(level=one) for one in ("info", "warning", "critical"))
    strange, alarm = line(level="odd"), line(alarm=True)
    lines = [info, warning, critical, strange, alarm]
    assert chosen(lines, Wanted(level="warning")) == [warning, critical, strange]
    assert chosen(lines, Wanted(alarms=True)) == [alarm]


@pytest.mark.parametrize("again", [False, True])
def test_a_beginning_must_fit_one_id(*, again: bool) -> None:
    assert "fits several" in refused(RECORDED, Wanted(conversation="cnv_"), again=again)[0]
    assert "no line" in refused(RECORDED, Wanted(conversation="cnv_zz"), again=again)[0]
    assert "fits several" in refused(RECORDED, Wanted(cause="whatsapp:"), again=again)[0]
    assert "no line" in refused(RECORDED, Wanted(cause="nothing"), again=again)[0]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("beginning", [TAP, "whatsapp:7b2b", START, "eff_766rtxut", "msg_r5"])
def test_the_chain_from_a_tap_to_its_last_message(beginning: str, *, again: bool) -> None:
    shuffled = [STRANGER, *reversed(RECORDED[:-1])]
    assert chosen(shuffled, Wanted(cause=beginning), again=again) == RECORDED[:-1]


def test_a_chain_leaves_siblings_out() -> None:
    sibling = line(event="call", ts="2026-11-23T02:17:05.256Z", effect="eff_b", cause=TAP)
    assert sibling not in chosen([*RECORDED, sibling], Wanted(cause=START))
    assert sibling in chosen([*RECORDED, sibling], Wanted(cause=TAP))


def test_what_became_of_an_effect_belongs_to_it() -> None:
    failed, again = line(message_id="eff_a.failed"), line(message_id="eff_a.failed.replay.1")
    assert chosen([failed, again], Wanted(cause="eff_a")) == [failed, again]


def test_a_chain_can_be_filtered() -> None:
    wanted = Wanted(cause=TAP, events=frozenset({"call"}))
    assert chosen(RECORDED, wanted) == [CALLED]


def test_causes_in_a_ring_end() -> None:
    ring = [line(message_id="a", cause="b"), line(message_id="b", cause="a")]
    assert chosen(ring, Wanted(cause="a")) == ring


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "KEPT_BYTES_MAX", 2000)
    faults = refused(RECORDED, Wanted(cause=TOLD), again=False)
    assert faults == ["too much to remember: the oldest was left out; ask for a shorter time"]
    monkeypatch.setattr(log_sieve, "TIES_MAX", 1)
    lines = [REQUESTED, STRANGER, CALLED]
    assert chosen(lines, Wanted(conversation=CONVERSATION)) == [REQUESTED]


def test_colours_are_around_words_only() -> None:
    out = io.BytesIO()
    printer = Printer(out, "ascii", as_json=False, colour=True)
    read(io.BytesIO(line(level="error", x="ñ")), Wanted(), printer, again=False)
    assert b"\x1b[31mE\x1b[0m" in out.getvalue()
    assert b"x=\\xf1" in out.getvalue()


def test_short_ids() -> None:
    assert short(f"timer.{JOB}.poll.5") == "timer.job_vubweil7.poll.5"
    assert short("telco:main:10:/telco/sim|evt_438c826c_1") == (
        "telco:main:10:/telco/sim|evt_438c826c_1"
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_NAMES = (
    "event level ts actor conversation job message message_id message_ids effect cause call "
    "destination outcome settled attempt effects fault alarm ms traceback exception new"
)
_KEYS = st.sampled_from(_NAMES.split())
_WANTED = st.builds(
    Wanted,
    conversation=st.sampled_from([None, "a"]),
    job=st.sampled_from([None, "job_"]),
    level=st.sampled_from([None, "error"]),
    cause=st.sampled_from([None, "", "a"]),
)


@given(st.lists(st.binary() | st.dictionaries(_KEYS, _JSON).map(msgspec.json.encode)), _WANTED)
def test_no_line_raises(raw: list[bytes], wanted: Wanted) -> None:
    source = io.BytesIO(b"\n".join(raw))
    for again in (False, True):
        source.seek(0)
        read(
            source, wanted, Printer(io.BytesIO(), "ascii", as_json=False, colour=True), again=again
        )


@given(st.dictionaries(_KEYS | st.text(), _JSON))
def test_words_are_printable(fields: dict[str, object]) -> None:
    assert all(text.isprintable() for text, _ in describe(fields))
    assert all(text.isprintable() for text in below(fields))


@pytest.mark.parametrize(
    "raw", [b"[" * 100_000, b'{"event":"a","x":' * 50_000, b"9" * 5000, b'{"event":"\\ud800"}']
)
def test_hard_json_does_not_raise(raw: bytes) -> None:
    parse(raw)
    told([raw], Wanted())


def test_a_file_by_the_command(tmp_path: Path) -> None:
    log = tmp_path / "daemon.log"
    log.write_bytes(b"".join(RECORDED))
    command = [sys.executable, "-m", "daemon", "logs", str(log), "--event", "call"]
    done = subprocess.run([*command, "--event", "turn", "--job", "job_v"], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"job_vubweil7") == 3
    done = subprocess.run([*command, "--job", "job_x"], capture_output=True)
    assert done.returncode == 1
    assert b"no line has an id that begins with job_x" in done.stderr
    done = subprocess.run([*command[:-3], "no.log"], capture_output=True)
    said = b"routerbot logs: no.log: cannot be read: No such file or directory\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("end", ["interrupt", "broken pipe"])
def test_a_line_is_shown_at_once_and_the_end_is_quiet(end: str) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "daemon", "logs"]

    def hear_interrupts() -> None:
        # A test run that a script started in the background passes on that they are ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, preexec_fn=hear_interrupts
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdin.write(CALLED)
        assert reader.stdout.readline().startswith(b"--- ")
        assert b"StartJob" in reader.stdout.readline()
        if end == "interrupt":
            reader.send_signal(signal.SIGINT)
        else:
            reader.stdout.close()
            reader.stdin.write(CALLED)
        assert reader.wait(20) == 0
        assert reader.stderr.read() == b""
