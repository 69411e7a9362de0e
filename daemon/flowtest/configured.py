"""The configuration of the daemon's parts in a world without addresses.

What lives here: what `adapters.sandbox.configuration` writes for a process, as a value. What must
not: anything that reads a file or a secret.
"""

from __future__ import annotations

from pathlib import Path

from adapters.sandbox.configuration import TIME_ZONE
from adapters.sandbox.direct import DirectWorld
from adapters.sandbox.services import CRM, CRM_PATH
from adapters.sandbox.stubs import OTHERS_PATH
from adapters.secret import Secret
from daemon.config_model import (
    Agents,
    Config,
    Flow,
    Genesys,
    Privacy,
    Server,
    Service,
    Telco,
    WhatsApp,
    WhatsAppNumber,
)
from daemon.scripts.needs import Needs

_PUBLIC_URL = "http://127.0.0.1:9"
_NOWHERE = Path("/dev/null")


def configured(world: DirectWorld, needs: Needs, language: str) -> Config:
    """The configuration for a world and a flow's needs; limits are the daemon's defaults."""
    return Config(
        server=Server(public_url=_PUBLIC_URL),
        privacy=Privacy(pseudonym_key=Secret("")),
        flow=Flow(file=_NOWHERE, default_language=language, time_zone=TIME_ZONE),
        services={name: _service(world, name) for name in needs.services},
        whatsapp=_whatsapp(world),
        telco={name: _telco(world) for name in needs.providers},
        agents=Agents(adapter="genesys", genesys=_genesys(world)),
    )


def _service(world: DirectWorld, name: str) -> Service:
    if name == CRM:
        crm = world.services
        headers = {"Authorization": Secret(crm.authorization)}
        return Service(base_url=crm.server.url + CRM_PATH, headers=headers)
    return Service(base_url=world.others.server.url + OTHERS_PATH + name)


def _whatsapp(world: DirectWorld) -> WhatsApp:
    whatsapp = world.whatsapp
    return WhatsApp(
        api_url=whatsapp.server.url,
        business_account_id=whatsapp.business_account_id,
        verify_token=Secret(whatsapp.verify_token),
        app_secrets=(Secret(whatsapp.app_secret),),
        numbers=(
            WhatsAppNumber(
                phone_number_id=whatsapp.phone_number_id,
                access_token=Secret(whatsapp.access_token),
            ),
        ),
    )


def _telco(world: DirectWorld) -> Telco:
    telco = world.telco
    return Telco(base_url=telco.server.url, callback_secrets=(Secret(telco.callback_secret),))


def _genesys(world: DirectWorld) -> Genesys:
    desk = world.genesys
    return Genesys(
        api_url=desk.server.url,
        login_url=desk.server.url,
        integration_id=desk.integration_id,
        queue_id=desk.queue_id,
        client_id=Secret(desk.client_id),
        client_secret=Secret(desk.client_secret),
        webhook_secret=Secret(desk.webhook_secret),
    )
