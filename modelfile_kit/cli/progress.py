"""How long work is shown: bars on a terminal, a line every few seconds in a pipe, a log or a CI service.

A clock decides when a line is shown, and nothing else. What takes less than a moment shows nothing.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..core.durations import clock_text
from ..core.foreign_text import shown
from ..core.progress import BYTE_STAGES, Progress, Step, listening
from ..core.sizes import size_text
from .flags import current_flags
from .output import WRITING, before_writing, tell, wants_color

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from ..sources.fetched import Fetching

LINE_SECONDS = 5.0
BEAT_SECONDS = 0.25
MOMENT_SECONDS = 0.7
MARK = "… "  # begins a line of progress, which is no result
WIDE = 70  # columns; on a narrower terminal bytes and rate would leave no room for the name

_DISPLAY: ContextVar[Bars | Lines | None] = ContextVar("_DISPLAY", default=None)


def draws_bars(stream: Any) -> bool:
    """Whether lines can be drawn again: on a terminal that a person looks at, not in a CI service's log."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return stream.isatty() and not in_ci and not os.environ.get("NO_COLOR") and wants_color(stream)


@contextmanager
def watched(title: str = "") -> Iterator[None]:
    """Shows what the work inside tells (`core.progress`), once it has taken a moment.

    Work that says nothing for long is shown to go on. title: what to call it where it has told nothing.
    """
    flags = current_flags()
    if flags.quiet:
        yield
        return
    display = Bars(title) if draws_bars(sys.stderr) else Lines(title, verbose=flags.verbose)
    token = _DISPLAY.set(display)
    heartbeat = Heartbeat(display)
    with listening(display.tell), before_writing(display.clear):
        heartbeat.start()
        try:
            yield
        finally:
            heartbeat.end()
            display.clear()
            _DISPLAY.reset(token)


@contextmanager
def nobody_waits() -> Iterator[None]:
    """Nothing is drawn inside unless it is told: a person types, or a server waits for requests."""
    display = _DISPLAY.get()
    if display is None:
        yield
        return
    display.clear()
    display.idle = True
    try:
        yield
    finally:
        display.idle = False
        display.clear()


