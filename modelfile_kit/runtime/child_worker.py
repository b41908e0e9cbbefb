"""The child's side of the exchange: requests as frames in, answers out, one at a time.

Standard input and output are moved out of the way of whatever library runs here, so that nothing it
prints can get between. For processes that `child_process.start` starts.
"""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from .frames import Refused, read_frame, write_frame

Request = tuple[dict[str, Any], bytes]


class Service(Protocol):
    """What has been opened: facts about it, and answers to requests."""

    def info(self) -> dict[str, Any]:
        """What `open` is answered with."""
        ...

    def answer(self, head: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """One request other than `open`."""
        ...


def serve(open_service: Callable[[dict[str, Any]], Service]) -> None:
    """Serves requests until the parent closes the pipe; then ends at once, whatever is running.

    open_service: takes the first request, `open`; whatever it raises is told to the parent.
    """
    # Ctrl-C reaches the whole foreground group; the parent decides what becomes of this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _no_core_dump()
    requests, answers = _take_pipes()
    todo: queue.Queue[Request] = queue.Queue()
    threading.Thread(target=_listen, args=(requests, todo), daemon=True).start()
    served: Service | None = None
    while True:
        head, block = todo.get()
        try:
            if head["op"] == "open":
                served = open_service(head)
                reply, out = served.info(), b""
            elif served is None:
                raise Refused("nothing is open", kind="request")
            else:
                reply, out = served.answer(head, block)
        except Exception as e:
            reply, out = _failure(e), b""
        write_frame(answers, reply, out)


def _failure(e: Exception) -> dict[str, Any]:
    if isinstance(e, Refused):
        reply = {"error": str(e), "kind": e.kind, "code": e.code}
    else:
        traceback.print_exc()
        reply = {"error": f"{type(e).__name__}: {e}", "kind": "failure"}
    mark = f"<<kit {secrets.token_hex(8)}>>"
    sys.stderr.flush()
    os.write(2, f"\n{mark}\n".encode())
    return {**reply, "mark": mark}


def _listen(requests: BinaryIO, todo: queue.Queue[Request]) -> None:
    """Hands requests on; the end of the pipe means that the parent is gone or done."""
    with contextlib.suppress(Exception):
        while (frame := read_frame(requests)) is not None:
            todo.put(frame)
    os._exit(0)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- descriptor 0 itself
    return requests, answers


def _no_core_dump() -> None:
    """A crash is expected here; a core of a 9B model would fill a disk."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
