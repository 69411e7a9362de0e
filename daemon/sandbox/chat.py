"""The conversation in a terminal: you are the customer, the agent, and whatever goes wrong.

What lives here: what a typed line means, as a line of a conversation file, and what is shown. What
must not: doing it (`daemon.scripts.acting`), or the simulated vendors.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import trio
from rich.console import Console
from rich.markup import escape

from adapters.sandbox.configuration import TIME_ZONE
from adapters.sandbox.desk import DeskLine
from adapters.sandbox.phone import ShownMessage
from daemon.sandbox.recording import Recording
from daemon.sandbox.stage import Stage
from daemon.scripts.acting import Acting

_HERE = ZoneInfo(TIME_ZONE)
_LOOK_S = 0.05
_BOLD = re.compile(r"(?<![\w*])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])")

INTRODUCTION = """\
You are [bold]Ana[/bold], a customer with a phone. The bot is the real daemon; WhatsApp, the
provider, the CRM and Genesys are simulated."""

SOON = "A restart takes about 12 seconds here.\n"

TRY_SHIPPED = """\
Try this first: write [bold]hello[/bold], then [bold]1[/bold] (restart), then [bold]1[/bold] (yes).
While it runs, write [bold]3[/bold] to look at your bill.
When it is back: [bold]/fail[/bold], restart again, and choose a person. [bold]@accept[/bold] takes
the chat, [bold]@ How can I help?[/bold] answers as the agent, [bold]@end[/bold] ends it (the bot
notices within some 15 seconds; [bold]/wait 1m[/bold] makes time pass). The clocks are Lima's, and
it is day there, whatever the time is where you are: people are at work, but for holidays.
[bold]/help[/bold] shows everything; [bold]/quit[/bold] ends.
"""

TRY_OWN = """\
Write [bold]hello[/bold], then the number of an option. Where a person is asked for,
[bold]@accept[/bold] takes the chat and [bold]@ How can I help?[/bold] answers as the agent.
[bold]/help[/bold] shows everything, also what can go wrong; [bold]/quit[/bold] ends.
"""

RECORDING = """
All of this is being written down as a conversation file. Time stands still meanwhile:
[bold]/wait 2m[/bold] lets it pass.
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
  /crm outage l-1                       an outage of Ana's line
  /service crm GET /customers -> 200 []    what is answered from here on: nobody knows the phone
[bold]The daemon[/bold]
  /kill         kill -9        /start    start it again      /restart  both
[bold]Time and looking around[/bold]
  /wait 25m     let time pass (s, m, h, d)
  /job          what the provider did     /desk   what the agent sees     /log   the daemon's log
  /help         this                      /quit   end
"""


class Chat:
    """Runs until the customer quits or the input ends."""

    def __init__(
        self,
        stage: Stage,
        console: Console,
        recording: Recording | None = None,
        *,
        shipped: bool = True,
    ) -> None:
        """With a `recording`, time stands still but for `/wait`, and all is written down.

        `shipped`: whether it is the flow whose menus the introduction tells of.
        """
        self._stage = stage
        self._console = console
        self._recording = recording
        self._shipped_flow = shipped
        self._acting = Acting(stage, Path())
        self._shown = 0
        self._desk_shown: dict[str, int] = {}
        self._looks: dict[str, Callable[[str], None]] = {
            "help": lambda _: self._console.print(HELP),
            "job": self._job,
            "desk": self._desk,
            "log": self._log,
        }

    async def run(self) -> None:
        """Talk."""
        self._console.print(INTRODUCTION)
        self._console.print(SOON if self._recording is None else RECORDING)
        self._console.print(TRY_SHIPPED if self._shipped_flow else TRY_OWN)
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
        name, _, rest = line.removeprefix("/").partition(" ")
        try:
            if line.startswith("/") and name in self._looks:
                self._looks[name](rest.strip())
            elif line:
                await self._do(*self._meant(line))
        except (LookupError, ValueError, RuntimeError, httpx.HTTPError) as error:
            self._hint(str(error))

    async def _do(self, who: str, what: str) -> None:
        """Do what a conversation file could say, and write it down once it worked."""
        if not await self._acting.act(who, what):
            raise ValueError(f"{who} cannot {what!r}; /help shows what there is")
        if self._recording is not None:
            self._recording.did(who, what)
            await self._stage.settle()
            self._recording.said(self._stage.phone)
        if (who, what) == ("daemon", "kill"):
            self._hint("done; what you write now is delivered once it is started again: /start")
        elif who not in ("customer", "agent"):
            self._hint("done")

    def _meant(self, line: str) -> tuple[str, str]:
        """What a line would be in a conversation file."""
        if line.startswith("@"):
            return "agent", _agent_means(line.removeprefix("@"))
        if not line.startswith("/"):
            return "customer", self._customer_means(line)
        name, _, rest = line.removeprefix("/").partition(" ")
        rest = rest.strip()
        match name:
            case "tap":
                return "customer", f"[{rest}]"
            case "twice":
                return "customer", f"[{rest}] twice"
            case "fail":
                return "provider", f"fail {rest or 'reboot'} 9002"
            case "silent":
                return "provider", "silent"
            case "late":
                return "provider", "silent then succeeds after 12 minutes"
            case "lose":
                return "provider", "loses the answer"
            case "down" | "up":
                return "provider", name
            case "crm" | "service":
                return name, rest
            case "kill" | "start":
                return "daemon", name
            case "restart":
                return "daemon", "kill and start"
            case "wait":
                return "clock", rest
            case _:
                raise ValueError(f"there is no /{name}; /help shows what there is")

    def _customer_means(self, line: str) -> str:
        if not (line.isdigit() and len(line) < 3):
            return line
        received = self._stage.phone.received
        choices = next((message.choices for message in reversed(received) if message.choices), ())
        if not 1 <= int(line) <= len(choices):
            # Typed, as on a phone: news of a job may have come after the menu that is meant.
            return line
        return f"[{choices[int(line) - 1].title}]"

    def _hint(self, text: str) -> None:
        self._console.print(f"  [dim]{escape(text)}[/dim]")

    # --- looking around -------------------------------------------------------------------------

    def _desk(self, _rest: str) -> None:
        chat = self._stage.world.genesys.chat
        self._hint(f"the chat is {chat.state}")
        for name, value in chat.attributes.items():
            self._hint(f"{name} = {value}")
        for line in chat.transcript:
            self._show_desk_line(line)

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
        # By the clocks of the flow: the same that its texts and opening hours go by.
        at = datetime.fromtimestamp(message.at_ms / 1000, _HERE).strftime("%H:%M:%S")
        # WhatsApp shows *this* in bold.
        text = _BOLD.sub(r"[bold]\1[/bold]", escape(message.text))
        self._console.print(f"[green]bot {at}[/green] {text}")
        for number, choice in enumerate(message.choices, start=1):
            more = f"  [dim]{escape(choice.description)}[/dim]" if choice.description else ""
            self._console.print(f"      [cyan]{number}[/cyan] {escape(choice.title)}{more}")

    def _show_desk_line(self, line: DeskLine) -> None:
        if line.who == "customer":
            self._console.print(f"  [magenta]desk[/magenta] [dim]{escape(line.text)}[/dim]")


def _agent_means(line: str) -> str:
    verb, _, rest = line.strip().partition(" ")
    if line.startswith(" ") or verb not in ("accept", "reject", "end"):
        return f"says {line.strip()}"
    return f"accept {rest or 'Rita'}" if verb == "accept" else verb
