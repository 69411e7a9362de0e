"""The configuration of a daemon that lives in a simulated world.

What lives here: the lines of TOML about each vendor, and the files of secrets that they name. What
must not: starting a daemon, or the world itself (`world`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from adapters.sandbox.genesys import SimulatedGenesys
from adapters.sandbox.services import CRM, CRM_PATH, SimulatedServices
from adapters.sandbox.stubs import OTHERS_PATH, StubbedServices
from adapters.sandbox.telco import SimulatedTelco
from adapters.sandbox.whatsapp import SimulatedWhatsApp

TIME_ZONE = "America/Lima"
"""The clocks of the simulated provider's town, and so of the flow."""


class Secrets:
    """The folder of secret files; the configuration names files, never a secret itself."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder

    def put(self, name: str, secret: str) -> str:
        """Write a secret; how the configuration refers to it."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        # Readable by its owner alone from its first moment on.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret)
        return f"{{ file = {text_of(path)} }}"


def text_of(value: object) -> str:
    """A value as TOML writes texts."""
    # A JSON string in ASCII is a TOML string too.
    return json.dumps(str(value))


def whatsapp_lines(whatsapp: SimulatedWhatsApp, secrets: Secrets) -> list[str]:
    """The tables of this vendor."""
    return [
        "[whatsapp]",
        f"api_url = {text_of(whatsapp.server.url)}",
        'api_version = "v25.0"',
        f"business_account_id = {text_of(whatsapp.business_account_id)}",
        f"verify_token = {secrets.put('whatsapp_verify_token', whatsapp.verify_token)}",
        f"app_secrets = [{secrets.put('whatsapp_app_secret', whatsapp.app_secret)}]",
        "[[whatsapp.numbers]]",
        f"phone_number_id = {text_of(whatsapp.phone_number_id)}",
        f"access_token = {secrets.put('whatsapp_access_token', whatsapp.access_token)}",
    ]


def telco_lines(telco: SimulatedTelco, names: Iterable[str], secrets: Secrets) -> list[str]:
    """The tables of the provider: one for each name, all of the same system."""
    secret = secrets.put("telco_callback_secret", telco.callback_secret)
    lines: list[str] = []
    for name in names:
        lines += [
            f"[telco.{text_of(name)}]",
            'adapter = "http"',
            f"base_url = {text_of(telco.server.url)}",
            f"callback_secrets = [{secret}]",
        ]
    return lines


def services_lines(
    crm: SimulatedServices, others: StubbedServices, names: Iterable[str], secrets: Secrets
) -> list[str]:
    """The tables of the operator's services."""
    lines: list[str] = []
    for name in names:
        lines += [f"[services.{text_of(name)}]"]
        if name == CRM:
            authorization = secrets.put("crm_authorization", crm.authorization)
            lines += [
                f"base_url = {text_of(crm.server.url + CRM_PATH)}",
                f"headers = {{ Authorization = {authorization} }}",
            ]
        else:
            lines += [f"base_url = {text_of(others.server.url + OTHERS_PATH + name)}"]
    return lines


def genesys_lines(desk: SimulatedGenesys, secrets: Secrets) -> list[str]:
    """The tables of this vendor."""
    return [
        "[agents]",
        'adapter = "genesys"',
        "[agents.genesys]",
        f"api_url = {text_of(desk.server.url)}",
        f"login_url = {text_of(desk.server.url)}",
        f"integration_id = {text_of(desk.integration_id)}",
        f"queue_id = {text_of(desk.queue_id)}",
        f"client_id = {secrets.put('genesys_client_id', desk.client_id)}",
        f"client_secret = {secrets.put('genesys_client_secret', desk.client_secret)}",
        f"webhook_secret = {secrets.put('genesys_webhook_secret', desk.webhook_secret)}",
    ]
