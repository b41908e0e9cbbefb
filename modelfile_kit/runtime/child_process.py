"""The parent's side of a process that holds a stranger's file: start, ask, time out, end, explain."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Mapping
from io import BufferedReader
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

from ..core.errors import EngineError, KitError
from .frames import encode_frame, read_frame

# What is kept of the child's stderr: enough for every message, bounded against endless chatter.
STDERR_KEPT = 64 * 1024
# How long a process that was asked to end may take before it is killed, in seconds.
GRACE = 2.0

# Bytes that an empty pipe takes without a reader, on every system.
PIPE_HOLDS = 4096

# What the child writes to stderr after a refusal, to show that all its words are out.
MARKER = re.compile(r"\n?<<kit [0-9a-f]+>>\n")

Frame = tuple[dict[str, Any], bytes]
Self = TypeVar("Self", bound="ChildProcess")


def start(worker: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a process that runs `main()` of a module. environment: what is added to the parent's own."""
    # The parent's own module path, so that neither the current folder nor the worker's own (whose files could
    # hide a real package) gets into the child's.
    program = f"import sys; sys.path[:] = {sys.path!r}; from {worker} import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1", **environment},
    )


class ChildProcess(ABC):
    """A process that answers requests, one at a time.

    process: as `start` gives it; name: the file that it is about, for messages; timeout: seconds that one
    request may take. What a death, a silence or a refusal means, a subclass says.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, name: str, timeout: float) -> None:
        self.name, self.timeout = name, timeout
        self._lock = threading.Lock()
        self._error: EngineError | None = None
        self._answers: queue.Queue[Frame | None] = queue.Queue()
        self._stderr = _Tail()
        self._process = process
        self._end = weakref.finalize(self, _end, self._process)
        self._threads = [
            _thread(_collect, self._process.stdout, self._answers),
            _thread(self._stderr.drain, self._process.stderr),
        ]

    @abstractmethod
    def timed_out(self, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error for a request that took too long; stderr: what came since it was sent."""

    @abstractmethod
    def died(self, returncode: int | None, head: Mapping[str, Any], stderr: str) -> EngineError:
        """The error for a child that ended on its own; returncode: as of `subprocess`."""

    @abstractmethod
    def refused(self, answer: Mapping[str, Any], head: Mapping[str, Any], stderr: str) -> KitError:
        """The error for an answer that is a refusal (`frames.Refused`) of another kind than "request"."""

    def prepare(self, head: Mapping[str, Any]) -> dict[str, Any]:
        """A request without which the child is of no use: where it fails, the child is ended."""
        try:
            return self.ask(head)[0]
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ask(self, head: Mapping[str, Any], block: bytes = b"") -> Frame:
        """One request and its answer.

        Raises EngineError where the child refuses, dies or does not answer in time; after the last
        two, and after Ctrl-C, the child is gone and every further request raises.
        """
        with self._lock:
            if self._error or not self._end.alive:
                raise self._error or EngineError(f"{self.name}: the engine is closed", help="open it again")
            try:
                return self._exchange(head, block)
            except KeyboardInterrupt:
                self._kill(EngineError(f"{self.name}: interrupted", help="open the engine again"))
                raise

    def _exchange(self, head: Mapping[str, Any], block: bytes) -> Frame:
        data = encode_frame(head, block)
        mark = self._stderr.total
        if sum(map(len, data)) <= PIPE_HOLDS:
            _send(self._process.stdin, data)
        else:  # a child that has stopped reading would block the write for ever
            _thread(_send, self._process.stdin, data)
        try:
            frame = self._answers.get(timeout=self.timeout)
        except queue.Empty:
            raise self._kill(self.timed_out(head, self._stderr.since(mark))) from None
        if frame is None:
            raise self._kill(self._ended(head, mark))
        if "error" in frame[0]:
            raise self._refusal(frame[0], head, mark)
        return frame

    def _refusal(self, answer: Mapping[str, Any], head: Mapping[str, Any], mark: int) -> KitError:
        if answer.get("kind") == "request":
            code = str(answer.get("code") or EngineError.code)
            return EngineError(f"{self.name}: {answer['error']}", code=code)
        self._stderr.settle(str(answer["mark"]))
        return self.refused(answer, head, self._stderr.since(mark))

    def _ended(self, head: Mapping[str, Any], mark: int) -> EngineError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        for thread in self._threads:
            thread.join(GRACE)
        return self.died(self._process.returncode, head, self._stderr.since(mark))

    def _kill(self, error: EngineError) -> EngineError:
        self._error = error
        self._process.kill()
        self.close()
        return error

    def close(self) -> None:
        """Ends the process and reaps it; may be called twice."""
        self._end()
        for thread in self._threads:
            thread.join(GRACE)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Tail:
    """The end of the child's stderr, and how much there was of it."""

    def __init__(self) -> None:
        self.total = 0
        self._kept = bytearray()
        self._changed = threading.Condition()

    def drain(self, stream: BufferedReader) -> None:
        """Takes in the stream until it ends."""
        with contextlib.suppress(ValueError, OSError), stream:
            while part := stream.read1(4096):
                with self._changed:
                    self.total += len(part)
                    self._kept.extend(part)
                    del self._kept[: max(0, len(self._kept) - STDERR_KEPT)]
                    self._changed.notify_all()

    def since(self, mark: int) -> str:
        """What came after `total` was `mark`, as far as it is kept."""
        with self._changed:
            new = self.total - mark
            kept = bytes(self._kept[-new:]) if new else b""
        return MARKER.sub("", kept.decode("utf-8", "replace"))

    def settle(self, mark: str) -> None:
        """Waits until the child's mark has come through, so that its last words are all here."""
        with self._changed:
            self._changed.wait_for(lambda: mark.encode() in self._kept, timeout=GRACE)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closes the pipe, on which the child ends at once; kills it if it does not, and reaps it."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise


def _thread(target: Any, *args: Any) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def _send(stream: Any, data: tuple[bytes, ...]) -> None:
    with contextlib.suppress(ValueError, OSError):
        for part in data:
            stream.write(part)
        stream.flush()


def _collect(stream: BinaryIO, answers: queue.Queue[Frame | None]) -> None:
    with contextlib.suppress(ValueError, OSError), stream:
        while (frame := read_frame(stream)) is not None:
            answers.put(frame)
    answers.put(None)
