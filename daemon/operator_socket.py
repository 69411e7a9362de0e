"""The socket that operators ask by: one JSON line a question, and one an answer.

What lives here: the unix socket, and the line in the log that says who did what. What must not: the
commands (`operator`). Who may ask is decided by the socket's permissions; who did ask is read from
the kernel.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
import trio
from structlog.typing import FilteringBoundLogger

from daemon.operator import Answer, Operator, Question
from daemon.server import listen_unix, remove_socket
from state.store import StoreBroken

LINE_MAX_BYTES = 65_536
_LINE_S = 5.0
_ANSWER_S = 25.0
_SEND_S = 5.0
_PEER = struct.Struct("iII")


async def serve_operator(
    path: Path,
    operator: Operator,
    log: FilteringBoundLogger,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Answer operators until cancelled. Raises OSError where the socket cannot be made."""
    listener = trio.SocketListener(listen_unix(path, 16))
    try:
        task_status.started()
        async with listener:
            talk: Callable[[trio.SocketStream], Awaitable[None]] = partial(
                _talk, operator=operator, log=log
            )
            await trio.serve_listeners(talk, [listener])
    finally:
        remove_socket(path)


async def _talk(stream: trio.SocketStream, operator: Operator, log: FilteringBoundLogger) -> None:
    try:
        async with stream:
            await _one_question(stream, operator, log)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        # The operator went away; what they asked for is done or not, as the log says.
        return
    except StoreBroken:
        raise
    except Exception:
        log.exception("operator_failed", alarm=True)


async def _one_question(
    stream: trio.SocketStream, operator: Operator, log: FilteringBoundLogger
) -> None:
    line = None
    with trio.move_on_after(_LINE_S):
        line = await _line(stream)
    if line is None:
        return
    answer = Answer(error="no answer in time; it may be done or not, so look before you ask again")
    with trio.move_on_after(_ANSWER_S):
        answer = await _answer(line, operator, log, _peer(stream))
    with trio.move_on_after(_SEND_S):
        await stream.send_all(msgspec.json.encode(answer) + b"\n")


async def _answer(
    line: bytes, operator: Operator, log: FilteringBoundLogger, peer: dict[str, int]
) -> Answer:
    if len(line) >= LINE_MAX_BYTES:
        return Answer(error=f"not a question: longer than {LINE_MAX_BYTES} bytes")
    try:
        question = msgspec.json.decode(line, type=Question)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Answer(error=f"not a question: {error}")
    if not operator.mends(question.command):
        return await operator.answer(question)
    answer: Answer | None = None
    try:
        answer = await operator.answer(question)
    finally:
        _tell_log(log, question, answer, peer)
    return answer


def _tell_log(
    log: FilteringBoundLogger, question: Question, answer: Answer | None, peer: dict[str, int]
) -> None:
    """Who did what. Words of a command that was not carried out may be anything: left out."""
    done = answer is not None and answer.error is None
    log.warning(
        "operator",
        command=question.command,
        arguments={
            name: value
            for name, value in question.arguments.items()
            if done or isinstance(value, int)
        },
        outcome="done" if done else "cut off" if answer is None else "refused",
        **peer,
    )


async def _line(stream: trio.SocketStream) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < LINE_MAX_BYTES:
        more = await stream.receive_some(4096)
        if not more:
            break
        data += more
    return data


def _peer(stream: trio.SocketStream) -> dict[str, int]:
    """Who is at the other end, from the kernel; nothing where it does not say."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return {}
    pid, uid, gid = _PEER.unpack(stream.getsockopt(socket.SOL_SOCKET, option, _PEER.size))
    return {"peer_pid": pid, "peer_uid": uid, "peer_gid": gid}
