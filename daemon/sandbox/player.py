"""Playing a conversation file on a stage, and checking it.

What lives here: what each kind of line does. What must not: the format (`script`), or simulated
vendors (`adapters.sandbox`).
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from adapters.sandbox.phone import ShownMessage
from daemon.sandbox.script import Expectation, Script, Step, duration_s, expectation, matches
from daemon.sandbox.stage import Stage


class ExpectationFailed(Exception):
    """Something was not as the file says."""


class Player:
    """Plays one script. `tell` gets each line of the transcript as it happens."""

    def __init__(self, stage: Stage, script: Script, tell: Callable[[str], None]) -> None:
        self._stage = stage
        self._script = script
        self._tell = tell
        self._seen = 0
        """How many of the bot's messages were expected so far."""
        self._told = 0
        self._verbs: dict[str, Callable[[str], Awaitable[None] | None]] = {
            "customer": self._customer,
            "bot": self._bot,
            "provider": self._provider,
            "crm": self._crm,
            "agent": self._agent,
            "clock": self._clock,
            "daemon": self._daemon,
        }

    async def play(self) -> None:
        """Play it whole. Raises ExpectationFailed, naming the line."""
        for step in self._script.steps:
            if step.who != "bot":
                self._show(f"{step.who}: {step.what}")
            try:
                await self._step(step)
            except (ExpectationFailed, ValueError, LookupError, RuntimeError) as error:
                raise ExpectationFailed(f"line {step.number}: {error}") from error
        self._nothing_left("at the end")

    async def _step(self, step: Step) -> None:
        done = self._verbs[step.who](step.what)
        if inspect.isawaitable(done):
            await done
        if not step.loose:
            await self._stage.settle()
        self._tell_transcript()

    def _show(self, line: str) -> None:
        self._tell(line)

    def _tell_transcript(self) -> None:
        received = self._stage.phone.received
        for message in received[self._told :]:
            self._show(f"    bot: {_flat(message)}")
        self._told = len(received)

    # --- the chat -------------------------------------------------------------------------------

    def _customer(self, what: str) -> None:
        self._nothing_left("before this")
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

    def _bot(self, what: str) -> None:
        received = self._stage.phone.received
        if what == "says nothing":
            self._nothing_left("here")
            return
        if what == "...":
            self._seen = len(received)
            return
        wanted = expectation(what.removeprefix("... "))
        skip = what.startswith("... ")
        problem = f"the bot said nothing more; expected: {what}"
        while self._seen < len(received):
            message = received[self._seen]
            self._seen += 1
            found = _difference(wanted, message)
            if found is None:
                return
            problem = found
            if not skip:
                break
        raise ExpectationFailed(problem)

    def _nothing_left(self, when: str) -> None:
        left = self._stage.phone.received[self._seen :]
        if left:
            raise ExpectationFailed(f"{when}, the bot also said: {_flat(left[0])}")

    # --- the others -----------------------------------------------------------------------------

    def _provider(self, what: str) -> None:
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
            case ["starts", "=", count]:
                _equal("starts", len(telco.starts), int(count))
            case ["restarts", "=", count]:
                _equal("restarts of the router", len(telco.fires), int(count))
            case _:
                raise ValueError(f"the provider cannot {what!r}")

    def _crm(self, what: str) -> None:
        match what.split():
            case ["down"]:
                self._stage.world.services.down()
            case ["up"]:
                self._stage.world.services.up()
            case ["outage", line]:
                self._stage.world.services.outage(line)
            case _:
                raise ValueError(f"the CRM cannot {what!r}")

    def _agent(self, what: str) -> None:
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
            case "sees":
                self._agent_sees(rest)
            case "is" if rest in ("queued", "ringing", "active", "ended"):
                _equal("the chat at the desk", desk.chat.state, rest)
            case _:
                raise ValueError(f"the agent cannot {what!r}")

    def _agent_sees(self, pattern: str) -> None:
        lines = [line.text for line in self._stage.world.genesys.chat.transcript]
        if not any(matches(pattern, line) for line in lines):
            shown = "\n        ".join(lines)
            raise ExpectationFailed(f"the agent does not see {pattern}; there is:\n        {shown}")

    async def _clock(self, what: str) -> None:
        await self._stage.pass_time(duration_s(what))

    async def _daemon(self, what: str) -> None:
        match what:
            case "kill":
                await self._stage.daemon.kill()
            case "stop":
                _equal("the daemon's exit code", await self._stage.daemon.stop(), 0)
            case "start":
                await self._stage.start_daemon()
            case "kill and start":
                await self._stage.daemon.kill()
                await self._stage.start_daemon()
            case _:
                raise ValueError(f"the daemon cannot {what!r}")


def _difference(wanted: Expectation, message: ShownMessage) -> str | None:
    if not matches(wanted.text, message.text):
        return f"expected: {wanted.text}\n      but got: {_flat(message)}"
    titles = tuple(choice.title for choice in message.choices)
    if wanted.choices is not None and wanted.choices != titles:
        return f"expected the choices {list(wanted.choices)}, got {list(titles)}"
    return None


def _equal(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise ExpectationFailed(f"{what}: {found}, expected {wanted}")


def _flat(message: ShownMessage) -> str:
    choices = " ".join(f"[{choice.title}]" for choice in message.choices)
    return f"{' '.join(message.text.split())} {choices}".strip()
