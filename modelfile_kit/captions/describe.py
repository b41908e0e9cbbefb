"""Asks a model about many images, several at once, with bounded memory, and gives the answers in order."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..core.diagnostics import Span
from ..core.errors import KitError, ServerError, UsageError
from ..core.os_errors import os_reason
from ..runtime import error_texts
from ..runtime.completion import Completion
from ..runtime.ollama.replies import RefusedError
from ..vision.prepare import PreparedImage, Wishes, prepare_file
from .cache import AnswerCache, answer_key
from .models import ImageModel, Question

JOBS = 2
"""Images in work at once, where nobody says otherwise: one is prepared while the model looks at another."""
TRIES = 6
LONGEST_WAIT = 120.0  # seconds; a server that asks for more is better asked another day

# No server, no model, no access: no other image will fare better.
_ENDS_ALL = frozenset({"MK802", "MK803", "MK804", "MK806", "MK808", "MK820", "MK861", "MK890"})

OnText = Callable[[int, str], None]
"""Told the number of the image, from 0, and a piece of its answer; pieces of several images may alternate."""


@dataclass(frozen=True)
class Caption:
    """What became of one file.

    image: as it was sent, without its bytes, None where it could not be prepared; sha256: of the bytes that
    were sent; answer: None where there is none; error: why, None with an answer. cached: whether the answer
    was given before.
    """

    file: str
    image: PreparedImage | None = None
    sha256: str = ""
    answer: Completion | None = None
    error: KitError | None = None
    cached: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        if self.error is not None:
            found = self.error.to_diagnostic()
            return {
                "file": self.file,
                "error": {"code": found.code, "message": found.message, "help": found.help},
            }
        assert self.answer is not None
        assert self.image is not None
        answer, image = self.answer, self.image
        return {
            "file": self.file,
            "caption": answer.text,
            **({"thinking": answer.thinking} if answer.thinking else {}),
            "finish": answer.finish_reason,
            "cached": self.cached,
            "tokens": {
                "image": image.tokens,
                "prompt": answer.prompt_tokens,
                "answer": answer.completion_tokens,
            },
            "image": {
                "format": image.read_format,
                "size": list(image.read_size),
                "sent": {"format": image.format, "size": list(image.size), "sha256": self.sha256},
                "changes": list(image.changes),
            },
        }


def describe(
    files: Iterable[Path | KitError],
    model: ImageModel,
    *,
    question: Question | None = None,
    wishes: Wishes | None = None,
    cache: AnswerCache | None = None,
    jobs: int = JOBS,
    on_text: OnText | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Generator[Caption, None, None]:
    """What the model says of each file, in the order of the files.

    files: paths, or errors that take a place in the order. jobs: images in work at once, whose bytes are
    held; of twice as many the answers are. An image that cannot be used has its error in its Caption. An
    error that no other image would escape (no server, a broken model) is raised when its turn comes.
    wait: sleeps so many seconds before a server that is busy is asked again.
    """
    work = _Work(model, question or Question(), wishes or Wishes(), cache or AnswerCache(None), on_text, wait)
    pool = _Pool(jobs)
    pending: deque[Future[Caption]] = deque()
    try:
        for number, file in enumerate(files):
            if len(pending) >= 2 * jobs:
                yield pending.popleft().result()
            pending.append(pool.submit(partial(work.do, number, file)))
        while pending:
            yield pending.popleft().result()
    finally:
        pool.stop()


class _Work:
    """What is done for each file."""

    def __init__(
        self,
        model: ImageModel,
        question: Question,
        wishes: Wishes,
        cache: AnswerCache,
        on_text: OnText | None,
        wait: Callable[[float], None],
    ) -> None:
        self.model, self.question, self.wishes, self.cache = model, question, wishes, cache
        self.on_text, self.wait = on_text, wait
        self.facts = {"model": model.identity, "question": question.facts()}
        self.busy = _Busy()

    def do(self, number: int, file: Path | KitError) -> Caption:
        if isinstance(file, KitError):
            return Caption(str((file.span and file.span.file) or ""), error=file)
        try:
            image = prepare_file(file, self.wishes)
        except UsageError:
            raise
        except KitError as error:
            return Caption(str(file), error=error)
        key = answer_key(image.data, self.facts)
        told = replace(image, data=b"")
        sha256 = hashlib.sha256(image.data).hexdigest()
        with self.busy.alone(key):  # the same image under another name waits, and finds the answer
            if (found := self.cache.read(key)) is not None:
                return Caption(str(file), told, sha256, found, cached=True)
            try:
                answer = self._ask(number, image.data)
            except ServerError as error:
                if _ends_all(error):
                    raise
                if error.span is None:
                    error.span = Span(str(file))
                return Caption(str(file), told, sha256, error=error)
            self._remember(key, answer)
        return Caption(str(file), told, sha256, answer)

    def _remember(self, key: str, answer: Completion) -> None:
        try:
            self.cache.write(key, answer)
        except OSError as error:
            raise KitError(
                f"the answers cannot be remembered: {os_reason(error)}",
                help="name another folder with --cache, or remember nothing with --no-cache",
                span=Span(str(error.filename or self.cache.folder)),
                code="MK903",
            ) from error

    def _ask(self, number: int, image: bytes) -> Completion:
        tell = self.on_text
        for tried in range(TRIES):
            try:
                return self.model.ask(
                    image, self.question, (lambda text: tell(number, text)) if tell else None
                )
            except RefusedError as error:
                seconds = _seconds_to_wait(error, tried)
                if seconds is None:
                    raise
                self.wait(seconds)
        raise AssertionError("the last try returns or raises")


def _seconds_to_wait(error: RefusedError, tried: int) -> float | None:
    """Seconds until the next try: what Retry-After says, or twice as many as before; None to give up.

    Only a server that is busy is asked again (429, and Ollama's 503 when its queue is full).
    """
    if error.status not in (429, 503) or tried + 1 >= TRIES:
        return None
    said = error.retry_after.strip()
    seconds = float(said) if said.isascii() and said.isdigit() else float(2**tried)
    return seconds if seconds <= LONGEST_WAIT else None


def _ends_all(error: ServerError) -> bool:
    if error.code in _ENDS_ALL:
        return True
    known = error_texts.reason(error.detail) if isinstance(error, RefusedError) else None
    return known is not None and known.code in error_texts.OF_FILES


class _Busy:
    """Which keys are being worked on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        with self._lock:
            own, waiting = self._keys.get(key, (threading.Lock(), 0))
            self._keys[key] = own, waiting + 1
        try:
            with own:
                yield
        finally:
            with self._lock:
                own, waiting = self._keys.pop(key)
                if waiting > 1:
                    self._keys[key] = own, waiting - 1


_Task = tuple[Future["Caption"], Callable[[], "Caption"]]


class _Pool:
    """Threads that end with the program: one that waits for a model does not hold up Ctrl-C."""

    def __init__(self, size: int) -> None:
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        # How patient the user is with a server is known in this context alone.
        self._threads = [
            threading.Thread(target=copy_context().run, args=(self._run,), daemon=True) for _ in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Callable[[], Caption]) -> Future[Caption]:
        future: Future[Caption] = Future()
        self._tasks.put((future, task))
        return future

    def stop(self) -> None:
        """Begins nothing new."""
        self._stopped.set()
        for _ in self._threads:
            self._tasks.put(None)

    def _run(self) -> None:
        while (item := self._tasks.get()) is not None:
            if self._stopped.is_set():
                return
            future, task = item
            try:
                future.set_result(task())
            except BaseException as error:  # whoever waits for the result gets it
                self._stopped.set()  # what is raised here is no fault of one image
                future.set_exception(error)
