"""A report as one page that needs nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ..core import codes
from ..core.foreign_text import shown
from ..core.version import __version__
from .model import ENGINE_TOKENS, OWN_TOKENS, Report, Status
from .table import table_lines

if TYPE_CHECKING:
    from jinja2 import Template

# Comparing takes time with the product of the lengths; beyond this all between the first and the last
# difference is marked.
MAX_COMPARED = 600
_OTHER = {"prompt": "reference", "reference": "prompt"}


def render(report: Report) -> str:
    """The page's source. Everything in it is escaped, so a prompt full of markup stays text."""
    return _template().render(
        report=report,
        version=__version__,
        address=codes.help_uri,
        token_kind=_token_kind,
        show=_show,
        counts=_counts,
        pieces=_pieces,
        first_difference=_first_difference,
        table_lines=table_lines,
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def _shown(value: Any) -> Any:
    """What every text on the page goes through; what it becomes is the same with and without markup."""
    if isinstance(value, Markup):
        return Markup(shown(str(value), lines=True))  # noqa: S704 (escapes have no markup)
    return shown(value, lines=True) if isinstance(value, str) else value


def _counts(report: Report) -> str:
    return ", ".join(f"{report.count(s)} {s}" for s in Status if report.count(s))


def _pieces(key: str, data: Mapping[str, Any]) -> Markup:
    """A text with its newlines made visible; where a prompt differs from its reference, that is marked."""
    text, other = data[key], data.get(_OTHER.get(key, ""))
    if not isinstance(other, str) or other == text:
        return _visible(text)
    out = Markup()
    for same, part in _differences(text, other):
        if not part:
            continue
        out += _visible(part) if same else Markup("<mark>{}</mark>").format(_visible(part))
    return out


def _first_difference(key: str, data: Mapping[str, Any]) -> int | None:
    """Where a row of tokens first differs from the one beside it; None where it does not."""
    other = data.get({ENGINE_TOKENS: OWN_TOKENS, OWN_TOKENS: ENGINE_TOKENS}.get(key, ""))
    if other is None:
        return None
    ours, theirs = ([number for number, _ in row] for row in (data[key], other))
    return None if ours == theirs else _same(ours, theirs)


def _differences(text: str, other: str) -> Iterator[tuple[bool, str]]:
    """The parts of a text, each with whether the other has it too."""
    start = _same(text, other)
    end = _same(text[start:][::-1], other[start:][::-1])
    middle, theirs = text[start : len(text) - end], other[start : len(other) - end]
    yield True, text[:start]
    if max(len(middle), len(theirs)) > MAX_COMPARED:
        yield False, middle
    else:
        matcher = SequenceMatcher(None, middle, theirs, autojunk=False)
        for tag, first, last, _, _ in matcher.get_opcodes():
            yield tag == "equal", middle[first:last]
    yield True, text[len(text) - end :]


def _same(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many characters (or tokens) two texts (or rows) begin with together."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _visible(text: str) -> Markup:
    lines = text.split("\n")
    return Markup('<span class="mark">⏎</span>\n').join(lines)


def _token_kind(text: str) -> str:
    """A class for a token's chip: special tokens and spaces look different from words."""
    if text.startswith("<") and text.endswith(">"):
        return "special"
    return "space" if not text.strip() else "word"


def _show(value: Any) -> str:
    """A token's text with its spaces made visible."""
    text = str(value)
    return text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "∅"
