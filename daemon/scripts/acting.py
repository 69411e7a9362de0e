"""What a line of a conversation file does.

What lives here: the verbs of the customer, the provider, the services, the agent, the clock and the
daemon. What must not: expectations (`checking`). A verb that cannot be done raises ValueError,
LookupError or RuntimeError, which say why.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from adapters.sandbox.stubs import Form, Stub
from adapters.sandbox.telco_jobs import JobError
from daemon.scripts.format import duration_s
from daemon.scripts.stage import Stage

ASKED = " was asked "
_FORM = re.compile(
    r"(?P<service>[\w-]+) (?P<method>[A-Z]+) (?P<path>/[^ ?]*)(?:\?(?P<query>[^ ]*))?"
)
_ANSWER = re.compile(
    r"(?:(?P<once>once )|(?P<times>\d+) times )?(?:(?P<status>\d{3})(?: (?P<body>.+))?|no answer)\Z"
)


class Acting:
    """Does what lines say, on one stage."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        """`folder`: where files are found that a line names."""
        self._stage = stage
        self._folder = folder
        self._verbs: dict[str, Callable[[str], Awaitable[None] | bool | None]] = {
            "customer": self._customer,
            "provider": self._provider,
            "service": self._service,
            "crm": self._crm,
            "agent": self._agent,
            "clock": self._clock,
            "daemon": self._daemon,
        }

    async def act(self, who: str, what: str) -> bool:
        """Do it; False where it is none of these verbs, and so may be an expectation."""
        verb = self._verbs.get(who)
        if verb is None:
            return False
        done = verb(what)
        if inspect.isawaitable(done):
            await done
        return done is not False

    # --- people ---------------------------------------------------------------------------------

    def _customer(self, what: str) -> None:
        phone = self._stage.phone
        if not what.startswith("["):
            phone.write(what)
            return
        title, _, which = what.removeprefix("[").partition("]")
        if which.strip().startswith("of "):
            offered = [m for m in phone.received if any(c.title == title for c in m.choices)]
            number = int(which.strip().removeprefix("of "))
            if not 1 <= number <= len(offered):
                raise LookupError(f"[{title}] was offered {len(offered)} times")
            phone.tap(title, offered[number - 1])
        elif which.strip() == "twice":
            phone.tap(title)
            phone.tap(title)
        else:
            phone.tap(title)

    def _agent(self, what: str) -> bool:
        desk = self._stage.world.genesys
        verb, _, rest = what.partition(" ")
        match verb:
            case "accept":
                desk.accept(rest or "Rita")
            case "says":
                desk.say(rest)
            case "reject":
                desk.reject()
            case "rings":
                desk.chat.ring(rest or "Rita")
            case "transfer":
                desk.transfer()
            case "end":
                desk.end()
            case "down":
                desk.fail_next(1000, status=503)
            case _:
                return False
        return True

    # --- systems --------------------------------------------------------------------------------

    def _provider(self, what: str) -> bool:
        telco = self._stage.world.telco
        match what.split():
            case ["fail", step, code]:
                telco.fail_next(step, code)
            case ["fail", step, code, "for", "good"]:
                telco.fail_next(step, code, retryable=False)
            case ["silent"]:
                telco.silent_next()
            case ["silent", "then", "succeeds", "after", *late]:
                telco.late_success_after(round(duration_s(" ".join(late)) * 1000))
            case ["refuse", status]:
                telco.refuse_next(int(status))
            case ["refuse", status, "for", *wait]:
                telco.refuse_next(int(status), retry_after_s=duration_s(" ".join(wait)))
            case ["loses", "the", "answer"]:
                telco.drop_start_answer()
            case ["hangs"]:
                telco.hang_next_start()
            case ["callbacks", ("on" | "off" | "duplicated" | "reordered") as how]:
                telco.callbacks(how)
            case ["down"]:
                telco.down()
            case ["down", status]:
                telco.down(int(status))
            case ["up"]:
                telco.up()
            case ["by", "hand"]:
                telco.by_hand()
            case ["can", "no", "longer", "cancel"]:
                telco.too_late_to_cancel()
            case ["says", "failed", code]:
                telco.say("failed", error=JobError(code, "", True))
            case ["says", "failed", code, "for", "good"]:
                telco.say("failed", error=JobError(code, "", False))
            case ["says", state]:
                telco.say(state)
            case ["says", state, step]:
                telco.say(state, step=step)
            case ["says", state, step, progress] if progress.endswith("%"):
                telco.say(state, step=step, percent=int(progress.removesuffix("%")))
            case _:
                return False
        return True

    def _crm(self, what: str) -> bool:
        crm = self._stage.world.services
        match what.split():
            case ["down"]:
                crm.down()
            case ["up"]:
                crm.up()
            case ["outage", line]:
                crm.outage(line)
            case ["outage", line, "for", *long]:
                until_ms = self._stage.world.clock.now_ms() + round(
                    duration_s(" ".join(long)) * 1000
                )
                crm.outage(line, until_ms)
            case ["loses", "the", "answer"]:
                crm.lose_next()
            case ["full", day, part]:
                crm.visits.fill(day, part)
            case _:
                return False
        return True

    def _service(self, what: str) -> bool:
        request, arrow, answer = what.partition(" -> ")
        if not arrow or ASKED in request:
            return False
        found = _ANSWER.match(answer.strip())
        if found is None:
            raise ValueError(f'not an answer: {answer!r}; write for example `200 {{"name": 1}}`')
        times = 1 if found["once"] else int(found["times"]) if found["times"] else None
        status = None if found["status"] is None else int(found["status"])
        form = read_form(request)
        document = self._document(found["body"])
        self._stage.world.stubs.add(Stub(form, status, document, times))
        return True

    def _document(self, text: str | None) -> Any:
        if text is None:
            return None
        if not text.startswith("@"):
            return read_json(text)
        path = self._folder / text.removeprefix("@")
        try:
            return read_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: cannot be read: it is not UTF-8 text") from error

    # --- time and the daemon --------------------------------------------------------------------

    async def _clock(self, what: str) -> None:
        await self._stage.pass_time(duration_s(what))

    async def _daemon(self, what: str) -> None:
        match what:
            case "kill":
                await self._stage.kill_daemon()
            case "stop":
                code = await self._stage.stop_daemon()
                if code != 0:
                    raise RuntimeError(f"the daemon's exit code: {code}, expected 0")
            case "start":
                await self._stage.start_daemon()
            case "kill and start":
                await self._stage.kill_daemon()
                await self._stage.start_daemon()
            case _:
                raise ValueError(f"the daemon cannot {what!r}")


def read_form(text: str) -> Form:
    """What a request must be like: `crm GET /customers?phone=*`; ValueError for anything else."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a request: {text!r}; write for example `crm GET /customers?phone=*`")
    pairs = [pair.partition("=") for pair in (found["query"] or "").split("&") if pair]
    query = {unquote(name): unquote(value) for name, _, value in pairs}
    return Form(found["service"], found["method"], found["path"], query)


def read_json(text: str) -> Any:
    """A JSON document; ValueError, in words for people, for anything else."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {text[:60]!r}: {error}") from error
