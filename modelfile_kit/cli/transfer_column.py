"""A column of a progress bar: how many bytes of how many went over the line, and how fast."""

from __future__ import annotations

from collections.abc import Collection

from rich.progress import ProgressColumn, Task
from rich.text import Text

from ..core.sizes import size_text


class TransferColumn(ProgressColumn):
    """Empty for stages that move no bytes. stages: those that do; the field `stage` of a task is its own."""

    def __init__(self, stages: Collection[str]) -> None:
        super().__init__()
        self._stages = stages

    def render(self, task: Task) -> Text:
        """As `12.0 MiB of 1.86 GiB, 3.10 MiB/s`."""
        if task.fields.get("stage") not in self._stages or not task.total:
            return Text("")
        speed = task.finished_speed or task.speed
        rate = f", {size_text(int(speed))}/s" if speed else ""
        return Text(f"{size_text(int(task.completed))} of {size_text(int(task.total))}{rate}")
