"""Names of models in commands: fetched with a bar, and what there is to say of them at the end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..core.foreign_text import shown
from ..sources.places import known, take_remarks
from .common import say


def place_and_folder(text: str) -> tuple[Path, Path]:
    """The path of a file, and where things made of it belong: beside it, of a name in the current folder."""
    from ..sources.resolve import place_of

    path = place_of(text)
    return path, path.parent if known(path) is None else Path()


def bring_files(paths: Iterable[Path]) -> None:
    """Fetches those of a package's files that a name stands for and that are not here yet."""
    from ..sources.fetched import bring
    from .progress import fetch_progress

    with fetch_progress() as told:
        bring(paths, told)


def say_names() -> None:
    """Which file each name was, why, and how much of it was read."""
    for remark in take_remarks():
        parts = [remark.why] if remark.why else []
        if remark.read:
            of = f" of {remark.size / 1e6:,.1f} MB" if remark.size is not None else ""
            parts.append(f"read {remark.read / 1e6:,.1f} MB{of}")
        say(f"{shown(remark.title)}: {shown('; '.join(parts))}")
