"""What in a table of the configuration depends on more than one of its keys.

What lives here: one check a table, run even where other keys of the table are at fault. What must
not: types and single values (daemon.config_rules), reading.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from adapters.secret import Secret
from daemon import config_model as model
from daemon.config_rules import parse_bind

PSEUDONYM_KEY_MIN_CHARACTERS = 16

Given = Mapping[str, Any]
"""The values of a table, defaults filled in; one that is at fault is `FAULTY`."""
Complaint = tuple[str, str]
"""A key inside the table (empty: the table itself), and what is wrong."""


class Faulty:
    """Stands for a value that has a fault, reported already."""


FAULTY = Faulty()


def _privacy(given: Given) -> Iterator[Complaint]:
    key = given.get("pseudonym_key")
    if isinstance(key, Secret) and len(key.reveal()) < PSEUDONYM_KEY_MIN_CHARACTERS:
        yield "pseudonym_key", f"must have at least {PSEUDONYM_KEY_MIN_CHARACTERS} characters"


def _whatsapp(given: Given) -> Iterator[Complaint]:
    numbers = given.get("numbers")
    seen: dict[str, int] = {}
    for index, number in enumerate(numbers if isinstance(numbers, tuple) else ()):
        first = seen.setdefault(number.phone_number_id, index)
        if first != index:
            yield f"numbers[{index}].phone_number_id", f"is already the one of numbers[{first}]"


def _agents(given: Given) -> Iterator[Complaint]:
    adapter, genesys = given["adapter"], given["genesys"]
    if adapter == "genesys" and genesys is None:
        yield "genesys", 'is missing: adapter = "genesys" needs this table'
    elif adapter == "none" and genesys is not None:
        yield "genesys", 'is not used: write adapter = "genesys", or remove this table'


def _genesys(given: Given) -> Iterator[Complaint]:
    has_region, has_api, has_login = (
        given[key] is not None for key in ("region", "api_url", "login_url")
    )
    if has_region and (has_api or has_login):
        yield "region", "must not be given together with api_url or login_url"
    elif has_api != has_login:
        yield "login_url" if has_api else "api_url", "is missing: the other URL needs it"
    elif not has_region and not has_api:
        yield "region", "is missing (or give both api_url and login_url)"


def _limits(given: Given) -> Iterator[Complaint]:
    for smaller, larger in (
        ("send_backoff_first_s", "send_backoff_max_s"),
        ("group_max", "store_queue_max"),
    ):
        pair = (given[smaller], given[larger])
        if FAULTY not in pair and pair[0] > pair[1]:
            yield smaller, f"must not be above {larger}"


def _sandbox(given: Given) -> Iterator[Complaint]:
    if given["clock"] == "virtual" and given["clock_offset_file"] is None:
        yield "clock_offset_file", 'is missing: clock = "virtual" needs it'


def _config(given: Given) -> Iterator[Complaint]:
    server, admin = given.get("server"), given.get("admin")
    if isinstance(server, model.Server) and isinstance(admin, model.Admin):
        bind = parse_bind(admin.bind)
        if bind == parse_bind(server.bind) and not admin.bind.endswith(":0"):
            yield "admin.bind", "must differ from server.bind: the console is never public"


def destination_faults(table: Mapping[str, object]) -> Iterator[Complaint]:
    """The keys of `[limits.concurrency]` that name no system of the file.

    Looks at the raw file, so that faults elsewhere in it do not hide these.
    """
    named = _at(_at(table, "limits"), "concurrency")
    numbers = _at(table, "whatsapp").get("numbers")
    ids = [
        number["phone_number_id"]
        for number in (numbers if isinstance(numbers, list) else ())
        if isinstance(number, dict) and "phone_number_id" in number
    ]
    known = [
        *("default", "agents", "whatsapp", "telco", "service"),
        *(f"whatsapp:{number}" for number in ids),
        *(f"telco:{name}" for name in _at(table, "telco")),
        *(f"service:{name}" for name in _at(table, "services")),
    ]
    for name in named:
        if name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        if close:
            yield name, f'is no system of this file; did you mean "{close[0]}"?'
        else:
            yield name, f"is no system of this file; known are {', '.join(known)}"


def _at(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


CHECKS: dict[type[Struct], Callable[[Given], Iterator[Complaint]]] = {
    model.Privacy: _privacy,
    model.WhatsApp: _whatsapp,
    model.Agents: _agents,
    model.Genesys: _genesys,
    model.Limits: _limits,
    model.Sandbox: _sandbox,
    model.Config: _config,
}
