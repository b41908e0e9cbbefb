"""Reports as one page that needs nothing else: one file, no network, readable without its script.

The script only filters and moves the focus. A Content-Security-Policy lets the browser run that script and
no other, and forbids it to fetch anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ..core import codes
from ..core.foreign_text import shown
from ..core.version import __version__
from . import differences
from .by_cause import Cause, alike, causes
from .model import ENGINE_TOKENS, OWN_TOKENS, Case, Chip, Report, Status
from .table import table_lines

if TYPE_CHECKING:
    from jinja2 import Environment, Template

# What a browser shows without delay; the prompts beyond it are left out, and the page says so.
MAX_DETAILS = 6_000_000
MAX_LISTED = 2_000
# Cases of a finding that are named.
MAX_NAMED = 12

# The kind of a token that looks like a special one, where the vocabulary's own kinds are not known.
_GUESSED = "special"
_HERE = Path(__file__).parent
_OTHER = {"prompt": "reference", "reference": "prompt"}
_SIDES = (
    ("prompt", "reference", "the prompt that Ollama sends", "the reference: the chat template's"),
    ("writes", "gets", "the model writes", "the user gets"),
)


@dataclass
class CaseView:
    """One case of the list. verdict: how it counts; body: its details, None where they are left out."""

    ident: str
    case: Case
    verdict: Status
    open: bool = False
    body: Markup | None = None

    @property
    def codes(self) -> str:
        """The codes of its findings, for the filter."""
        return " ".join(dict.fromkeys(d.code for d in self.case.diagnostics))


@dataclass
class Section:
    """One report of the page. replies: by the variant that they are of, "" for the package."""

    ident: str
    report: Report
    causes: list[Cause]
    cases: list[CaseView]
    left_out: list[str] = field(default_factory=list)
    replies: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def anchor(self, case: Case) -> str | None:
        """Where a case is on the page; None where it is not listed."""
        return self._anchors.get(id(case))

    def __post_init__(self) -> None:
        self._anchors = {id(view.case): view.ident for view in self.cases}


def render(report: Report, *more: Report) -> str:
    """The page's source. Everything in it is escaped, so a prompt full of markup stays text.

    more: reports of other commands on the same subject, each a section of its own.
    """
    sections = [_section(one, number) for number, one in enumerate((report, *more), 1)]
    _fill(sections)
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    return _template("page.html.jinja").render(
        ok=all(one.ok for one in (report, *more)),
        report=report,
        sections=sections,
        kinds=_kinds,
        version=__version__,
        asked=list(dict.fromkeys((c.code, c.name) for s in sections for c in s.causes if c.cases)),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        counts=_counts,
        table_lines=table_lines,
        rows_of=_rows,
        **_COMMON,
    )


def _section(report: Report, number: int) -> Section:
    """A report with its cases in order; of too many the failed ones stay."""
    found = [CaseView(f"case-{number}-{n}", c, _verdict(report, c)) for n, c in enumerate(report.cases, 1)]
    order = sorted(found, key=lambda view: view.verdict is not Status.FAILED)[:MAX_LISTED]
    kept = {id(view) for view in order}
    listed = [view for view in found if id(view) in kept]
    section = Section(
        f"report-{number}", report, causes(report), listed, replies=dict(_replies(report.facts))
    )
    if len(found) > len(listed):
        section.left_out.append(
            f"{len(found) - len(listed):,} of {len(found):,} cases are not listed, as a page holds "
            f"{MAX_LISTED:,}; their findings are, and `--format json` has all of them"
        )
    seen: set[tuple[str, str]] = set()
    for view in listed:
        if view.verdict is Status.FAILED:
            of = {(d.code, d.severity.value) for d in view.case.diagnostics} or {("", "")}
            view.open = bool(of - seen)
            seen |= of
    return section


def _fill(sections: Sequence[Section]) -> None:
    """Gives the cases their details, as far as the page takes them: what failed comes first."""
    parts = _template("page_parts.html.jinja")
    module = parts.make_module(_COMMON)
    room = MAX_DETAILS
    everything = [(section, view) for section in sections for view in section.cases]
    missing: dict[str, int] = {}
    for section, view in sorted(everything, key=lambda pair: _urgency(pair[1])):
        body: Markup = module.body(view.case) if room > 0 else Markup()  # type: ignore[attr-defined]
        room -= len(body)
        if room > 0:
            view.body = body
        else:
            missing[section.ident] = missing.get(section.ident, 0) + 1
            view.open = False
    for section in sections:
        if count := missing.get(section.ident):
            section.left_out.append(
                f"the prompts and tokens of {count:,} cases are not on this page, which would be too large; "
                "`--format json` has all prompts"
            )


def _urgency(view: CaseView) -> int:
    return 0 if view.open else 1 if view.verdict is Status.FAILED else 2


def _verdict(report: Report, case: Case) -> Status:
    """How a case counts: one that passed fails with a finding of its own."""
    return Status.FAILED if report.failed(case) else case.status


def _replies(facts: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    """The replies of a package, or of its variants by their tags; those that are alike once."""
    if "replies" in facts:
        yield "", facts["replies"]
        return
    seen: list[Any] = []
    for tag, own in facts.items():
        if isinstance(own, Mapping) and "replies" in own and own["replies"] not in seen:
            seen.append(own["replies"])
            yield tag, own["replies"]


def _kinds(section: Section) -> list[str]:
    """The kinds of the tokens of a report, for the legend."""
    found = {c.kind for v in section.cases for p in v.case.tokens for c in (*p.ours, *p.theirs)}
    return sorted(found - {"", "normal"})


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> Template:
    return _environment().get_template(name)


def _asset(name: str) -> Markup:
    """A file of our own that goes into the page as it is."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> str:
    """How a Content-Security-Policy names a script or style that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    """What every text on the page goes through; what it becomes is the same with and without markup."""
    if isinstance(value, Markup):
        return Markup(shown(str(value), lines=True))  # noqa: S704 (escapes have no markup)
    return value if isinstance(value, (int, float)) else shown(str(value), lines=True)


def _rows(report: Report) -> list[dict[str, Any]]:
    """The table without times, so that the same results give the same page."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in report.table]


