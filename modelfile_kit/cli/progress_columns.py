"""Columns of a progress bar: how much of how much, how fast, and how long still."""

from __future__ import annotations

from collections.abc import Collection

from rich.progress import ProgressColumn, Task
from rich.text import Text

from ..core.durations import clock_text
from ..core.sizes import size_text


class AmountColumn(ProgressColumn):
    """Bytes with their rate, or a count. byte_stages: values of the field `stage` whose tasks move bytes."""

    def __init__(self, byte_stages: Collection[str]) -> None:
        super().__init__()
        self._stages = byte_stages

    def render(self, task: Task) -> Text:
        """As `12.0 MiB of 1.86 GiB, 3.10 MiB/s`, or as `3 of 9`."""
        if task.fields.get("stage") not in self._stages:
            return Text(f"{int(task.completed):,} of {int(task.total):,}" if task.total else "")
        if not task.total:
            return Text("")
        speed = task.finished_speed or task.speed
        rate = f", {size_text(int(speed))}/s" if speed else ""
        return Text(f"{size_text(int(task.completed))} of {size_text(int(task.total))}{rate}")


class TimeColumn(ProgressColumn):
    """How long it will still take; where that is not known, how long it has taken."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """As `1:52 left` or `0:03`."""
        if task.total and not task.finished and task.time_remaining is not None:
            return Text(f"{clock_text(task.time_remaining)} left")
        return Text(clock_text(task.elapsed or 0))
