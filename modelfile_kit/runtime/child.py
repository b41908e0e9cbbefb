"""The parent's side of the process that holds llama.cpp: start, ask, time out, end, explain."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ..errors import EngineError, MissingDependencyError, UsageError
from .faults import death, engine_error
from .frames import encode_frame, read_frame

# What is kept of the child's stderr: enough for every message, bounded against endless chatter.
STDERR_KEPT = 64 * 1024
# How long a process that was asked to end may take before it is killed, in seconds.
GRACE = 2.0

Frame = tuple[dict[str, Any], bytes]


class Child:
    """A process that loads a GGUF into llama.cpp and answers requests about it.

    model, projector: the files; timeout: seconds that one request may take; further keywords go to
    the child's `open` request. Raises MissingDependencyError where llama-cpp-python is not installed,
    UsageError where a file does not exist, EngineError where llama.cpp refuses a file or dies.
    """

    def __init__(
        self,
        model: str | Path,
        projector: str | Path | None = None,
        *,
        timeout: float,
        **options: Any,
    ) -> None:
        self.model = existing(model, "model")
        self.projector = existing(projector, "projector") if projector is not None else None
        self.timeout = timeout
        require_llama_cpp()
        self._lock = threading.Lock()
        self._error: EngineError | None = None
        self._answers: queue.Queue[Frame | None] = queue.Queue()
        self._stderr = bytearray()
        self._process = _start()
        self._end = weakref.finalize(self, _end, self._process)
        self._threads = [
            _thread(_collect, self._process.stdout, self._answers),
            _thread(_drain, self._process.stderr, self._stderr),
        ]
        try:
            self.info, _ = self.ask(
                {
                    "op": "open",
                    "model": str(self.model),
                    "projector": str(self.projector) if self.projector else None,
                    **options,
                }
            )
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def stderr(self) -> str:
        """The last of what the child wrote to stderr."""
        return self._stderr.decode("utf-8", "replace")

    def ask(self, head: Mapping[str, Any], block: bytes = b"", *, timeout: float | None = None) -> Frame:
        """One request and its answer.

        Raises EngineError where the child refuses, dies or does not answer in time; after the last
        two, and after Ctrl-C, the child is gone and every further request raises.
        """
        with self._lock:
            if self._error or not self._end.alive:
                raise self._error or EngineError(f"{self.model}: the engine is closed", help="open it again")
            try:
                return self._exchange(head, block, self.timeout if timeout is None else timeout)
            except KeyboardInterrupt:
                self._kill(EngineError(f"{self.model}: interrupted"))
                raise

    def _exchange(self, head: Mapping[str, Any], block: bytes, timeout: float) -> Frame:
        data = encode_frame(head, block)
        # In a thread of its own, because a child that has stopped reading would block the write for ever.
        _thread(_send, self._process.stdin, data)
        try:
            frame = self._answers.get(timeout=timeout)
        except queue.Empty:
            raise self._kill(
                EngineError(
                    f"{self.model}: llama.cpp did not answer within {timeout:g} s (asked to {head['op']})",
                    help="raise the time-out, or use a smaller model, picture or max_tokens",
                    stderr=self.stderr,
                )
            ) from None
        if frame is None:
            raise self._died()
        if "error" in frame[0]:
            raise self._refused(frame[0])
        return frame

    def _refused(self, head: Mapping[str, Any]) -> Exception:
        if head.get("kind") == "import":
            return missing_llama_cpp(str(head["error"]))
        # llama.cpp's reason may still be on its way through the pipe.
        time.sleep(0.02)
        return engine_error(
            str(head["error"]),
            kind=str(head.get("kind", "run")),
            stderr=self.stderr,
            model=self.model,
            projector=self.projector,
        )

    def _died(self) -> EngineError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        for thread in self._threads:
            thread.join(GRACE)
        error = death(
            self._process.returncode, stderr=self.stderr, model=self.model, projector=self.projector
        )
        return self._kill(error)

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

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def existing(path: str | Path, what: str) -> Path:
    """The path, if there is a file; UsageError that names it otherwise."""
    found = Path(path)
    if found.is_file():
        return found
    state = "is a folder" if found.is_dir() else "does not exist"
    raise UsageError(f"{found}: the {what} {state}, expected a GGUF file", help="check the path")


def require_llama_cpp() -> None:
    """Raises MissingDependencyError, with how to get it, where llama-cpp-python is not installed."""
    if importlib.util.find_spec("llama_cpp") is None:
        raise missing_llama_cpp("llama-cpp-python is not installed")


def missing_llama_cpp(why: str) -> MissingDependencyError:
    """The one text about the extra `align`."""
    return MissingDependencyError(
        f"{why}; tokens and the embedded engine need it",
        help='pip install "modelfile-kit[align]" (builds llama.cpp: a C++ compiler and some minutes are needed)',
    )


def _start() -> subprocess.Popen[bytes]:
    # The parent's own module path, so that neither the current folder nor this one (whose
    # llama_cpp.py would hide the real package) gets into the child's.
    program = f"import sys; sys.path[:] = {sys.path!r}; from modelfile_kit.runtime.worker import main; main()"
    environment = {
        **os.environ,
        "GGML_NO_BACKTRACE": "1",  # else an abort starts a debugger
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )


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


def _send(stream: BinaryIO, data: tuple[bytes, ...]) -> None:
    with contextlib.suppress(ValueError, OSError):
        for part in data:
            stream.write(part)
        stream.flush()


def _collect(stream: BinaryIO, answers: queue.Queue[Frame | None]) -> None:
    with contextlib.suppress(ValueError, OSError), stream:
        while (frame := read_frame(stream)) is not None:
            answers.put(frame)
    answers.put(None)


def _drain(stream: BinaryIO, kept: bytearray) -> None:
    with contextlib.suppress(ValueError, OSError), stream:
        while part := stream.read1(4096):  # type: ignore[attr-defined]
            kept.extend(part)
            del kept[: max(0, len(kept) - STDERR_KEPT)]
