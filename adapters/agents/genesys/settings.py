"""What the operator sets about Genesys Cloud, and where its regions live.

What lives here: settings with their defaults, the region table. What must not: reading a file.
Limits that Genesys does not publish are settings, so that they can be changed on the spot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.secret import Secret

# https://developer.genesys.cloud/platform/api/ (and the region list in Genesys' own client kits)
REGIONS = {
    "us-east-1": "mypurecloud.com",
    "us-east-2": "use2.us-gov-pure.cloud",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "eusc-de-east-1": "edee1.eusc-pure.cloud",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
    "me-central-1": "mec1.pure.cloud",
}

_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_PREFIXES = ("api.", "login.", "apps.")


@dataclass(frozen=True)
class GenesysSettings:
    """One Open Messaging integration of one Genesys Cloud organisation."""

    api_url: str
    """Such as `https://api.mypurecloud.de`; see `hosts_of`."""
    login_url: str
    """Such as `https://login.mypurecloud.de`; the token comes from here."""
    integration_id: str
    queue_id: str
    """Not asked for yet: waiting times and opening hours will be."""
    client_id: Secret
    client_secret: Secret
    webhook_secret: Secret
    """The integration's "outbound notification webhook signature secret token"."""
    call_deadline_s: float = 20.0
    """For one call in all: its token, its second try after a refused token, its look-ups."""
    body_max_bytes: int = 1 << 20
    """For what Genesys posts to us. Generous: a refusal can end the chat at their side."""
    text_max_units: int = 4000
    """Of a text that we send, in UTF-16 units; Genesys does not publish the limit."""
    attributes_max: int = 20
    attribute_max_units: int = 250
    """Of one value; bot flows cut at 256 characters."""
    attributes_max_bytes: int = 1900
    """Of all keys and values together as JSON."""

    def __post_init__(self) -> None:
        """Refuse what could never work. ValueError names the setting, never a value."""
        for name in ("api_url", "login_url"):
            if not re.fullmatch(r"https?://[^/?#\s@]+(/[^?#\s]*)?", getattr(self, name)):
                raise ValueError(f"{name} is not a web address")
        if not self.integration_id.strip():
            raise ValueError("integration_id is empty")
        if not self.webhook_secret.reveal():
            # An empty key would let anybody sign.
            raise ValueError("webhook_secret is empty")

    def api(self, path: str) -> str:
        """The address of `path` (with its slash) at the API host."""
        return self.api_url.rstrip("/") + path

    @property
    def token_url(self) -> str:
        """Where tokens come from."""
        return self.login_url.rstrip("/") + "/oauth/token"


def hosts_of(region: str) -> tuple[str, str]:
    """`(api_url, login_url)` of a region: an AWS key (`sa-east-1`) or a host (`sae1.pure.cloud`).

    A host may be copied from a browser: scheme, path and an `api.`, `login.` or `apps.` in front
    are dropped. Hosts beyond the table are taken too (new regions open). ValueError for the rest.
    """
    name = region.strip().lower()
    host = REGIONS.get(name)
    if host is None:
        host = re.sub(r"^https?://", "", name).split("/", 1)[0]
        for prefix in _PREFIXES:
            if host.startswith(prefix):
                host = host.removeprefix(prefix)
                break
        if not _HOST.fullmatch(host):
            raise ValueError(f"not a region of Genesys Cloud; known: {', '.join(sorted(REGIONS))}")
    return f"https://api.{host}", f"https://login.{host}"
