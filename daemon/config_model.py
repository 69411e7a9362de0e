"""The shape of the configuration: one frozen struct a table, every default, every limit.

What lives here: fields, units (in the names), defaults. What must not: reading, checking. Keys are
the field names; a field without a default must be in the file. docs/configuration.md says the
same for operators.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, field

from adapters.secret import Secret
from daemon.config_rules import (
    AcceptTimeout,
    AgentsAdapter,
    ApiVersion,
    Bind,
    ClockKind,
    Digits,
    HttpsUrl,
    KeepDays,
    Language,
    NotNegative,
    Positive,
    Region,
    Seconds,
    TelcoAdapter,
    Text,
    TimeZone,
    Url,
)


class Server(Struct, frozen=True, kw_only=True):
    """`[server]`: the public webhooks."""

    bind: Bind = "127.0.0.1:8080"
    public_url: HttpsUrl
    """Where vendors reach us; callbacks are named after it."""


class Admin(Struct, frozen=True, kw_only=True):
    """`[admin]`: health, metrics, console; never public."""

    bind: Bind = "127.0.0.1:8081"
    socket: Path = Path("/run/routerbot/admin.sock")


class State(Struct, frozen=True, kw_only=True):
    """`[state]`: the one file."""

    database: Path = Path("/var/lib/routerbot/routerbot.db")


class Privacy(Struct, frozen=True, kw_only=True):
    """`[privacy]`."""

    pseudonym_key: Secret
    """Keeps the place for names of customers in logs. The contract with operators requires it; no
    line names a customer so far, so nothing reads it."""


class Flow(Struct, frozen=True, kw_only=True):
    """`[flow]`: the menus."""

    file: Path
    default_language: Language
    time_zone: TimeZone


class Service(Struct, frozen=True, kw_only=True):
    """`[services.<name>]`: what web requests of the flow may talk to."""

    base_url: Url
    headers: dict[str, Secret] = {}
    call_deadline_s: Seconds = 10.0


class WhatsAppNumber(Struct, frozen=True, kw_only=True):
    """`[[whatsapp.numbers]]`: a business number."""

    phone_number_id: Digits
    access_token: Secret


class WhatsApp(Struct, frozen=True, kw_only=True):
    """`[whatsapp]`."""

    api_url: HttpsUrl = "https://graph.facebook.com"
    api_version: ApiVersion = "v25.0"
    business_account_id: Digits
    """The account of the numbers. Templates belong to it; none is sent so far."""
    verify_token: Secret
    app_secrets: tuple[Secret, ...]
    """Several while one is being rotated: a signature by any of them counts."""
    numbers: tuple[WhatsAppNumber, ...]
    call_deadline_s: Seconds = 20.0


class Telco(Struct, frozen=True, kw_only=True):
    """`[telco.<name>]`: a provider's system."""

    adapter: TelcoAdapter = "http"
    base_url: Url
    callback_secrets: tuple[Secret, ...]
    authorization: Secret | None = None
    """The whole value of the `Authorization` header."""
    honours_idempotency_keys: bool = True
    """Whether a start that is repeated with the same key yields the same job."""
    call_deadline_s: Seconds = 15.0


class Genesys(Struct, frozen=True, kw_only=True):
    """`[agents.genesys]`: by `region`, or by `api_url` and `login_url`."""

    region: Region | None = None
    api_url: HttpsUrl | None = None
    login_url: HttpsUrl | None = None
    integration_id: Text
    queue_id: Text
    """Not asked for yet: waiting times and opening hours will be."""
    client_id: Secret
    client_secret: Secret
    webhook_secret: Secret
    call_deadline_s: Seconds = 15.0


class Agents(Struct, frozen=True, kw_only=True):
    """`[agents]`: where "talk to a person" leads."""

    adapter: AgentsAdapter = "none"
    genesys: Genesys | None = None


class Sandbox(Struct, frozen=True, kw_only=True):
    """`[sandbox]`: only in the file that the sandbox writes for its daemon."""

    clock: ClockKind = "real"
    clock_offset_file: Path | None = None
    """Of `daemon.clock.VirtualClock`; must be given for a virtual clock."""


class Limits(Struct, frozen=True, kw_only=True):
    """`[limits]`: every bound of the program, by name."""

    # The public door.
    accept_timeout_ms: AcceptTimeout = 5000
    connections_max: Positive = 512
    descriptors_reserve: NotNegative = 64
    header_deadline_s: Seconds = 10.0
    body_deadline_s: Seconds = 30.0
    idle_s: Seconds = 30.0
    header_max_bytes: Positive = 16_384
    bodies_in_memory_max_bytes: Positive = 64 * 1024 * 1024
    # Actors.
    live_actors_max: Positive = 5000
    mailbox_max: Positive = 32
    actor_idle_s: Seconds = 60.0
    batch_max: Positive = 32
    # The store.
    store_queue_max: Positive = 1024
    group_max: Positive = 256
    message_keep_days: KeepDays = 14
    sweep_s: Seconds = 60.0
    # Sending.
    send_attempts_max: Positive = 20
    request_attempts_max: Positive = 3
    send_backoff_first_s: Seconds = 1.0
    send_backoff_max_s: Seconds = 300.0
    unknown_after_s: Seconds = 5.0
    reconcile_after_s: Seconds = 90.0
    concurrency: dict[str, Positive] = field(default_factory=lambda: {"default": 16})
    # Customers.
    progress_spacing_s: Seconds = 15.0
    tap_age_max_s: Seconds = 600.0
    # Time and the end.
    timers_per_second_max: Positive = 500
    drain_s: Seconds = 30.0

    def concurrency_of(self, destination: str) -> int:
        """How many calls to a destination may be under way, by its most exact prefix."""
        found = [
            (len(prefix), number)
            for prefix, number in self.concurrency.items()
            if destination == prefix or destination.startswith(prefix + ":")
        ]
        return max(found)[1] if found else self.concurrency.get("default", 16)


class Config(Struct, frozen=True, kw_only=True):
    """The whole file, checked, its secrets resolved, its paths absolute."""

    server: Server
    admin: Admin = Admin()
    state: State = State()
    privacy: Privacy
    flow: Flow
    services: dict[str, Service] = {}
    whatsapp: WhatsApp
    telco: dict[str, Telco] = {}
    agents: Agents = Agents()
    limits: Limits = field(default_factory=Limits)
    sandbox: Sandbox | None = None
