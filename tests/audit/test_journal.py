from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.audit.journal import JOURNAL, open_journal, read_rows
from modelfile_kit.audit.rows import Row
from modelfile_kit.core.errors import KitError

ROWS = [Row("a", "1", size=3, chat="exact"), Row("hf.co/o/r", "2", verdict="failed", error="ü\n")]


def write(folder: Path, rows: list[Row]) -> None:
    with open_journal(folder) as journal:
        for row in rows:
            journal.add(row)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "out", ROWS)
    assert read_rows(tmp_path / "deep" / "out") == {row.name: row for row in ROWS}
    assert read_rows(tmp_path / "none") == {}


def test_the_last_row_of_a_name_counts(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    write(tmp_path, [replace(ROWS[0], revision="9")])
    assert read_rows(tmp_path)["a"].revision == "9"


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_line_that_was_cut_loses_no_other(cut: int, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    data = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(data[:-cut])
    write(tmp_path, [Row("new")])
    assert set(read_rows(tmp_path)) == ({"a", "hf.co/o/r", "new"} if cut == 1 else {"a", "new"})


def test_rows_of_another_version_or_form_are_none(tmp_path: Path) -> None:
    write(tmp_path, [replace(ROWS[0], kit="0.0.0")])
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('[]\n{"name": "x", "later": 1}\n{"size": "many"}\n7\n')
    assert read_rows(tmp_path) == {}


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((KitError, OSError), match="is a file"), open_journal(tmp_path / "file"):
        pass
