"""The table at the end of a report, in columns."""

from __future__ import annotations

from modelfile_kit.report.table import cells, table_lines


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    rows: list[dict[str, object]] = [
        {"name": "x:q4", "also": [], "size": 5 << 30, "result": "ok", "seconds": 1.25},
        {"name": "x:模型", "also": [], "size": None, "result": "failed", "seconds": 10.0},
    ]
    assert table_lines(rows) == [
        "name    size      result  time",
        "x:q4    5.00 GiB  ok      1.2 s",
        "x:模型  -         failed  10.0 s",
    ]


def test_without_rows_there_is_nothing() -> None:
    assert table_lines([]) == []


def test_foreign_text_is_shown() -> None:
    assert cells({"name": "a\x1b[2Jb", "also": ["x", "y\u202e"]}) == {
        "name": "a\\x1b[2Jb",
        "also": "x, y\\u202e",
    }
