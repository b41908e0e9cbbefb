"""The table at the end of a report, in columns."""

from __future__ import annotations

import click

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


ROWS: list[dict[str, object]] = [
    {"name": "x:q4", "also": ["x"], "result": "ok"},
    {"name": "x:模型", "also": [], "result": "failed"},
]


def test_a_terminal_gets_a_frame() -> None:
    assert table_lines(ROWS, width=26) == [
        "╭────────┬──────┬────────╮",
        "│ name   │ also │ result │",
        "├────────┼──────┼────────┤",
        "│ x:q4   │ x    │ ok     │",
        "│ x:模型 │ -    │ failed │",
        "╰────────┴──────┴────────╯",
    ]


def test_what_does_not_fit_becomes_panels() -> None:
    assert table_lines(ROWS, width=25) == [
        "╭─ x:q4 ────────────────╮",
        "│ also    x             │",
        "│ result  ok            │",
        "╰───────────────────────╯",
        "╭─ x:模型 ──────────────╮",
        "│ result  failed        │",
        "╰───────────────────────╯",
    ]


def test_colours_change_nothing_else() -> None:
    painted = table_lines(ROWS, width=40, color=True)
    assert [click.unstyle(line) for line in painted] == table_lines(ROWS, width=40)
    assert painted != table_lines(ROWS, width=40)


def test_without_rows_there_is_nothing() -> None:
    assert table_lines([]) == []


def test_foreign_text_is_shown() -> None:
    assert cells({"name": "a\x1b[2Jb", "also": ["x", "y\u202e"]}) == {
        "name": "a\\x1b[2Jb",
        "also": "x, y\\u202e",
    }
