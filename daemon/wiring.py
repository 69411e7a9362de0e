"""The composition root: the one file that picks implementations.

What lives here: from the configuration to receivers, senders and the store. What must not: rules.
A new vendor is a few lines here and a folder under `adapters/`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

import httpx
from msgspec import Struct

from adapters.agents.genesys.inbound import GenesysReceiver
from adapters.agents.genesys.outbound import GenesysSender
from adapters.agents.genesys.settings import GenesysSettings, hosts_of
from adapters.agents.none import NoDesk
from adapters.connections import KeptConnections
from adapters.ports import Receiver, Sender
from adapters.services.sender import ServiceSender
from adapters.services.settings import ServiceSettings
from adapters.telco.http_contract.inbound import TelcoReceiver
from adapters.telco.http_contract.outbound import TelcoSender
from adapters.telco.http_contract.settings import TelcoSettings
from adapters.whatsapp.inbound import WhatsAppReceiver
from adapters.whatsapp.inbound import alias_of as whatsapp_alias
from adapters.whatsapp.outbound import WhatsAppSender
from adapters.whatsapp.settings import WhatsAppNumber, WhatsAppSettings
from daemon.clock import Clock, SystemClock, VirtualClock
from daemon.config import Config
from daemon.metrics import Metrics
from state.sqlite_store import open_sqlite_store
from state.store import Bell, Store

_TELCO = {"http": (TelcoReceiver, TelcoSender)}
"""`telco.<name>.adapter` (of `config_rules.TelcoAdapter`) -> how a provider is talked to."""


class Vendors(Struct, frozen=True):
    """Everything outside that we talk to."""

    receivers: Mapping[str, tuple[str, Receiver]]
    """Path -> name of the source, and who understands it."""
    senders: Mapping[str, Sender]
    """Destination, or the part of it before the colon -> who carries calls out."""

    def sender_of(self, destination: str) -> Sender | None:
        """The sender for a destination of `actors.calls.destination_of`."""
        found = self.senders.get(destination)
        return found if found is not None else self.senders.get(destination.partition(":")[0])


@asynccontextmanager
async def open_vendors(config: Config) -> AsyncIterator[Vendors]:
    """Receivers and senders; closes their connections at the end."""
    async with AsyncExitStack() as stack:
        trusted = httpx.create_ssl_context(trust_env=False)

        async def connections(destination: str) -> KeptConnections:
            # As many as calls may be under way: fewer would starve, more would idle. Twice the
            # limit, since cancels have as many workers again.
            most = 2 * config.limits.concurrency_of(destination)
            return await stack.enter_async_context(KeptConnections(most, trusted))

        names = ["whatsapp", *(f"telco:{name}" for name in config.telco), "service", "agents"]
        opened = {name: await connections(name) for name in names}
        yield assemble(config, opened.__getitem__)


def assemble(config: Config, transport_of: Callable[[str], httpx.AsyncBaseTransport]) -> Vendors:
    """Receivers and senders over transports that stay the caller's; asked for by destination."""
    receivers: dict[str, tuple[str, Receiver]] = {}
    senders: dict[str, Sender] = {}
    whatsapp = _whatsapp(config)
    receivers["/webhooks/whatsapp"] = ("whatsapp", WhatsAppReceiver(whatsapp))
    senders["whatsapp"] = WhatsAppSender(transport_of("whatsapp"), whatsapp)
    for name in config.telco:
        telco = _telco(config, name)
        receiver, sender = _TELCO[config.telco[name].adapter]
        receivers[f"/webhooks/telco/{name}"] = (f"telco:{name}", receiver(telco))
        senders[f"telco:{name}"] = sender(transport_of(f"telco:{name}"), telco)
    senders["service"] = ServiceSender(transport_of("service"), _services(config))
    senders["agents"] = NoDesk()
    if config.agents.adapter == "genesys":
        genesys = _genesys(config)
        receivers["/webhooks/genesys"] = ("genesys", GenesysReceiver(genesys))
        senders["agents"] = GenesysSender(transport_of("agents"), genesys)
    return Vendors(receivers, senders)


def customer_alias(phone_number_id: str, wa_id: str) -> str:
    """By what the conversation with a customer of WhatsApp is known."""
    return whatsapp_alias(phone_number_id, wa_id)


def open_store(config: Config, bell: Bell, metrics: Metrics) -> AbstractAsyncContextManager[Store]:
    """The store of the configuration."""
    limits = config.limits
    return open_sqlite_store(
        config.state.database,
        bell,
        group_max=limits.group_max,
        queue_max=limits.store_queue_max,
        on_group=metrics.store_group_units.observe,
    )


def make_clock(config: Config, metrics: Metrics) -> Clock:
    """The clock of the configuration: the machine's, or the sandbox's."""
    sandbox = config.sandbox
    if sandbox is not None and sandbox.clock == "virtual" and sandbox.clock_offset_file:
        return VirtualClock(sandbox.clock_offset_file)
    return SystemClock(on_jump=lambda _by_ms: metrics.clock_jumps.inc())


def check_vendors(config: Config) -> list[str]:
    """What the adapters have against their settings, one line each."""
    checks: dict[str, Callable[[], object]] = {
        "whatsapp": partial(_whatsapp, config),
        "services": partial(_services, config),
        **{f"telco.{name}": partial(_telco, config, name) for name in config.telco},
    }
    if config.agents.adapter == "genesys":
        checks["agents.genesys"] = partial(_genesys, config)
    faults: list[str] = []
    for table, check in checks.items():
        try:
            check()
        except ValueError as error:
            faults.append(f"{table}: {error}")
    return faults


def _whatsapp(config: Config) -> WhatsAppSettings:
    table = config.whatsapp
    return WhatsAppSettings(
        api_url=table.api_url,
        api_version=table.api_version,
        business_account_id=table.business_account_id,
        verify_token=table.verify_token,
        app_secrets=table.app_secrets,
        numbers=tuple(
            WhatsAppNumber(number.phone_number_id, number.access_token) for number in table.numbers
        ),
        send_deadline_s=table.call_deadline_s,
    )


def _telco(config: Config, name: str) -> TelcoSettings:
    table = config.telco[name]
    return TelcoSettings(
        name=name,
        base_url=table.base_url,
        callback_url=f"{config.server.public_url.rstrip('/')}/webhooks/telco/{name}",
        callback_secrets=table.callback_secrets,
        authorization=table.authorization,
        honours_idempotency_keys=table.honours_idempotency_keys,
        call_deadline_s=table.call_deadline_s,
    )


def _services(config: Config) -> dict[str, ServiceSettings]:
    return {
        name: ServiceSettings(
            base_url=table.base_url,
            headers=table.headers,
            call_deadline_s=table.call_deadline_s,
        )
        for name, table in config.services.items()
    }


def _genesys(config: Config) -> GenesysSettings:
    table = config.agents.genesys
    if table is None:
        raise ValueError("is missing")
    if table.region is not None:
        api_url, login_url = hosts_of(table.region)
    else:
        api_url, login_url = table.api_url or "", table.login_url or ""
    return GenesysSettings(
        api_url=api_url,
        login_url=login_url,
        integration_id=table.integration_id,
        queue_id=table.queue_id,
        client_id=table.client_id,
        client_secret=table.client_secret,
        webhook_secret=table.webhook_secret,
        call_deadline_s=table.call_deadline_s,
    )
