"""The conversation in a terminal: you are the customer, the agent, and whatever goes wrong.

What lives here: commands and what is shown. What must not: the format of script files, or the
simulated vendors.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx
import trio
from rich.console import Console
from rich.markup import escape

from adapters.sandbox.desk import DeskLine
from adapters.sandbox.phone import ShownMessage
from daemon.sandbox.stage import Stage
from daemon.scripts.format import duration_s

_LOOK_S = 0.05
_BOLD = re.compile(r"(?<![\w*])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])")

INTRODUCTION = """\
You are [bold]Ana[/bold], a customer with a phone. The bot is the real daemon; WhatsApp, the
provider, the CRM and Genesys are simulated. A restart takes about 12 seconds here.

Try this first: write [bold]hello[/bold], then [bold]1[/bold] (restart), then [bold]1[/bold] (yes).
While it runs, write [bold]4[/bold] to look at your plan.
Then [bold]/fail[/bold], restart again, and choose a person: [bold]@accept[/bold] takes the chat,
[bold]@ How can I help?[/bold] answers as the agent, [bold]@end[/bold] ends it (the bot notices
within some 15 seconds; [bold]/wait 1m[/bold] makes time pass).
[bold]/help[/bold] shows everything; [bold]/quit[/bold] ends.
"""

HELP = """\
[bold]As the customer[/bold]
  text          write it
  1, 2, ...     tap that button or row of the last menu
  /tap TITLE    tap a button by its title, also an old one; /twice TITLE taps it twice
[bold]As the agent[/bold]
  @accept [NAME]   take the waiting chat        @reject   let it ring and refuse
  @ text           write to the customer        @end      end the chat
[bold]What goes wrong[/bold]
  /fail [STEP]  the next job fails (reach, reboot, verify)   /silent  ... says nothing at all
  /late         ... is silent and succeeds after 12 minutes  /lose    ... its answer gets lost
  /down, /up    the provider's system                        /crm down, /crm up
[bold]The daemon[/bold]
  /kill         kill -9        /start    start it again      /restart  both
[bold]Time and looking around[/bold]
  /wait 25m     let time pass (s, m, h, d)
  /job          what the provider did     /desk   what the agent sees     /log   the daemon's log
  /help         this                      /quit   end
