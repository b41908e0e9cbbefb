"""The rows of an audit as files: Parquet for programs, a page for people. The same rows, the same bytes."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..core.conversation import CATEGORIES
from ..core.errors import MissingDependencyError
from ..core.files import write_atomically
from ..core.foreign_text import shown
from .rows import FAILED, OK, TYPES, VERDICTS, Row

PARQUET = "audit.parquet"
PAGE = "audit.html"
SHOWN_ROWS = 5000
"""So many rows stand on the page, the worst first; a browser takes no more well."""


def require_parquet() -> None:
    """Raises MissingDependencyError where Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401 -- whether it is there
    except ImportError as e:
        raise MissingDependencyError(
            "writing Parquet needs the library pyarrow, which is not installed",
            help="pip install 'modelfile-kit[dask]', or leave out --parquet",
        ) from e


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    """A table with the columns of `Row`. Raises OSError with `path` where it cannot be written."""
    import io

    import pyarrow
    import pyarrow.parquet

    kinds = {str: pyarrow.string(), int: pyarrow.int64()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in TYPES.items()])
    columns = [
        pyarrow.array([_cell(getattr(row, name)) for row in rows], kinds[kind])
        for name, kind in TYPES.items()
    ]
    data = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), data, compression="zstd")
    write_atomically(path, data.getvalue())


def _cell(value: str | int) -> str | int:
    """A value as a table holds it: names of files that are not UTF-8 become escapes."""
    return value if isinstance(value, int) else value.encode("utf-8", "backslashreplace").decode()


def write_page(rows: Sequence[Row], path: Path) -> None:
    """One page that needs nothing else: the summary, then the rows, the worst first. Raises as above."""
    write_atomically(path, "".join(_page(rows)).encode())


def summary(rows: Iterable[Row]) -> dict[str, Any]:
    """Counts: models by verdict, by what their prompts come to, and by code."""
    rows = list(rows)
    verdicts = Counter(row.verdict for row in rows)
    codes = Counter(code for row in rows for code in (*row.findings.split(), *row.safety.split()))
    kinds = {kind: dict(sorted(Counter(_kind(row, kind) for row in rows).items())) for kind in CATEGORIES}
    return {
        "models": len(rows),
        "verdicts": {v: verdicts[v] for v in VERDICTS if verdicts[v]},
        "templates": len({row.template for row in rows} - {""}),
        **kinds,
        "codes": dict(sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))),
    }


def _kind(row: Row, kind: str) -> str:
    """What a row says of one kind of prompts, in words."""
    return getattr(row, kind) or ("not looked at" if row.verdict == FAILED else "no chat template")


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}"
    "td,th{padding:.25rem .6rem;border-bottom:1px solid #d0d7de;text-align:left;white-space:nowrap}"
    "tr.error td:first-child,tr.failed td:first-child{border-left:4px solid #b42318}"
    "tr.warning td:first-child{border-left:4px solid #b54708}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#30363d}}"
)
_COLUMNS = (
    "verdict",
    "name",
    "quantization",
    "architecture",
    "chat",
    "tools",
    "thinking",
    "images",
    "parser",
    "projector",
    "findings",
    "safety",
    "error",
)


def _page(rows: Sequence[Row]) -> Iterable[str]:
    told = summary(rows)
    yield '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<title>Audit of {told['models']} models</title><style>{_STYLE}</style>\n"
    yield f"<h1>Audit of {told['models']:,} models</h1>\n"
    words = ", ".join(f"{count:,} {verdict}" for verdict, count in told["verdicts"].items())
    yield f"<p>{words}; {told['templates']:,} different chat templates.</p>\n"
    yield "<h2>Prompts</h2>\n<table><tr><th>kind<th>what a compiled TEMPLATE comes to</tr>\n"
    for kind in CATEGORIES:
        yield f"<tr><td>{kind}<td>{_text(_counts(told[kind]))}</tr>\n"
    yield "</table>\n<h2>Findings</h2>\n<table><tr><th>code<th>models</tr>\n"
    for code, count in told["codes"].items():
        yield f"<tr><td>{_text(code)}<td>{count:,}</tr>\n"
    yield "</table>\n<h2>Models</h2>\n"
    order = sorted(enumerate(rows), key=lambda pair: (-VERDICTS.index(pair[1].verdict), pair[0]))
    if len(order) > SHOWN_ROWS:
        yield f"<p>The {SHOWN_ROWS:,} worst of {len(order):,}; the table has all.</p>\n"
    yield "<table><tr>" + "".join(f"<th>{name}" for name in _COLUMNS) + "</tr>\n"
    for _, row in order[:SHOWN_ROWS]:
        cells = "".join(f"<td>{_text(str(getattr(row, name)))}" for name in _COLUMNS)
        yield f'<tr class="{row.verdict}">{cells}</tr>\n'
    yield "</table>\n</html>\n"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _text(text: str) -> str:
    return html.escape(shown(text))


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """The rows that are not ok, the worst first, else in their order."""
    bad = [row for row in rows if row.verdict != OK]
    return sorted(bad, key=lambda row: -VERDICTS.index(row.verdict))
