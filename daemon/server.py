"""Listens and accepts, within a cap and with descriptors kept in reserve; stops with a drain.

What lives here: sockets and how many connections there may be. What must not: what happens on a
connection (daemon.connection), what is answered (daemon.web), signals.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from pathlib import Path

import trio
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from daemon.config_rules import FdBind, TcpBind, parse_bind
from daemon.connection import Connection, ServerLimits
from daemon.metrics import Metrics
from state.store import StoreBroken

__all__ = ["BindFailed", "ServerLimits", "serve"]

SOCKET_MODE = 0o660

_ACCEPT_PAUSE_S = 0.1
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
# What accept(2) reports of the connection, not of the listener.
_CLIENT_GONE = (
    errno.ECONNABORTED,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ENONET,
    errno.ENOPROTOOPT,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EPROTO,
)


class BindFailed(Exception):
    """The address cannot be listened on; one line that can be shown."""


async def serve(
    app: ASGIApp,
    bind: str | Path,
    *,
    name: str,
    stop: trio.Event,
    limits: ServerLimits,
    metrics: Metrics,
    log: FilteringBoundLogger,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until `stop` is set, then finish what is under way, for `drain_s` at most.

    `bind` is as `parse_bind` says, or the path of a unix socket. Tells the port (0: none) once it
    listens. Raises BindFailed; StoreBroken (in a group) where the app did.
    """
    with await _listen(bind, limits.backlog) as listener:
        door = _Door(app, name, limits, metrics, log)
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                accepting.start_soon(door.accept, listener, connections)
                task_status.started(_port(listener))
                await stop.wait()
                accepting.cancel_scope.cancel()
            listener.close()
            door.stop()
            connections.cancel_scope.deadline = trio.current_time() + limits.drain_s
        if connections.cancel_scope.cancelled_caught:
            log.warning("http.drain_cut", server=name)
    if isinstance(bind, Path):
        remove_socket(bind)


class _Door:
    """Lets connections in, or does not."""

    def __init__(
        self,
        app: ASGIApp,
        name: str,
        limits: ServerLimits,
        metrics: Metrics,
        log: FilteringBoundLogger,
    ) -> None:
        self._app = app
        self._name = name
        self._limits = limits
        self._log = log
        self._open = 0
        self._full = False
        self._gauge = metrics.connections.labels(name)
        self._refused = metrics.connections_refused
        self._connections: set[Connection] = set()

    def stop(self) -> None:
        """Let every connection end as soon as it may."""
        for connection in self._connections:
            connection.stop()

    async def accept(self, listener: trio.socket.SocketType, connections: trio.Nursery) -> None:
        """Accept for ever. Trouble with one connection, or with all for a while, ends nothing."""
        exhausted = False
        while True:
            try:
                accepted, _ = await listener.accept()
            except OSError as error:
                if error.errno in _CLIENT_GONE:
                    continue
                if error.errno not in _EXHAUSTED:
                    raise
                if not exhausted:
                    exhausted = True
                    self._log.error("http.no_descriptors", server=self._name, error=error.strerror)
                await trio.sleep(_ACCEPT_PAUSE_S)
                continue
            exhausted = False
            reason = self._reason_to_refuse(accepted)
            if reason is None:
                self._count(+1)
                stream = trio.SocketStream(accepted)
                connection = Connection(self._app, stream, self._limits, self._log)
                self._connections.add(connection)
                connections.start_soon(self._run, accepted, connection)
            else:
                accepted.close()
                self._refused.labels(self._name, reason).inc()
            if (reason is not None) != self._full:
                self._full = reason is not None
                event = "http.refusing" if self._full else "http.admitting_again"
                self._log.warning(event, server=self._name, reason=reason, connections=self._open)

    def _reason_to_refuse(self, accepted: trio.socket.SocketType) -> str | None:
        if self._open >= self._limits.connections_max:
            return "connections"
        # The kernel gives out the lowest free number: so many descriptors are open at least.
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        bounded = soft != resource.RLIM_INFINITY
        if bounded and accepted.fileno() >= soft - self._limits.descriptors_reserve:
            return "descriptors"
        return None

    async def _run(self, accepted: trio.socket.SocketType, connection: Connection) -> None:
        try:
            await connection.run()
        except* StoreBroken:
            raise
        except* Exception:  # noqa: BLE001 - trouble with one connection must not end the server
            self._log.exception("http.connection_failed", server=self._name)
        finally:
            accepted.close()
            self._connections.discard(connection)
            self._count(-1)

    def _count(self, change: int) -> None:
        self._open += change
        self._gauge.set(self._open)


async def _listen(bind: str | Path, backlog: int) -> trio.socket.SocketType:
    try:
        if isinstance(bind, Path):
            return listen_unix(bind, backlog)
        match parse_bind(bind):
            case FdBind(fd):
                return _adopt(fd)
            case TcpBind(host, port):
                return await _listen_tcp(host, port, backlog)
    except OSError as error:
        raise BindFailed(f"cannot listen on {bind}: {error.strerror or error}") from error


async def _listen_tcp(host: str, port: int, backlog: int) -> trio.socket.SocketType:
    found = await trio.socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, kind, protocol, _, address = found[0]
    listener = trio.socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await listener.bind(address)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return listener


def _adopt(fd: int) -> trio.socket.SocketType:
    """A listening socket that systemd handed over."""
    adopted = socket.socket(fileno=fd)
    if not adopted.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        adopted.detach()
        raise OSError(errno.EINVAL, "this descriptor is no listening socket")
    os.set_inheritable(fd, False)
    return trio.socket.from_stdlib_socket(adopted)


def listen_unix(path: Path, backlog: int) -> trio.socket.SocketType:
    """A socket left by a process that was killed is replaced; anything else in its place is not."""
    remove_socket(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Nobody may connect between bind and chmod.
        before = os.umask(0o777 & ~SOCKET_MODE)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return trio.socket.from_stdlib_socket(listener)


def remove_socket(path: Path) -> None:
    """Remove a unix socket; anything else of that name stays."""
    if path.is_socket():
        path.unlink()


def _port(listener: trio.socket.SocketType) -> int:
    name = listener.getsockname()
    return int(name[1]) if isinstance(name, tuple) else 0
