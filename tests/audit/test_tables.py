from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.audit import tables
from modelfile_kit.audit.rows import TYPES, Row
from modelfile_kit.audit.tables import summary, worst_first, write_page, write_parquet

ROWS = [
    Row("hf.co/a/b", "1", size=1 << 40, template="t", chat="exact", tools="absent", verdict="ok"),
    Row("<script>alert(1)</script>\x1b[31m", verdict="failed", error="MK404: cut & short"),
    Row("c", template="t", chat="partial", findings="MK651 MK411", verdict="warning"),
    Row("d", template="u", chat="exact", findings="MK411", safety="MK710", verdict="error"),
]


def test_the_summary_counts() -> None:
    told = summary(ROWS)
    assert (told["models"], told["templates"]) == (4, 2)
    assert told["verdicts"] == {"ok": 1, "warning": 1, "error": 1, "failed": 1}
    assert told["chat"] == {"exact": 2, "not looked at": 1, "partial": 1}
    assert list(told["codes"].items()) == [("MK411", 2), ("MK651", 1), ("MK710", 1)]


def test_the_worst_come_first() -> None:
    assert [row.verdict for row in worst_first(ROWS)] == ["failed", "error", "warning"]


def test_parquet_holds_every_value(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra dask is not installed")
    write_parquet(ROWS, tmp_path / "a.parquet")
    write_parquet(list(ROWS), tmp_path / "b.parquet")
    read = parquet.read_table(tmp_path / "a.parquet")
    assert read.column_names == list(TYPES)
    assert [Row.from_dict(values) for values in read.to_pylist()] == ROWS
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_the_page_shows_foreign_text_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_page(ROWS, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "\x1b" not in page
    assert "MK404: cut &amp; short" in page
    assert page.index("MK404") < page.index("hf.co/a/b")
    monkeypatch.setattr(tables, "SHOWN_ROWS", 2)
    write_page(ROWS, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "The 2 worst of 4" in page
    assert "hf.co/a/b" not in page