class Heartbeat:
    """Has a display look every moment whether the work says nothing for too long.

    One call may take minutes: a server quantizes, an engine loads a model, a disk is slow.
    """

    def __init__(self, display: Bars | Lines) -> None:
        self._display = display
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begins, in a thread of its own."""
        self._thread.start()

    def end(self) -> None:
        """Ends; nothing is drawn afterwards."""
        if self._thread.ident is not None:
            self._ended.set()
            self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._display.beat()
            except (OSError, ValueError):  # the terminal is gone; the work goes on
                return


@contextmanager
def step_progress() -> Iterator[Progress | None]:
    """Gives a function that shows the steps of long work at once, a bar for each stage; None with --quiet."""
    if current_flags().quiet:
        yield None
        return
    display = _DISPLAY.get()
    if display is None:  # outside of a command
        with watched(), step_progress() as progress:
            yield progress
        return
    try:
        yield display.show
    finally:
        display.end()


@contextmanager
def fetch_progress() -> Iterator[Fetching | None]:
    """The same for files that are fetched: a function of a name, the bytes that are here, and all bytes."""
    with step_progress() as progress:
        yield as_fetching(progress)


def as_fetching(progress: Callable[[Step], None] | None) -> Fetching | None:
    """Steps of the stage `fetch`, for what tells a name and two counts of bytes."""
    if progress is None:
        return None
    return lambda title, done, total: progress(Step("fetch", title, done, total))


class Lines:
    """A line every few seconds, and none for what is done before the first is due.

    A count that stands still is told again after twice the time, and what is left is not guessed from it.
    title: of the work as long as it has told nothing. verbose: also one for every step that is shown, as it
    begins. idle: whether nobody waits for the work.
    """

    def __init__(self, title: str = "", *, verbose: bool = False) -> None:
        self.idle = False
        self._title, self._verbose = title, verbose
        self._told: set[str] = set()
        self._began: dict[tuple[str, str], tuple[float, int]] = {}
        self._due: float | None = None
        self._last: Step | None = None
        self._shown: tuple[str, str, int] | None = None  # what the last line was about
        self._wait = self._again = 0.0  # how long until the same is told again, and when
        self._quiet_since = time.monotonic()

    def show(self, step: Step) -> None:
        """A step of which --verbose tells the subject."""
        if self._verbose and (text := f"{step.stage} {step.subject}".strip()) not in self._told:
            self._told.add(text)
            tell(text)
        self._line(step)

    def tell(self, step: Step) -> None:
        """A step of work that may be short: --verbose does not tell that it begins."""
        self._line(step)

    def beat(self) -> None:
        """A moment has passed: the step that goes on, or the work as a whole, is told where a line is due."""
        with WRITING:
            now = time.monotonic()
            due = max(self._due or 0, self._quiet_since + LINE_SECONDS)
            if self._last is not None:
                self._line(self._last)
            elif self._title and not self.idle and now >= due and self._is_due(Step(self._title, ""), now):
                tell(f"{MARK}{count_line(Step(self._title, ''), 0, now - self._quiet_since)}")

    def _line(self, step: Step) -> None:
        with WRITING:
            now = time.monotonic()
            key = (step.stage, step.subject if step.stage in BYTE_STAGES else "")
            began, first = self._began.setdefault(key, (now, step.done))
            self._due = now + LINE_SECONDS if self._due is None else self._due
            if step.complete:
                self._last = None
                self._began.pop(key)
                self._quiet_since = now
                return
            self._last = step
            still = self._shown == _what(step)
            if not self._is_due(step, now):
                return
            came = 0 if still else step.done - first
            if step.stage in BYTE_STAGES:
                title = f"{step.stage} {step.subject}".strip()
                line = progress_line(title, step.done, step.total, came, now - began)
            else:
                line = count_line(step, came, now - began)
            tell(f"{MARK}{line}")
            self._last = step  # a line of progress does not end it, as others do

    def _is_due(self, step: Step, now: float) -> bool:
        """Whether a line is to be told now; the next one is then due later."""
        still = self._shown == _what(step)
        if now < (self._due or 0) or (still and now < self._again):
            return False
        self._shown, self._due = _what(step), now + LINE_SECONDS
        self._wait = 2 * self._wait if still and step.done else LINE_SECONDS
        self._again = now + self._wait
        return True

    def clear(self) -> None:
        """Something else is written, so the step that was told last is over."""
        self._last, self._quiet_since = None, time.monotonic()

    def end(self) -> None:
        """The work of these steps is done."""
        self._began, self._due = {}, None
        self.clear()


def _what(step: Step) -> tuple[str, str, int]:
    return step.stage, step.subject, step.done


class Bars:
    """A bar for each stage, erased as soon as anything else is written, or the work is done.

    title: of the work as long as it has told nothing. idle: whether nobody waits for the work.
    """

    def __init__(self, title: str = "") -> None:
        self.idle = False
        self._title = title
        self._bars: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._passing = ""
        self._began: float | None = None
        self._waiting: tuple[Step, float] | None = None  # told, and not drawn yet; and when
        self._quiet_since = time.monotonic()

    def show(self, step: Step) -> None:
        """A step that is drawn at once."""
        self._update(step)

    def tell(self, step: Step) -> None:
        """A step that is drawn once the work has taken a moment; its bar goes when another stage begins."""
        with WRITING:
            now = time.monotonic()
            self._began = now if self._began is None else self._began
            if now - self._began < MOMENT_SECONDS:
                self._waiting = None if step.complete else (step, now)
                return
            if step.complete:
                self._waiting, self._quiet_since = None, now
                if self._tasks.keys() <= {self._passing}:
                    self._erase()
                else:
                    self._remove(self._passing)
                self._passing = ""
                return
            if self._passing != step.stage:
                self._remove(self._passing)
            self._passing = step.stage
            self._update(step)

    def beat(self) -> None:
        """A moment has passed: what goes on and is not drawn is drawn, a step or the work as a whole."""
        with WRITING:
            now = time.monotonic()
            if self._tasks or self.idle:
                return
            if self._waiting is not None and now - (since := self._waiting[1]) >= MOMENT_SECONDS:
                self._passing = self._waiting[0].stage
                self._update(self._waiting[0], since)
            elif self._waiting is None and self._title and now - self._quiet_since >= MOMENT_SECONDS:
                self._passing = self._title
                self._update(Step(self._title, ""), self._quiet_since)

    def _update(self, step: Step, began: float | None = None) -> None:
        """Draws a step. began: when it was told, where that was before now."""
        with WRITING:
            self._waiting = None
            if self._bars is None:
                self._bars = _rich_bars()
            if self._passing == self._title != step.stage:
                self._remove(self._title)
            text, total = shown(f"{step.stage} {step.subject}".strip()), step.total or None
            if step.stage in self._tasks:
                self._bars.update(self._tasks[step.stage], description=text, completed=step.done, total=total)
            else:
                task = self._bars.add_task(text, completed=step.done, total=total, stage=step.stage)
                self._tasks[step.stage] = task
                if began is not None:
                    next(t for t in self._bars.tasks if t.id == task).start_time = began
            self._bars.start()  # which does nothing where they are drawn already

    def _remove(self, stage: str) -> None:
        if self._bars is not None and stage in self._tasks:
            self._bars.remove_task(self._tasks.pop(stage))

    def clear(self) -> None:
        """Erases what is drawn; the next step draws it again."""
        with WRITING:
            self._erase()
            self._waiting, self._quiet_since = None, time.monotonic()

    def _erase(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._tasks, self._passing = None, {}, ""

    def end(self) -> None:
        """The work of these steps is done."""
        self.clear()
        self._began = None


def _rich_bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.table import Column

    from .progress_columns import AmountColumn, TimeColumn

    console = Console(stderr=True)
    # a long file name gives way to the bar, not the bar to it
    name = TextColumn(
        "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    bar = BarColumn(bar_width=max(10, min(40, console.width // 4)))
    parts = [name, bar, TaskProgressColumn(), TimeColumn()]
    if console.width >= WIDE:
        parts.insert(3, AmountColumn(BYTE_STAGES))
    # The streams stay as they are: results go to standard output while a bar is on standard error.
    return Progress(
        *parts, console=console, transient=True, expand=True, redirect_stdout=False, redirect_stderr=False
    )


def _rate(came: int, seconds: float) -> float:
    """How many a second; 0 where it is not known, as when a server began a file again."""
    return came / seconds if came > 0 and seconds > 0 else 0.0


def progress_line(title: str, done: int, total: int, came: int, seconds: float) -> str:
    """As `hf.co/ORG/REPO/m.gguf: 1.2 GiB of 4.5 GiB, 30 MiB/s, 1:52 left`.

    came: bytes that came in so many seconds; total: 0 where it is not known.
    """
    rate = _rate(came, seconds)
    parts = [size_text(done) + (f" of {size_text(total)}" if total else "")]
    parts += [f"{size_text(int(rate))}/s"] if rate else []
    if rate and total:
        parts.append(f"{clock_text((total - done) / rate)} left")
    return f"{shown(title)}: {', '.join(parts)}"


def count_line(step: Step, came: int, seconds: float) -> str:
    """As `verify images: 3 of 9, 0:12 left`, of a stage whose counts are no bytes; arguments as above."""
    parts = [f"{step.done:,} of {step.total:,}" if step.total else f"{step.done:,}"] if step.done else []
    rate = _rate(came, seconds)
    if rate and step.total:
        parts.append(f"{clock_text((step.total - step.done) / rate)} left")
    elif seconds >= 1:
        parts.append(f"{clock_text(seconds)} so far")
    title = shown(f"{step.stage} {step.subject}".strip())
    return f"{title}: {', '.join(parts)}" if parts else title