def _counts(section: Section) -> dict[str, int]:
    """How many cases count as what; those that are not listed too."""
    verdicts = [_verdict(section.report, case) for case in section.report.cases]
    return {status.value: n for status in Status if (n := verdicts.count(status))}


def _pieces(text: str, other: Any = None) -> Markup:
    """A text with its newlines made visible; where it differs from the other, that is marked."""
    out = Markup()
    for part in differences.parts(text, other if isinstance(other, str) else None):
        if part.left_out:
            out += Markup('\n<span class="cut">… {} characters left out …</span>\n').format(
                f"{part.left_out:,}"
            )
        else:
            out += _visible(part.text) if part.same else Markup("<mark>{}</mark>").format(_visible(part.text))
    return out


def _visible(text: str) -> Markup:
    lines = text.split("\n")
    return Markup('<span class="mark">⏎</span>\n').join(lines)


def _sides(data: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """The two texts of a case that stand side by side, each with its heading."""
    return [
        (data[a], data[b], left, right)
        for a, b, left, right in _SIDES
        if isinstance(data.get(a), str) and isinstance(data.get(b), str)
    ]


def _rest(case: Case) -> dict[str, Any]:
    """The data of a case that does not stand side by side, nor among its tokens."""
    shown_already = {k for a, b, *_ in _SIDES if a in case.data and b in case.data for k in (a, b)}
    if case.tokens:
        shown_already |= {ENGINE_TOKENS, OWN_TOKENS}
    return {key: value for key, value in case.data.items() if key not in shown_already}


def _chips(value: Any) -> list[Chip] | None:
    """Tokens as data for programs have them, [id, text] each; None for what is none."""
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if not all(isinstance(t, (list, tuple)) and len(t) == 2 and isinstance(t[0], int) for t in value):
        return None
    return [Chip(number, str(text), _guessed(number, str(text))) for number, text in value]


def _guessed(number: int, text: str) -> str:
    """The kind of a token of which only the text is known."""
    if number < 0:
        return "image"
    return _GUESSED if text.startswith("<") and text.endswith(">") else ""


def _show(text: str) -> str:
    """A token's text with its spaces made visible."""
    return text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥") or "∅"


@lru_cache(maxsize=50_000)
def _chip(chip: Chip, differs: bool = False) -> Markup:
    """A token; written here and not in the template, as a page has many thousands."""
    kind = chip.kind or "normal"
    known = "" if kind in ("normal", _GUESSED) else kind.replace("-", " ")
    title = f"{chip.id}, {known}" if known else str(chip.id)
    if kind == "image":
        return Markup('<span class="token image{}">{}</span>').format(
            " differs" if differs else "", shown(chip.text)
        )
    small = f"{chip.id} {known}".rstrip()
    return Markup('<span class="token {}{}" title="{}">{}<small>{}</small></span>').format(
        kind, " differs" if differs else "", title, shown(_show(chip.text)), small
    )


def _row(chips: Sequence[Chip], marked: Sequence[tuple[int, int]] = ()) -> Markup:
    """A row of tokens; marked: the ranges that differ from the other row, in order."""
    found: list[Markup] = []
    at, different = 0, {n for start, end in marked for n in range(start, end)}
    for one in differences.row(chips, marked[0][0] if marked else 0):
        if isinstance(one, int):
            found.append(Markup('<span class="cut">… {} tokens left out …</span>').format(f"{one:,}"))
            at += one
        else:
            found.append(_chip(one, at in different))
            at += 1
    return Markup('<p class="tokens">{}</p>').format(Markup("\n").join(found))


def _marked(places: Sequence[differences.Place], *, left: bool) -> list[tuple[int, int]]:
    """The ranges of one row that differ from the other."""
    if left:
        return [(p.at, p.at + len(p.left)) for p in places]
    return [(p.other_at, p.other_at + len(p.right)) for p in places]


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


_COMMON: dict[str, Any] = {
    "address": codes.help_uri,
    "show": _show,
    "pieces": _pieces,
    "sides": _sides,
    "rest": _rest,
    "chips_of": _chips,
    "size": _size,
    "places": differences.places,
    "chip": _chip,
    "row_of": _row,
    "marked": _marked,
    "alike": alike,
    "max_named": MAX_NAMED,
    "max_places": differences.MAX_PLACES,
    "max_in_place": differences.MAX_IN_PLACE,
}
