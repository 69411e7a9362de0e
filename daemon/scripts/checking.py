"""Comparing what came with what a line of a conversation file expects.

What lives here: the expectations, and `Difference`, raised where one is not met. What must not:
doing anything (`acting`), or how a difference is shown (`showing`).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from actors.flow.values import show
from adapters.sandbox.phone import ShownMessage
from daemon.scripts.acting import ASKED, read_form, read_json
from daemon.scripts.format import Expectation, expectation, matches
from daemon.scripts.look import FOR_PERSON, TO_BOT, TO_PERSON, Look
from daemon.scripts.stage import Stage

_TIMES = re.compile(r"(?:(\d+) times )?(.*)\Z", re.DOTALL)


class Difference(Exception):
    """Something is not as the file says."""

    def __init__(self, what: str, expected: str | None = None, came: str | None = None) -> None:
        """`what` in words; `expected` and `came` are shown one below the other."""
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.came = came


class Checking:
    """Compares, on one stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen = 0
        """How many of the bot's messages were expected so far."""
        self._verbs: dict[str, Callable[[str], Awaitable[None] | None]] = {
            "bot": self._bot,
            "conversation": self._conversation,
            "value": self._value,
            "job": self._job,
            "provider": self._provider,
            "service": self._service,
            "crm": self._nothing_of("the CRM"),
            "agent": self._agent,
        }

    async def check(self, who: str, what: str) -> None:
        """Check it. Raises Difference; ValueError where it can be neither done nor expected."""
        done = self._verbs[who](what)
        if inspect.isawaitable(done):
            await done

    @staticmethod
    def _nothing_of(who: str) -> Callable[[str], None]:
        def refuse(what: str) -> None:
            raise ValueError(f"{who} cannot {what!r}")

        return refuse

    # --- the chat -------------------------------------------------------------------------------

    def nothing_left(self, when: str) -> None:
        """All that the bot said must have been expected by now."""
        left = self._stage.phone.received[self._seen :]
        if left:
            raise Difference(f"{when}, the bot also said", None, flat(left[0]))

    def _bot(self, what: str) -> None:
        received = self._stage.phone.received
        if what == "says nothing":
            self.nothing_left("here")
            return
        if what == "...":
            self._seen = len(received)
            return
        wanted = expectation(what.removeprefix("... "))
        skip = what.startswith("... ")
        problem = Difference("the bot said nothing more", what, "(nothing)")
        while self._seen < len(received):
            message = received[self._seen]
            self._seen += 1
            found = _difference(what, wanted, message)
            if found is None:
                return
            problem = found
            if not skip:
                break
        raise problem

    # --- what the bot has in mind ---------------------------------------------------------------

    async def _look(self) -> Look:
        look = await self._stage.look()
        if look is None:
            raise Difference("the bot has not heard of this customer")
        return look

    async def _conversation(self, what: str) -> None:
        look = await self._look()
        match what.split():
            case ["is", "at", step]:
                _equal("conversation: is at", look.at, step)
            case ["speaks", language]:
                _equal("conversation: speaks", look.language, language)
            case _ if what in (TO_BOT, FOR_PERSON, TO_PERSON):
                _equal("conversation:", look.talks, what)
            case _:
                raise ValueError(f"a conversation is not {what!r}")

    async def _value(self, what: str) -> None:
        look = await self._look()
        name, equals, wanted = what.partition(" = ")
        if equals:
            found = look.values.get(name.strip())
            if name.strip() not in look.values or not matches(wanted.strip(), show(found)):
                came = show(found) if name.strip() in look.values else "(not set)"
                raise Difference(f"the value {name}", wanted.strip(), came)
        elif what.endswith(" is not set"):
            name = what.removesuffix(" is not set").strip()
            if look.values.get(name) is not None:
                raise Difference(f"the value {name}", "(not set)", show(look.values[name]))
        else:
            raise ValueError(f"not about a value: {what!r}; write for example `balance = 12.5`")

    async def _job(self, what: str) -> None:
        name, _, rest = what.partition(" ")
        look = await self._look()
        job = next((job for job in reversed(look.jobs) if job.name == name), None)
        if job is None:
            raise Difference(f"the job {name}", rest, "(there is none)")
        match rest.split():
            case ["is", "at", step]:
                _equal(f"job: {name} is at", job.step, step)
            case ["is", phase]:
                _equal(f"job: {name} is", job.phase, phase)
            case ["attempt", "=", number]:
                _equal(f"job: {name} attempt =", job.attempt, int(number))
            case _:
                raise ValueError(f"a job is not {rest!r}")

    # --- the others -----------------------------------------------------------------------------

    def _provider(self, what: str) -> None:
        telco = self._stage.world.telco
        match what.split():
            case ["starts", "=", count]:
                _equal("provider: starts =", len(telco.starts), int(count))
            case ["restarts", "=", count]:
                _equal("provider: restarts =", len(telco.fires), int(count))
            case _:
                raise ValueError(f"the provider cannot {what!r}")

    def _service(self, what: str) -> None:
        service, asked, rest = what.partition(ASKED)
        found = _TIMES.match(rest)
        if not asked or found is None:
            raise ValueError(f"a service cannot {what!r}")
        request, _, body = found[2].partition(" {")
        method, _, path = request.partition(" ")
        form = read_form(f"{service} {method} {path}")
        if body:
            form = replace(form, body=read_json("{" + body))
        count = self._stage.world.stubs.count(form)
        if found[1] is not None:
            _equal(f"requests like {found[2]}", count, int(found[1]))
        elif not count:
            came = [
                f"{name} {one.method} {one.path}" for name, one in self._stage.world.stubs.asked
            ]
            raise Difference("the service was not asked so", what, "; ".join(came) or "(nothing)")

    def _agent(self, what: str) -> None:
        verb, _, rest = what.partition(" ")
        match verb:
            case "sees":
                self._agent_sees(rest)
            case "is" if rest in ("queued", "ringing", "active", "ended"):
                _equal("agent: is", self._stage.world.genesys.chat.state, rest)
            case _:
                raise ValueError(f"the agent cannot {what!r}")

    def _agent_sees(self, pattern: str) -> None:
        lines = [line.text for line in self._stage.world.genesys.chat.transcript]
        if not any(matches(pattern, line) for line in lines):
            raise Difference("the agent does not see that", pattern, "\n".join(lines))


def _difference(what: str, wanted: Expectation, message: ShownMessage) -> Difference | None:
    if not matches(wanted.text, message.text):
        return Difference("the bot said something else", what, flat(message))
    titles = tuple(choice.title for choice in message.choices)
    if wanted.choices is not None and wanted.choices != titles:
        return Difference("the bot offered something else", what, flat(message))
    return None


def _equal(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Difference("not so", f"{what} {wanted}", f"{what} {found}")


def flat(message: ShownMessage) -> str:
    """A message as a conversation file would write it."""
    choices = " ".join(f"[{choice.title}]" for choice in message.choices)
    return f"{' '.join(message.text.split())} {choices}".strip()
