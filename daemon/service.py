"""The commands `run` and `check`: from a file to a running daemon, and to an exit code.

What lives here: loading everything that can be at fault before anything is opened, signals, and
translating an end into an exit code. What must not: the tree of tasks (`tree`).
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog
import trio
from structlog.typing import FilteringBoundLogger

from actors.flow.addresses import places_of
from daemon import logs, wiring
from daemon.clock import ClockFileDamaged
from daemon.config import Config, load
from daemon.flows import Loaded, load_flow
from daemon.metrics import Metrics
from daemon.server import BindFailed
from daemon.terminal import complain, tell
from daemon.tree import Daemon
from state.store import StoreBroken, StoreFull, StoreRefused

EXIT_UNAVAILABLE = 69
EXIT_BUG = 70
EXIT_DISK = 74
EXIT_CONFIG = 78


def load_all(path: Path, environ: Mapping[str, str]) -> tuple[Config, Loaded] | list[str]:
    """Configuration, secrets, adapters' settings and flow; or every fault, one line each."""
    config = load(path, environ)
    if isinstance(config, list):
        return [str(fault) for fault in config]
    faults = [f"{path.name}: {fault}" for fault in wiring.check_vendors(config)]
    flow = load_flow(config)
    if isinstance(flow, list):
        return [*faults, *flow]
    return faults or (config, flow)


def _tend_garbage() -> None:
    """Let the collector of cycles look at what turns leave, rarely, and at nothing else.

    Modules, flow and configuration live as long as the process; a turn makes some thousand objects,
    hardly any of them in a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def check_service(path: Path) -> int:
    """The command `check`."""
    loaded = load_all(path, os.environ)
    if isinstance(loaded, list):
        for fault in loaded:
            complain(fault)
        return EXIT_CONFIG
    config, (source, warnings) = loaded
    steps = sum(1 for _ in places_of(source.flow))
    tell(
        f"{path}: fine. Flow {source.flow.name!r}, version {source.version}, "
        f"{steps} steps, languages {', '.join(source.flow.languages)}; "
        f"{len(config.whatsapp.numbers)} number(s), {len(config.telco)} provider system(s), "
        f"agents: {config.agents.adapter}."
    )
    if warnings:
        told = f"{warnings} warnings" if warnings > 1 else "one warning"
        tell(
            f"{config.flow.file}: {told}, which `routerbot flow check --config {path} "
            f"{config.flow.file}` shows."
        )
    return 0


def run_service(path: Path) -> int:
    """The command `run`: until SIGTERM or SIGINT, or until something cannot go on."""
    loaded = load_all(path, os.environ)
    if isinstance(loaded, list):
        for fault in loaded:
            complain(fault)
        return EXIT_CONFIG
    config, (source, _) = loaded
    metrics = Metrics()
    sink = logs.configure()
    sink.on_dropped = metrics.log_lines_dropped.inc
    log: FilteringBoundLogger = structlog.get_logger().bind()
    daemon = Daemon(config, source, metrics, log, os.environ, lambda: sink.idle)
    _tend_garbage()
    try:
        trio.run(_until_signal, daemon, log)
    except BaseExceptionGroup as group:
        return _exit_code(list(leaves_of(group)), log)
    except Exception as error:  # noqa: BLE001  (the last stop: told, and turned into an exit code)
        return _exit_code([error], log)
    finally:
        sink.close()
    return 0


async def _until_signal(daemon: Daemon, log: FilteringBoundLogger) -> None:
    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                async for number in signals:
                    log.info("signal", signal=signal.Signals(number).name)
                    if daemon.stop.is_set():
                        # Asked twice: do not wait for anybody.
                        nursery.cancel_scope.cancel()
                    daemon.stop.set()

        nursery.start_soon(listen)
        await daemon.run()
        nursery.cancel_scope.cancel()


def leaves_of(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """The single exceptions in a group, however deep."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves_of(error)
        else:
            yield error


def _exit_code(errors: list[BaseException], log: FilteringBoundLogger) -> int:
    """The worst of what happened, told in one line that names the cause."""
    # What leaves the disk in doubt is worse than what only kept us from starting.
    for error in sorted(errors, key=lambda error: not isinstance(error, StoreBroken)):
        match error:
            case StoreBroken():
                log.critical("store_broken", reason=str(error), alarm=True)
                return EXIT_DISK
            case StoreRefused() | BindFailed() | ClockFileDamaged():
                log.critical("cannot_start", reason=str(error), alarm=True)
                return EXIT_UNAVAILABLE
            case StoreFull():
                log.critical("no_space_to_start", reason=str(error), alarm=True)
                return EXIT_DISK
            case _:
                pass
    for error in errors:
        log.critical("bug", exc_info=error, alarm=True)
    return EXIT_BUG
