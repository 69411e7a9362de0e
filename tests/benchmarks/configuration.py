"""The configuration of the daemon that is measured, and the numbers and keys in it.

What lives here: the file and its secrets. What must not: what the daemon is asked to do.
"""

from __future__ import annotations

from pathlib import Path

from daemon.shipped import shipped_flow

ACCOUNT = "102290129340398"
BUSINESS_NUMBER = "106540352242922"
"""The business's number, by the platform's id of it."""
APP_SECRET = "bench-app-secret"
ACCESS_TOKEN = "bench-access-token"
NOWHERE = "http://127.0.0.1:9"

_SECRETS = {
    "pseudonym_key": "ab" * 32,
    "verify_token": "bench",
    "app_secret": APP_SECRET,
    "access_token": ACCESS_TOKEN,
    "telco": "whsec_" + "YmVuY2htYXJrLXNlY3JldC0wMTIzNDU2Nzg5",
}


def write_config(
    folder: Path,
    public_port: int,
    admin_port: int,
    *,
    graph: str,
    crm: str,
    telco: str = NOWHERE,
    limits: str = "",
    more: str = "",
) -> Path:
    """The configuration of a daemon among vendors at these addresses; lies in a private folder.

    `limits`, `more`: lines of TOML, inside of `[limits]` and after it.
    """
    for name, value in _SECRETS.items():
        secret = folder / name
        secret.write_text(value, encoding="utf-8")
        secret.chmod(0o600)
    config = folder / "routerbot.toml"
    text = f"""
[server]
bind = "127.0.0.1:{public_port}"
public_url = "http://127.0.0.1:{public_port}"
[admin]
bind = "127.0.0.1:{admin_port}"
socket = "{folder}/admin.sock"
[state]
database = "{folder}/routerbot.db"
[privacy]
pseudonym_key = {{ file = "pseudonym_key" }}
[flow]
file = "{shipped_flow().absolute()}"
default_language = "en"
time_zone = "America/Lima"
[services.crm]
base_url = "{crm}"
[whatsapp]
api_url = "{graph}"
business_account_id = "{ACCOUNT}"
verify_token = {{ file = "verify_token" }}
app_secrets = [{{ file = "app_secret" }}]
[[whatsapp.numbers]]
phone_number_id = "{BUSINESS_NUMBER}"
access_token = {{ file = "access_token" }}
[telco.main]
base_url = "{telco}"
callback_secrets = [{{ file = "telco" }}]
[agents]
adapter = "none"
[limits]
{limits}
{more}"""
    config.write_text(text, encoding="utf-8")
    config.chmod(0o600)
    return config
