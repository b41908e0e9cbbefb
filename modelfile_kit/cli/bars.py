"""Bars on a terminal: a line for each stage of long work, drawn again until it is erased without a trace."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import click

from ..core.durations import clock_text
from ..core.foreign_text import shown
from ..core.progress import BYTE_STAGES, Step
from ..core.sizes import size_text
from ..report.cells import columns, head

MOMENT_SECONDS = 0.7
WIDE = 70  # columns; on a narrower terminal bytes and rate would leave no room for the name

_FRAME_SECONDS = 0.1
_RATE_SECONDS = 20.0  # a rate is that of the last so many seconds
_SAMPLE_SECONDS = 0.25
_NAME_MIN = 8


@dataclass
class Moving:
    """A stage that goes on.

    step: how far it has come; began: when, by time.monotonic(); samples: when how much was done.
    """

    step: Step
    began: float
    samples: deque[tuple[float, int]] = field(default_factory=deque)

    def take(self, step: Step, now: float) -> None:
        """A newer step of the same stage."""
        samples = self.samples
        if samples and step.done < samples[-1][1]:  # another file, or the same from its beginning
            samples.clear()
            self.began = now
        if len(samples) > 1 and now - samples[-2][0] < _SAMPLE_SECONDS:
            samples.pop()
        samples.append((now, step.done))
        while len(samples) > 2 and now - samples[0][0] > _RATE_SECONDS:
            samples.popleft()
        self.step = step

    def rate(self, now: float) -> float:
        """How many a second; 0 where it is not known."""
        if len(self.samples) < 2:
            return 0.0
        (first, before), (_, done) = self.samples[0], self.samples[-1]
        return (done - before) / (now - first) if now > first else 0.0

    def amount(self, now: float) -> str:
        """As `12.0 MiB of 1.86 GiB, 3.10 MiB/s`, or as `3 of 9`."""
        done, total = self.step.done, self.step.total
        if not total:
            return ""
        if self.step.stage not in BYTE_STAGES:
            return f"{done:,} of {total:,}"
        rate = self.rate(now)
        return f"{size_text(done)} of {size_text(total)}" + (f", {size_text(int(rate))}/s" if rate else "")

    def time(self, now: float) -> str:
        """How long it will still take, as `1:52 left`; where that is not known, how long it has taken."""
        left, rate = self.step.total - self.step.done, self.rate(now)
        if left > 0 and rate > 0:
            return f"{clock_text(left / rate)} left"
        return clock_text(now - self.began)


def bar_lines(stages: Sequence[Moving], width: int, now: float) -> list[str]:
    """A line for each stage: its name, its bar, how much of it, how much of how much, and the time.

    width: columns of the terminal. A long name gives way to the bar, not the bar to it.
    """
    ends = []
    for moving in stages:
        done, total = moving.step.done, moving.step.total
        share = f"{min(100, 100 * done // total)}%" if total else ""
        ends.append((share, moving.amount(now) if width >= WIDE else "", moving.time(now)))
    wide = [max(map(columns, column)) for column in zip(*ends, strict=True)]
    bar = max(10, min(40, width // 4))
    # One column stays free, so that no terminal breaks the line.
    room = max(_NAME_MIN, width - 1 - bar - 1 - sum(n + 1 for n in wide if n))
    lines = []
    for moving, parts in zip(stages, ends, strict=True):
        name = shown(f"{moving.step.stage} {moving.step.subject}".strip())
        name = name if columns(name) <= room else f"{head(name, room - 1)}…"
        done, total = moving.step.done, moving.step.total
        full = bar * min(done, total) // total if total else 0
        drawn = click.style("━" * full, fg="cyan") + click.style("━" * (bar - full), dim=True)
        after = [part.rjust(n) for part, n in zip(parts, wide, strict=True) if n]
        lines.append(" ".join([name + " " * (room - columns(name)), drawn, *after]))
    return lines


class Bars:
    """A bar for each stage, erased as soon as anything else is written, or the work is done."""

    def __init__(self) -> None:
        self._stages: dict[str, Moving] = {}
        self._passing = ""
        self._began: float | None = None
        self._lock = threading.Lock()
        self._stop: threading.Event | None = None  # of the thread that draws, where one runs
        self._drawn = 0  # lines

    def show(self, step: Step) -> None:
        """A step that is drawn at once."""
        self._update(step)

    def tell(self, step: Step) -> None:
        """A step that is drawn once the work has taken a moment; its bar goes when another stage begins."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        if now - self._began < MOMENT_SECONDS:
            return
        if self._passing != step.stage:
            with self._lock:
                self._stages.pop(self._passing, None)
        self._passing = step.stage
        self._update(step)

    def _update(self, step: Step) -> None:
        now = time.monotonic()
        with self._lock:
            self._stages.setdefault(step.stage, Moving(step, now)).take(step, now)
            if self._stop is None:
                self._stop = threading.Event()
                self._draw(now)
                threading.Thread(target=self._keep_drawing, args=(self._stop,), daemon=True).start()

    def _keep_drawing(self, stop: threading.Event) -> None:
        while not stop.wait(_FRAME_SECONDS):
            with self._lock:
                if not stop.is_set():
                    self._draw(time.monotonic())

    def clear(self) -> None:
        """Erases what is drawn; the next step draws it again."""
        with self._lock:
            if self._stop is not None:
                self._stop.set()
                _write(f"{self._upwards()}\x1b[2K\x1b[?25h")
            self._stop, self._drawn, self._stages, self._passing = None, 0, {}, ""

    def end(self) -> None:
        """The work of these steps is done."""
        self.clear()
        self._began = None

    def _draw(self, now: float) -> None:
        lines = bar_lines([*self._stages.values()], _width(), now)
        text = "\n".join(f"\x1b[2K{line}" for line in lines)
        _write(f"\x1b[?25l{self._upwards()}{text}")
        self._drawn = len(lines)

    def _upwards(self) -> str:
        """To the beginning of the first line, clearing those below it."""
        return "\r" + "\x1b[2K\x1b[1A" * (self._drawn - 1)


def _width() -> int:
    """Columns of the terminal of standard error, where results may go elsewhere."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal is gone; the work goes on
        click.echo(text, file=sys.stderr, nl=False, color=True)
