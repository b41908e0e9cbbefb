from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.audit.journal import JOURNAL, open_journal, read_rows
from modelfile_kit.audit.rows import Row
from modelfile_kit.audit.tables import write_page, write_parquet
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
        file.write('[]\n{"name": "x", "later": 1}\n{"size": "many"}\n{"name": "y", "size": Infinity}\n7\n')
    assert read_rows(tmp_path) == {}


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((KitError, OSError), match="is a file"), open_journal(tmp_path / "file"):
        pass


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"name": "x", "verdict": "worse"}',
        b'{"name": "x", "size": %d}' % (1 << 64),
    ],
    ids=["deep", "no-utf-8", "no-verdict", "no-size"],
)
def test_a_line_of_any_bytes_loses_no_other(line: bytes, tmp_path: Path) -> None:
    write(tmp_path, ROWS[:1])
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(line + b"\n")
    write(tmp_path, ROWS[1:])
    assert read_rows(tmp_path) == {row.name: row for row in ROWS}


def test_a_name_that_is_no_utf_8_is_a_row_as_any_other(tmp_path: Path) -> None:
    row = Row("bad\udcff.gguf", error="\ud800")
    write(tmp_path, [row])
    assert read_rows(tmp_path) == {row.name: row}
    write_page([row], tmp_path / "page.html")
    assert "bad" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_name_that_is_no_utf_8_in_a_table(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra dask is not installed")
    write_parquet([Row("bad\udcff.gguf", size=3)], tmp_path / "t.parquet")
    table = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert [(line["name"], line["size"]) for line in table] == [("bad\\udcff.gguf", 3)]
