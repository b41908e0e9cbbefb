"""How far a download is: a bar on a terminal, a line now and then in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..core.foreign_text import shown
from ..core.sizes import size_text
from ..publish.blobs import Step
from ..sources.fetched import Fetching
from .common import is_quiet, step_progress
from .output import tell, wants_color

LINE_SECONDS = 5.0


@contextmanager
def fetch_progress() -> Iterator[Fetching | None]:
    """Gives a function that shows bytes, rate and time left; None with --quiet."""
    if is_quiet():
        yield None
        return
    if not wants_color(sys.stderr):
        yield Lines()
        return
    with step_progress() as progress:
        yield (lambda title, done, total: progress(Step("fetch", title, done, total))) if progress else None


class Lines:
    """A line every few seconds, and none for what is done before the first is due."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None
        self._due = 0.0

    def __call__(self, title: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began, self._due = (now, done), now + LINE_SECONDS
        if now < self._due:
            return
        self._due = now + LINE_SECONDS
        tell(progress_line(title, done, total, done - self._began[1], now - self._began[0]))


def progress_line(title: str, done: int, total: int, came: int, seconds: float) -> str:
    """As `hf.co/ORG/REPO/m.gguf: 1.2 GiB of 4.5 GiB, 30 MiB/s, 1:52 left`.

    came: bytes that came in so many seconds; total: 0 where it is not known.
    """
    rate = came / seconds if seconds > 0 else 0.0
    parts = [size_text(done) + (f" of {size_text(total)}" if total else "")]
    parts += [f"{size_text(int(rate))}/s"] if rate else []
    if rate and total:
        minutes, left = divmod(int((total - done) / rate), 60)
        parts.append(f"{minutes}:{left:02} left")
    return f"{shown(title)}: {', '.join(parts)}"
