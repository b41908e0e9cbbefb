"""The rows of an audit while it runs: a file that grows by a line a model, so that a break loses none."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ..core.errors import UsageError
from ..core.files import open_file
from ..core.os_errors import cannot_write
from ..core.version import __version__
from .rows import Row

JOURNAL = "rows.jsonl"
_NO_ROW = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


def read_rows(folder: Path) -> dict[str, Row]:
    """The rows that an earlier audit left in a folder, by name; those of another version of the kit are none.

    Of several rows of a name the last counts. A line that was cut by a break is passed over.
    """
    rows: dict[str, Row] = {}
    with contextlib.suppress(FileNotFoundError), open_file(folder / JOURNAL) as file:
        for line in file:
            # Whatever a line is that is no row, its model is looked at anew.
            with contextlib.suppress(*_NO_ROW):
                row = Row.from_dict(json.loads(line))
                if row.kit == __version__:
                    rows[row.name] = row
    return rows


class Journal:
    """Writes rows as they come."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def add(self, row: Row) -> None:
        """One more row, written at once."""
        # In ASCII: the name of a file need not be UTF-8, and comes back as it was.
        self._file.write(json.dumps(row.to_dict()) + "\n")
        self._file.flush()


@contextlib.contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """The journal of a folder, which is made; rows are added to those that are there.

    Raises UsageError where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / JOURNAL).open("a+", encoding="utf-8", newline="\n")
    except FileExistsError as e:
        raise UsageError(
            f"{folder} is a file, and an audit writes several", help="name a folder with --output"
        ) from e
    except OSError as e:
        raise cannot_write(e, folder / JOURNAL) from e
    with file:
        _end_last_line(file)
        yield Journal(file)


def _end_last_line(file: TextIO) -> None:
    """A line that was cut by a break must not run into the next one."""
    end = file.seek(0, 2)
    if end and not _ends_with_newline(file, end):
        file.write("\n")


def _ends_with_newline(file: TextIO, end: int) -> bool:
    with open(file.fileno(), "rb", closefd=False) as data:
        data.seek(end - 1)
        return data.read(1) == b"\n"