"""


class Chat:
    """Runs until the customer quits or the input ends."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self._stage = stage
        self._console = console
        self._shown = 0
        self._desk_shown: dict[str, int] = {}
        self._commands: dict[str, Callable[[str], Awaitable[None] | None]] = {
            "help": lambda _: self._console.print(HELP),
            "tap": lambda rest: self._tap(rest),
            "twice": self._twice,
            "fail": lambda rest: stage.world.telco.fail_next(rest or "reboot", "9002"),
            "silent": lambda _: stage.world.telco.silent_next(),
            "late": lambda _: stage.world.telco.late_success_after(720_000),
            "lose": lambda _: stage.world.telco.drop_start_answer(),
            "down": lambda _: stage.world.telco.down(),
            "up": lambda _: stage.world.telco.up(),
            "crm": self._crm,
            "kill": lambda _: stage.daemon.kill(),
            "start": lambda _: stage.start_daemon(),
            "restart": self._restart,
            "wait": self._wait,
            "job": self._job,
            "desk": self._desk,
            "log": self._log,
        }

    async def run(self) -> None:
        """Talk."""
        self._console.print(INTRODUCTION)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._show_news)
            while True:
                line = await self._read()
                if line is None or line in ("/quit", "/exit", "/q"):
                    break
                await self._obey(line.strip())
            nursery.cancel_scope.cancel()

    async def _read(self) -> str | None:
        def read() -> str | None:
            try:
                return input()
            except EOFError:
                return None

        return await trio.to_thread.run_sync(read, abandon_on_cancel=True)

    async def _obey(self, line: str) -> None:
        try:
            if not line:
                return
            if line.startswith("@"):
                self._agent(line.removeprefix("@"))
            elif line.startswith("/"):
                name, _, rest = line.removeprefix("/").partition(" ")
                command = self._commands.get(name)
                if command is None:
                    self._hint(f"there is no /{name}; /help shows what there is")
                    return
                done = command(rest.strip())
                if inspect.isawaitable(done):
                    await done
                if name not in ("help", "job", "desk", "log", "tap", "twice"):
                    self._hint("done")
            else:
                self._customer(line)
        except (LookupError, ValueError, RuntimeError, httpx.HTTPError) as error:
            self._hint(str(error))

    def _hint(self, text: str) -> None:
        self._console.print(f"  [dim]{escape(text)}[/dim]")

    # --- the customer ---------------------------------------------------------------------------

    def _customer(self, line: str) -> None:
        phone = self._stage.phone
        if line.isdigit() and len(line) < 3:
            phone.tap(int(line))
        else:
            phone.write(line)

    def _tap(self, title: str) -> None:
        self._stage.phone.tap(title)

    def _twice(self, title: str) -> None:
        self._stage.phone.tap(title)
        self._stage.phone.tap(title)

    # --- the agent ------------------------------------------------------------------------------

    def _agent(self, line: str) -> None:
        desk = self._stage.world.genesys
        verb, _, rest = line.strip().partition(" ")
        if line.startswith(" "):
            desk.say(line.strip())
        elif verb == "accept":
            desk.accept(rest or "Rita")
        elif verb == "reject":
            desk.chat.ring()
            desk.reject()
        elif verb == "end":
            desk.end()
        else:
            desk.say(line.strip())

    def _desk(self, _rest: str) -> None:
        chat = self._stage.world.genesys.chat
        self._hint(f"the chat is {chat.state}")
        for name, value in chat.attributes.items():
            self._hint(f"{name} = {value}")
        for line in chat.transcript:
            self._show_desk_line(line)

    # --- the world ------------------------------------------------------------------------------

    def _crm(self, rest: str) -> None:
        if rest == "down":
            self._stage.world.services.down()
        elif rest == "up":
            self._stage.world.services.up()
        else:
            raise ValueError("write /crm down or /crm up")

    async def _restart(self, _rest: str) -> None:
        await self._stage.daemon.kill()
        await self._stage.start_daemon()

    async def _wait(self, rest: str) -> None:
        await self._stage.pass_time(duration_s(rest))

    def _job(self, _rest: str) -> None:
        telco = self._stage.world.telco
        self._hint(f"{len(telco.starts)} job(s) started, {len(telco.fires)} router restart(s)")
        for job in telco.jobs.values():
            self._hint(f"{job.id}: {job.state}")

    def _log(self, _rest: str) -> None:
        self._console.print(self._stage.daemon.log_tail(12), markup=False, style="dim")
        self._hint(f"all of it: {self._stage.daemon.log}")

    # --- what is shown --------------------------------------------------------------------------

    async def _show_news(self) -> None:
        while True:
            received = self._stage.phone.received
            for message in received[self._shown :]:
                self._show(message)
            self._shown = len(received)
            for chat in list(self._stage.world.genesys.chats):
                seen = self._desk_shown.get(chat.id, 0)
                for line in chat.transcript[seen:]:
                    self._show_desk_line(line)
                self._desk_shown[chat.id] = len(chat.transcript)
            await trio.sleep(_LOOK_S)

    def _show(self, message: ShownMessage) -> None:
        at = datetime.fromtimestamp(message.at_ms / 1000, UTC).strftime("%H:%M:%S")
        # WhatsApp shows *this* in bold.
        text = _BOLD.sub(r"[bold]\1[/bold]", escape(message.text))
        self._console.print(f"[green]bot {at}[/green] {text}")
        for number, choice in enumerate(message.choices, start=1):
            more = f" [dim]{escape(choice.description)}[/dim]" if choice.description else ""
            self._console.print(f"      [cyan]{number}[/cyan] {escape(choice.title)}{more}")

    def _show_desk_line(self, line: DeskLine) -> None:
        if line.who == "customer":
            self._console.print(f"  [magenta]desk[/magenta] [dim]{escape(line.text)}[/dim]")
