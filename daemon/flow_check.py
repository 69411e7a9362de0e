"""The command `flow check`: a flow file looked at from all sides, and what is found told.

What lives here: reading the file, what the configuration says of the world around it, and writing
faults. What must not: finding faults (`actors.flow.check`). Of a configuration only names are
looked at: no secret has to be there.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import msgspec

from actors.flow.addresses import places_of
from actors.flow.check import World, check, in_order
from actors.flow.faults import FlowFault
from actors.flow.model import Flow, Request
from actors.flow.reader import FlowSource, read_leniently
from actors.flow.rules import RULES, Severity
from daemon.clock import wall_ms
from daemon.terminal import complain

EXIT_USAGE = 2
EXIT_CONFIG = 78

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.NOTE: "36"}


class Options(NamedTuple):
    """What is asked of the command."""

    file: Path
    config: Path | None = None
    strict: bool = False
    """Warnings count as errors."""
    notes: bool = False
    as_json: bool = False


class Found(NamedTuple):
    """What was found in a flow file."""

    source: FlowSource | None
    """None where nobody can tell what was meant: then only its form was looked at."""
    faults: list[FlowFault]


def run_check(options: Options, out: TextIO) -> int:
    """The command. Blocks on the files."""
    try:
        data = options.file.read_bytes()
        known = _names(options.config) if options.config is not None else None
    except OSError as error:
        complain(f"{error.filename}: cannot be read: {error.strerror}")
        return EXIT_USAGE
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        complain(f"{options.config}: is not TOML: {error}")
        return EXIT_USAGE
    found = look(data, _world(known))
    counts = Counter(_severity(fault, options) for fault in found.faults)
    if options.as_json:
        out.write(_as_json(found, counts, options))
    else:
        # https://no-color.org/
        colour = out.isatty() and not os.environ.get("NO_COLOR")
        out.writelines(f"{line}\n" for line in _lines(found, counts, options, colour))
    return EXIT_CONFIG if counts[Severity.ERROR] else 0


def look(data: bytes, world: World) -> Found:
    """All faults of a flow file, in its order."""
    source, faults = read_leniently(data)
    if source is not None:
        faults = [*faults, *check(source, world)]
    return Found(source, in_order(faults))


def today() -> date:
    """The day, for what is over by now. A day more or less does no harm."""
    return datetime.fromtimestamp(wall_ms() / 1000, UTC).date()


# --- the world around it ------------------------------------------------------------------------


def _names(path: Path) -> Mapping[str, Any]:
    table = tomllib.loads(path.read_bytes().decode())
    return {key: value for key, value in table.items() if isinstance(value, dict)}


def _world(known: Mapping[str, Any] | None) -> World:
    if known is None:
        return World(today())
    language = known.get("flow", {}).get("default_language")
    return World(
        today(),
        providers=frozenset(known.get("telco", {})),
        services=frozenset(known.get("services", {})),
        default_language=language if isinstance(language, str) else None,
    )


def needs_of(flow: Flow) -> dict[str, list[str]]:
    """What a flow needs of the configuration, by the names of its tables."""
    steps = [place.step for place in places_of(flow)]
    return {
        "services": sorted({step.service for step in steps if isinstance(step, Request)}),
        "telco": sorted({job.provider for job in flow.jobs.values()}),
    }


# --- telling ------------------------------------------------------------------------------------


def _severity(fault: FlowFault, options: Options) -> Severity:
    warning = fault.severity is Severity.WARNING
    return Severity.ERROR if warning and options.strict else fault.severity


def _lines(
    found: Found, counts: Mapping[Severity, int], options: Options, colour: bool
) -> Iterator[str]:
    for fault in found.faults:
        if fault.severity is not Severity.NOTE or options.notes:
            yield line_of(options.file, fault, colour=colour)
    told = [fault for fault in found.faults if fault.severity is not Severity.NOTE or options.notes]
    if told:
        yield ""
        for code, count in sorted(Counter(fault.code for fault in told).items()):
            yield f"{count:6} {code}  {RULES[code].title}"
        yield ""
    yield f"{options.file}: {_verdict(found, counts, options)}"
    if found.source is None:
        yield "Only its form was looked at: mend that, and check again."
    elif options.config is None:
        needs = [
            f"[{table}.{name}]"
            for table, names in needs_of(found.source.flow).items()
            for name in names
        ]
        if needs:
            yield f"It needs of the configuration: {', '.join(needs)}. (--config looks for them.)"


def line_of(file: Path, fault: FlowFault, *, colour: bool = False) -> str:
    """A fault in one line, as compilers write it."""
    place = f"{file}:{fault.line}:{fault.column}" if fault.line else str(file)
    told = fault.told
    if colour:
        word = fault.severity.value
        bright = f"\x1b[1;{_COLOURS[fault.severity]}m{word}\x1b[0m"
        place, told = f"\x1b[1m{place}\x1b[0m", told.replace(word, bright, 1)
    return f"{place}: {told}"


def _verdict(found: Found, counts: Mapping[Severity, int], options: Options) -> str:
    errors, warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    if errors or warnings:
        said = ", ".join(
            f"{count} {word}{'s' if count > 1 else ''}"
            for count, word in ((errors, "error"), (warnings, "warning"))
            if count
        )
        strictly = " (warnings count as errors)" if options.strict else ""
        return f"{said}{strictly}."
    if found.source is None:
        return "fine."
    flow = found.source.flow
    count = sum(1 for _ in places_of(flow))
    return (
        f"fine. Flow {flow.name!r}, version {found.source.version}, {count} steps, "
        f"languages {', '.join(flow.languages)}."
    )


def _as_json(found: Found, counts: Mapping[Severity, int], options: Options) -> str:
    source = found.source
    document = {
        "file": str(options.file),
        "version": source.version if source is not None else None,
        "looked_at": "everything" if source is not None else "form",
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "needs": needs_of(source.flow) if source is not None else None,
        "faults": [
            {
                "code": fault.code,
                "severity": _severity(fault, options).value,
                "line": fault.line,
                "column": fault.column,
                "where": fault.where,
                "what": fault.what,
                "do": fault.do,
            }
            for fault in found.faults
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
