"""No key of the configuration is there for nothing: what an operator sets reaches something.

Two halves. A daemon starts and stops, as `routerbot run` has it, on a configuration that notes
which of its keys are read. And what the wiring hands on (the settings of adapters, the limits of
the doors, the pace of the relay) is read where it arrives: a key that is only carried is dead too.
"""

from __future__ import annotations

import ast
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest
import trio
from msgspec import Struct

import daemon as daemon_package
from actors.conversation.state import Surroundings
from adapters.agents.genesys.settings import GenesysSettings
from adapters.services.settings import ServiceSettings
from adapters.telco.http_contract.settings import TelcoSettings
from adapters.whatsapp.settings import WhatsAppNumber, WhatsAppSettings
from daemon import wiring
from daemon.config import load
from daemon.config_model import Config, Limits
from daemon.connection import ServerLimits
from daemon.flows import Loaded, load_flow
from daemon.metrics import Metrics
from daemon.sending import Pace
from daemon.tree import Daemon
from daemon.web import WebLimits
from tests.daemon.parts import Log
from tests.daemon.whole import CONFIG, KEY, write_files

ROOT = Path(daemon_package.__file__).parent.parent

NOT_YET = {
    # Required by the contract with operators. No line of the log names a customer so far; the key
    # keeps the place for keyed names (`daemon.logs.pseudonym`).
    "privacy.pseudonym_key",
}
"""Keys that are read by nobody, each with its reason. Goes when they are read."""
NOT_YET_IN_ADAPTERS = {
    # Both required by the contract with operators, and checked.
    # Templates belong to the account; none is sent so far.
    ("WhatsAppSettings", "business_account_id"),
    # Waiting times and opening hours are the queue's; neither is asked for so far.
    ("GenesysSettings", "queue_id"),
}
"""Settings that are read by nobody in their adapter, each with its reason."""

EVERYTHING = (
    CONFIG
    + """
[agents]
adapter = "genesys"
[agents.genesys]
api_url = "https://api.example.net"
login_url = "https://login.example.net"
integration_id = "i-1"
queue_id = "q-1"
client_id = { env = "KEY" }
client_secret = { env = "KEY" }
webhook_secret = { env = "KEY" }
[sandbox]
clock = "virtual"
clock_offset_file = "clock.json"
"""
)
"""A configuration with all tables; in what is left out the defaults stand."""


class PlantedLimits(Limits, frozen=True, kw_only=True):
    """The limits, and one that nobody knows."""

    planted_s: float = 1.0


class Planted(Config, frozen=True, kw_only=True):
    """The configuration with a dead key in it: the test must be able to fail."""

    limits: PlantedLimits


# --- the keys, and who reads them ---------------------------------------------------------------


def plain(hint: Any) -> Any:
    """A type without its rules, and without None."""
    while get_origin(hint) is Annotated or get_origin(hint) in (types.UnionType, typing.Union):
        hint = get_args(hint)[0]
    return hint


def keys_of(model: type[Struct], table: str = "") -> Iterator[str]:
    """Every key that can stand in a file; of named and repeated tables once, without the name."""
    for name, hint in typing.get_type_hints(model, include_extras=True).items():
        inner = plain(hint)
        if get_origin(inner) in (dict, tuple):
            entries = [plain(entry) for entry in get_args(inner)]
            inner = next((e for e in entries if is_table(e)), inner)
        if is_table(inner):
            yield from keys_of(inner, f"{table}{name}.")
        else:
            yield f"{table}{name}"


def is_table(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Struct)


def noting(value: Any, key: str, read: set[str]) -> Any:
    """The same value; whoever reads an attribute of a table in it leaves the key in `read`."""
    if isinstance(value, tuple):
        return tuple(noting(one, key, read) for one in value)
    if isinstance(value, dict):
        return {name: noting(one, key, read) for name, one in value.items()}
    if not isinstance(value, Struct):
        return value
    kind = type(value)
    fields = [field.name for field in msgspec.structs.fields(kind)]
    table = f"{key}." if key else ""

    def note(self: Any, name: str) -> Any:
        if name in fields:
            read.add(f"{table}{name}")
        return object.__getattribute__(self, name)

    own = {"__getattribute__": note}
    watched = types.new_class(kind.__name__, (kind,), {"frozen": True}, lambda it: it.update(own))
    inner = {name: noting(getattr(value, name), f"{table}{name}", read) for name in fields}
    return watched(**inner)


async def keys_read(config: Config, folder: Path) -> set[str]:
    """What is read of a configuration from the checks of the start to a graceful end."""
    read: set[str] = set()
    watched = noting(config, "", read)
    assert wiring.check_vendors(watched) == []
    flow = load_flow(watched)
    assert isinstance(flow, Loaded), flow
    (folder / "clock.json").write_text('{"now_ms": 1767225600000, "running": false}')
    made = Daemon(watched, flow.source, Metrics(), Log().logger, {})
    async with trio.open_nursery() as nursery:
        await nursery.start(made.run)
        made.stop.set()
    return read


async def test_each_key_is_read_by_somebody(tmp_path: Path) -> None:
    config = load(write_files(tmp_path, config=EVERYTHING), {"KEY": KEY})
    assert isinstance(config, Config), config
    given = {name: getattr(config, name) for name in config.__struct_fields__}
    planted = Planted(**{**given, "limits": PlantedLimits()})
    keys = set(keys_of(Planted))
    assert {"telco.base_url", "whatsapp.numbers.access_token", "services.headers"} < keys
    unread = keys - await keys_read(planted, tmp_path)
    assert unread == NOT_YET | {"limits.planted_s"}


# --- what is handed on --------------------------------------------------------------------------

ARRIVALS: list[tuple[type, str]] = [
    (WhatsAppSettings, "adapters/whatsapp/*.py"),
    (WhatsAppNumber, "adapters/whatsapp/*.py"),
    (TelcoSettings, "adapters/telco/**/*.py"),
    (ServiceSettings, "adapters/services/*.py"),
    (GenesysSettings, "adapters/agents/genesys/*.py"),
    (ServerLimits, "daemon/[cs]*.py"),
    (WebLimits, "daemon/web.py"),
    (Pace, "daemon/[rs]*.py"),
    (Surroundings, "actors/**/*.py"),
]
"""What the wiring makes of the configuration, and the files that go by it."""


def names_read(pattern: str) -> set[str]:
    """Attributes that files read, those aside that are only checked when the settings are made."""
    return {
        node.attr
        for path in ROOT.glob(pattern)
        for top in reads_in(ast.parse(path.read_text(encoding="utf-8")))
        for node in ast.walk(top)
        if isinstance(node, ast.Attribute)
    }


def reads_in(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name not in ("__post_init__", "pace_of")
        ):
            yield from node.body


def unread_of(kind: type, pattern: str) -> set[tuple[str, str]]:
    read = names_read(pattern)
    return {(kind.__name__, name) for name in typing.get_type_hints(kind) if name not in read}


def test_what_is_handed_on_is_read_where_it_arrives() -> None:
    unread = set().union(*(unread_of(kind, pattern) for kind, pattern in ARRIVALS))
    assert unread == NOT_YET_IN_ADAPTERS


@pytest.mark.parametrize("planted", [ServerLimits, Pace])
def test_a_setting_that_nobody_reads_is_found(planted: type[Struct]) -> None:
    more = msgspec.defstruct("More", [("planted_s", float)], bases=(planted,), kw_only=True)
    assert unread_of(more, "daemon/*.py") == {("More", "planted_s")}
