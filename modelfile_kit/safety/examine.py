"""A chat template in, all that it does with contents that its user would not expect, out."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import nodes

from ..core.diagnostics import Diagnostic, Severity, Span
from ..core.errors import TemplateReferenceError
from ..core.listed import some
from ..core.numbers import read_count
from ..huggingface import environment, jinja_source
from ..huggingface.guard import BUDGET, TEMPLATE_MAX
from . import trials
from .hidden import Hidden, hidden
from .places import Places
from .provenance import Provenance, Question, Replaced, provenance
from .sandbox import escapes
from .trials import NEUTRAL, ROLES, Plain, Shown, Trials
from .values import Origin
from .words import is_words, sentences

# Characters of a text, and texts of a list, that a message shows.
SHOWN_MAX, LISTED_MAX = 90, 3
# Findings of one code that are told of one template.
FINDINGS_MAX = 20
LENGTH_MAX = 20_000  # characters of a text that is tried
# Trials of the words of one condition.
TRIES_MAX = 24
# Chat templates whose findings are kept: a package is looked at more than once.
KEPT_MAX = 64
# Markers that are tried; real templates have at most some twenty.
MARKERS_MAX = 24
_MEASURES = ("is as long as", "counts")
_SAID = frozenset((Origin.CONTENT, Origin.MESSAGE, Origin.MESSAGES, Origin.SIZE))
_LOOK = "look at this line; if you did not expect it, take the chat template that the model's maker published"


@dataclass(frozen=True)
class Finding:
    """Something that a chat template does with contents.

    span: in the chat template; condition: as Jinja writes it, "" for none; texts: the constants that it is
    about; shown: a conversation, and its prompt with and without.
    """

    code: str
    severity: Severity
    message: str
    help: str
    span: Span
    condition: str = ""
    texts: tuple[str, ...] = ()
    shown: Shown | None = field(default=None, compare=False)

    def diagnostic(self, file: str | None = None) -> Diagnostic:
        """As every command reports it. file: the chat template's, or the GGUF that holds it."""
        where = Span(file, self.span.line, self.span.column, self.span.end_line, self.span.end_column)
        return Diagnostic(self.code, self.severity, self.message, where, self.help)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the conversation and both prompts."""
        return {
            **self.diagnostic().to_dict(),
            "condition": self.condition,
            "texts": list(self.texts),
            "shown": self.shown.to_dict() if self.shown else None,
        }


@functools.lru_cache(KEPT_MAX)
def examine(
    chat_template: str, *, bos_token: str | None = "", eos_token: str | None = ""
) -> tuple[Finding, ...]:
    """What a chat template does with contents, the worst first.

    chat_template: its Jinja source; bos_token, eos_token: the texts that it is rendered with, None for a
    tokenizer without. Nothing for a source that is no chat template, or does not parse: other findings tell
    so. It renders in bounds of steps and renderings and runs nothing of the template's outside the sandbox.
    """
    if len(chat_template) > TEMPLATE_MAX:
        return ()
    BUDGET.start()
    try:
        tree = environment().parse(chat_template)
        return tuple(_Examination(chat_template, tree, bos_token, eos_token).findings())
    except (jinja2.TemplateError, RecursionError, ValueError):
        return ()
    finally:
        BUDGET.forget()


class _Examination:
    def __init__(
        self, source: str, tree: nodes.Template, bos_token: str | None, eos_token: str | None
    ) -> None:
        self.source, self.tree = source, tree
        self.places = Places(source)
        self.tests = _tests(tree)
        self.fields = _fields(tree)
        try:
            self.trials: Trials | None = Trials(source, bos_token=bos_token, eos_token=eos_token)
        except TemplateReferenceError:
            self.trials = None

    def findings(self) -> list[Finding]:
        found = [*self.sandbox(), *map(self.hidden, hidden(self.tree, self.source))]
        try:
            known = provenance(self.tree)
        except RecursionError:
            known = Provenance()
        found += self.conditions(known)
        found += self.replaced(known)
        if self.trials is not None:
            found += self.plain(trials.plain(self.trials, self.source))
            # One with serious findings is not taken for innocent in any case.
            if self.trials.ended and all(f.severity is Severity.INFO for f in found):
                found.append(_not_tried(self.trials.ended))
        found = sorted(dict.fromkeys(found), key=lambda f: (f.severity.rank, f.span.line or 0, f.code))
        return list(_bounded(found))

    # constants and expressions

    def sandbox(self) -> Iterator[Finding]:
        for line, group in itertools.groupby(
            sorted(escapes(self.tree), key=lambda e: e.node.lineno), lambda e: e.node.lineno
        ):
            names = list(dict.fromkeys(e.what for e in group))
            yield Finding(
                "MK268",
                Severity.ERROR,
                f"the chat template reaches for the program that renders it: {_listed(names)}",
                "do not use this file: no chat template needs this, and a program without a sandbox would "
                "run code of the template's author",
                self.places.of(line, names),
                texts=tuple(names),
            )

    def hidden(self, found: Hidden) -> Finding:
        code, what, why = _HIDDEN[found.kind]
        names = ", ".join(f"U+{ord(c):04X}" for c in found.what) if found.kind == "invisible" else ""
        reads = f", which reads {_quoted(found.reads)}" if found.reads else ""
        if found.node is None:
            span = self.places.at(found.offset or 0, len(found.what))
        else:
            span = self.places.of(found.node.lineno, [found.what])
        return Finding(
            code,
            Severity.WARNING,
            f"the chat template {what} {names or _quoted(found.what)}{reads}: {why}",
            _LOOK,
            span,
            texts=(found.what,),
        )

    # conditions

    def conditions(self, known: Provenance) -> Iterator[Finding]:
        depending = _depending(known)
        groups: dict[int, list[Question]] = {}
        for question in known.questions.values():
            groups.setdefault(self.tests.get(id(question.node), id(question.node)), []).append(question)
        found: list[Finding] = []
        for test, group in groups.items():
            # Without an effect on any prompt it is a leftover, and no backdoor.
            group = [q for q in group if q.number in known.deciding]
            asking = [
                q
                for q in group
                if q.way in trials.SHAPES
                or (q.way not in _MEASURES and any(map(is_words, q.asked)) and not self.is_field(q))
            ]
            about = frozenset[Origin]().union(*(q.about for q in group))
            if any(q.about & _SAID for q in asking):
                found += self.words(asking, depending)
            elif about & {Origin.DATE, Origin.CHANCE}:
                found.append(self.chance(group, depending))
            elif any(q.way in _MEASURES for q in group):
                found += self.measured(group, self.inside(test), depending)
        found += self.markers(known)
        yield from _merged(found)

    def is_field(self, question: Question) -> bool:
        """Whether `'name' in x` asks for a field that the template reads of the same value."""
        node = question.node
        if not isinstance(node, nodes.Compare) or question.way != "contains":
            return False
        base = jinja_source.text(node.ops[-1].expr)
        if not all(text in self.fields.get(base, ()) for text in question.asked):
            return False
        shown = self.try_words(dict.fromkeys(question.asked, question.way))
        return shown is None

    def words(self, group: Sequence[Question], depending: Mapping[int, list[str]]) -> Iterator[Finding]:
        asked = {t: q.way for q in group for t in q.asked if is_words(t)}
        shown = self.try_words(asked, [trials.SHAPES[q.way] for q in group if q.way in trials.SHAPES])
        only_system = shown is not None and shown.role == "system" and not _new(shown, asked)
        ways = sorted({q.way for q in group})
        effect = _effect(shown) or _may_add(group, depending)
        message = (
            f"the chat template decides on words of a message: whether it {' or '.join(ways)}"
            f"{' ' + _listed(list(asked)) if asked else ''}{effect}"
        )
        yield Finding(
            "MK260",
            Severity.INFO if only_system else Severity.WARNING,
            message,
            _seen(shown) + _LOOK,
            self.span(group, list(asked)),
            group[0].text,
            tuple(asked),
            shown,
        )

    def try_words(self, asked: Mapping[str, str], others: Iterable[str] = ()) -> Shown | None:
        """The conversation that shows most of what these words do; None where none shows anything."""
        best: Shown | None = None
        for text in [*others, *trials.asks_for(asked)][:TRIES_MAX]:
            for role in ROLES:
                shown = self.trials.compare(role, text) if self.trials else None
                if shown is None:
                    continue
                if best is None or _weight(shown, asked) > _weight(best, asked):
                    best = shown
                if _new(best, asked):
                    return best
        return best

    def chance(self, group: Sequence[Question], depending: Mapping[int, list[str]]) -> Finding:
        by_date = any(Origin.DATE in q.about for q in group)
        shown = self.try_dates(group) if by_date else None
        what = "the date" if by_date else "chance"
        effect = _effect(shown) or _may_add(group, depending)
        return Finding(
            "MK261",
            Severity.WARNING,
            f"the chat template decides by {what} what a prompt says: `{_cut(group[0].text)}`{effect}",
            _seen(shown) + _LOOK,
            self.span(group, [t for q in group for t in q.asked]),
            group[0].text,
            tuple(dict.fromkeys(t for q in group for t in q.asked)),
            shown,
        )

    def try_dates(self, group: Sequence[Question]) -> Shown | None:
        if self.trials is None:
            return None
        messages = next(trials.conversations("user", NEUTRAL))[0]
        base = self.trials.prompt(messages)
        for day in _days({t for q in group for t in q.asked}):
            now = self.trials.prompt(messages, now=day)
            if base is None or now is None:
                return None
            told, before = (trials.without_dates(sentences(p[0])) for p in (now, base))
            added = tuple(s for s in sentences(now[0]) if trials.without_dates([s])[0] not in before)
            if now[1] != base[1] or [s for s in told if s not in before]:
                return Shown(messages, "user", now[0], base[0], added, refused=now[1], now=day)
        return None

    def measured(
        self, group: Sequence[Question], inside: list[str], depending: Mapping[int, list[str]]
    ) -> Iterator[Finding]:
        """Conditions on lengths and numbers of messages: told where they add sentences."""
        if not inside and not any(depending.get(q.number) for q in group):
            return
        by_length = any(q.way == "is as long as" for q in group)
        shown = self.try_lengths(group) if by_length else self.try_turns(group)
        if not (shown and shown.added) and not inside:
            return
        what = "how long a message is" if by_length else "how many messages there are"
        yield Finding(
            "MK261",
            Severity.WARNING,
            f"the chat template decides by {what} what a prompt says: `{_cut(group[0].text)}`"
            f"{_effect(shown) or _adds(inside)}",
            _seen(shown) + _LOOK,
            self.span(group, []),
            group[0].text,
            (),
            shown,
        )

    def try_lengths(self, group: Sequence[Question]) -> Shown | None:
        numbers = _numbers(group) or {200}
        best = None
        for number in sorted({n + d for n in numbers for d in (-1, 0, 1, 20)} | {2, 2000}):
            length = min(max(number, 1), LENGTH_MAX)
            text = (NEUTRAL + " bromf" * (length // 5 + 1))[:length].rstrip()
            for role in ROLES:
                shown = self.trials.compare(role, text) if self.trials else None
                if shown is not None and shown.added:
                    return shown
                best = best or (shown if shown and shown.lost else None)
        return best

    def try_turns(self, group: Sequence[Question]) -> Shown | None:
        if self.trials is None:
            return None
        numbers = _numbers(group)
        base = self.trials.prompt(trials.in_turns(1))
        for number in sorted(
            {2 * n + d for n in numbers for d in (-1, 1, 3)} | {n + d for n in numbers for d in (0, 1, 2)}
        ):
            if base is None or not 0 < number <= 120:
                continue
            messages = trials.in_turns(number | 1)
            now = self.trials.prompt(messages)
            if now is None:
                continue
            said = dict.fromkeys(sentences(trials.without_messages(now[0], messages)))
            added = tuple(s for s in said if s not in base[0])
            if added:
                return Shown(messages, "user", now[0], base[0], added)
        return None

    def markers(self, known: Provenance) -> Iterator[Finding]:
        """Instructions that come with a marker that a user can write."""
        first: dict[str, Question] = {}
        for question in known.questions.values():
            for text in question.texts | question.cuts:
                if text.strip() and not is_words(text):
                    first.setdefault(text, question)
        for text, question in itertools.islice(first.items(), MARKERS_MAX):
            shown = self.try_marker(text)
            if shown is None:
                continue
            yield Finding(
                "MK261",
                Severity.WARNING,
                f"the chat template adds an instruction to messages with {_quoted(text)}{_effect(shown)}",
                _seen(shown) + _LOOK,
                self.span([question], [text]),
                question.text,
                (text,),
                shown,
            )

    def try_marker(self, text: str) -> Shown | None:
        for role in ("user", "tool", "system"):
            shown = (
                self.trials.compare(role, f"{trials.BEFORE} {text} {trials.AFTER}") if self.trials else None
            )
            if shown is not None and _new(shown, {text: ""}):
                return shown
        return None

    def inside(self, test: int) -> list[str]:
        """The sentences that stand in the bodies of a condition."""
        node = self.bodies.get(test)
        if node is None:
            return []
        parts = [*getattr(node, "body", ()), getattr(node, "expr1", None), getattr(node, "expr2", None)]
        found = []
        for part in parts:
            if part is not None:
                found += [s for text in _texts(part) for s in sentences(text)]
        return list(dict.fromkeys(found))

    @property
    def bodies(self) -> dict[int, nodes.Node]:
        """The conditional statements and expressions by their identity."""
        return {id(n): n for n in self.tree.find_all((nodes.If, nodes.CondExpr, nodes.For))}

    # messages

    def replaced(self, known: Provenance) -> Iterator[Finding]:
        seen: dict[tuple[str, Severity, bool], list[tuple[Replaced, Shown | None]]] = {}
        for one in known.replaced.values():
            texts = {t: "contains" for t in sorted(one.texts) if is_words(t)}
            says = [t for t in one.by if is_words(t)]
            if not texts and not any(map(sentences, says)):
                continue
            shown = self.try_replaced(one, texts)
            if shown is None and not (texts and says):
                continue
            mild = shown is not None and shown.role == "system" and not shown.added
            key = one.method, Severity.INFO if mild else Severity.WARNING, bool(says)
            seen.setdefault(key, []).append((one, shown))
        for (method, severity, _), group in seen.items():
            one, shown = group[0]
            texts_of_all = sorted({t for r, _ in group for t in r.texts})
            says = sorted({t for r, _ in group for t in r.by if is_words(t)})
            by = f" by {_listed(says)}" if says else ""
            how = "replaces" if method == "replace" else "cuts messages at"
            yield Finding(
                "MK263",
                severity,
                f"the chat template changes what messages say: it {how} {_listed(texts_of_all)}{by}",
                _seen(shown) + _LOOK,
                self.places.of(one.node.lineno, [*sorted(one.texts), *sorted(one.by)]),
                jinja_source.text(one.node),
                tuple(texts_of_all),
                shown,
            )

    def try_replaced(self, one: Replaced, texts: Mapping[str, str]) -> Shown | None:
        for text in texts or sorted(one.texts):
            for role in ROLES:
                shown = (
                    self.trials.compare(role, f"{trials.BEFORE} {text} {trials.AFTER}")
                    if self.trials
                    else None
                )
                if shown is not None and (shown.altered or shown.added):
                    return shown
        return None

    def plain(self, seen: Plain) -> Iterator[Finding]:
        first = Span(line=1, column=1)
        for texts, when in (
            (seen.default, "where a conversation has no system message, the chat template adds a default"),
            (seen.always, "the chat template adds a text to every conversation"),
            (seen.begun, "the chat template begins every reply with"),
        ):
            if texts:
                yield Finding(
                    "MK262",
                    Severity.INFO,
                    f"{when}: {_listed(texts)}",
                    "the model sees this text, its user does not; `mkmodelfile render` shows the prompt",
                    self.anywhere(texts[0]),
                    texts=texts,
                )
        added = {"after the user's message": seen.after, "to longer conversations": seen.later}
        for place, texts in added.items():
            if texts:
                yield Finding(
                    "MK261",
                    Severity.WARNING,
                    f"the chat template adds an instruction {place}: {_listed(texts)}",
                    _LOOK,
                    self.anywhere(texts[0]),
                    texts=texts,
                )
        if seen.dropped and "messages" in jinja_source.names(self.tree):
            yield Finding(
                "MK263",
                Severity.WARNING,
                f"the chat template leaves out messages of the user: {_listed(seen.dropped)}",
                _LOOK,
                first,
            )
        for said, came in seen.changed:
            yield Finding(
                "MK263",
                Severity.WARNING,
                f"the chat template changes what messages say: {_quoted(said)} comes out as {_quoted(came)}",
                _LOOK,
                first,
            )
        if seen.cut:
            yield Finding(
                "MK263",
                Severity.WARNING,
                f"the chat template cuts long messages: of {seen.cut[0]:,} characters {seen.cut[1]:,} reach "
                "the prompt",
                _LOOK,
                first,
            )
        if seen.as_system:
            yield Finding(
                "MK264",
                Severity.WARNING,
                "the chat template puts what the user says where the system message stands: the model "
                "takes it for instructions of the developer",
                f"the prompt is {_quoted(seen.as_system[1])}; {_LOOK}",
                first,
            )
        if seen.unread:
            yield Finding(
                "MK266",
                Severity.WARNING,
                f"the prompt has a text that cannot be read in the chat template, which puts it together: "
                f"{_listed(seen.unread)}",
                _LOOK,
                first,
                texts=seen.unread,
            )

    def anywhere(self, sentence: str) -> Span:
        """Where a sentence of the prompt stands in the source."""
        for size in (len(sentence), 40, 20):
            place = self.source.find(sentence[:size])
            if place >= 0:
                return self.places.at(place, len(sentence[:size]))
        return Span(line=1, column=1)

    def span(self, group: Sequence[Question], texts: Sequence[str]) -> Span:
        line = min(q.line for q in group)
        return self.places.of(line, [q + t + q for t in texts for q in "'\""])


_HIDDEN = {
    "invisible": (
        "MK265",
        "has a character that nobody sees,",
        "people who read the file do not see what the model does",
    ),
    "look-alike": (
        "MK265",
        "has a word with letters of another alphabet,",
        "it is other tokens than the word that people see",
    ),
    "encoded": ("MK266", "has an encoded text,", "people who read the file do not see what it says"),
    "escaped": ("MK266", "writes letters as escapes,", "people who read the file do not see what it says"),
    "link": ("MK267", "has a link,", "a model may repeat it or open it with a tool"),
}


def _depending(known: Provenance) -> dict[int, list[str]]:
    """The sentences that depend on each question."""
    found: dict[int, list[str]] = {}
    for printed in known.printed.values():
        said = sentences(printed.text) if printed.questions else []
        for number in printed.questions if said else ():
            found.setdefault(number, []).extend(said)
    return found


def _tests(tree: nodes.Template) -> dict[int, int]:
    """The conditional statement or expression of which every expression is the test."""
    found: dict[int, int] = {}
    for node in tree.find_all((nodes.If, nodes.CondExpr, nodes.For)):
        test: nodes.Expr | None = getattr(node, "test", None)
        if test is not None:
            for part in itertools.chain([test], test.find_all(nodes.Expr)):
                found.setdefault(id(part), id(node))
    return found


def _fields(tree: nodes.Template) -> dict[str, set[str]]:
    """The fields that a template reads, by the text of the expression."""
    found: dict[str, set[str]] = {}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        assert isinstance(node, (nodes.Getattr, nodes.Getitem))
        name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if isinstance(name, str):
            found.setdefault(jinja_source.text(node.node), set()).add(name)
    return found


def _texts(node: nodes.Node) -> Iterator[str]:
    """The constants in a part of the tree, those of refusals left out."""
    if isinstance(node, nodes.Call) and jinja_source.text(node.node) == "raise_exception":
        return
    text = (
        getattr(node, "data", None) if isinstance(node, nodes.TemplateData) else getattr(node, "value", None)
    )
    if isinstance(text, str):
        yield text
    for child in node.iter_child_nodes():
        yield from _texts(child)


def _new(shown: Shown, asked: Iterable[str]) -> bool:
    """Whether a prompt has an instruction that the words bring, not a default in which they stand."""
    words = [t.strip().lower() for t in asked]
    return any(not any(w in s.lower() for w in words) for s in shown.added)


def _weight(shown: Shown, asked: Iterable[str]) -> int:
    """How much a conversation shows."""
    return (
        4 * _new(shown, asked)
        + 2 * (shown.role != "system")
        + bool(shown.added or shown.lost or shown.refused)
    )


def _numbers(group: Sequence[Question]) -> set[int]:
    """The numbers that questions compare with."""
    return {n for question in group for text in question.asked if (n := read_count(text)) is not None}


def _days(texts: Iterable[str]) -> Iterator[datetime]:
    """Days that differ in what a template can ask for: those of its constants, months, days of the week."""
    whole = " ".join(texts)
    numbers = {n for text in _NUMBERS.findall(whole) if (n := read_count(text)) is not None}
    years = sorted({y + d for y in numbers if 1990 < y < 2200 for d in (-1, 0, 1)} | {2025, 2031})
    for year in years:
        yield datetime(year, 6, 15, 10)
    for match in _ISO.finditer(whole):
        try:
            day = datetime(int(match[1]), int(match[2]), int(match[3]), 10)
        except ValueError:
            continue
        yield day
    for year in years[:3]:
        for month in range(1, 13):
            yield datetime(year, month, 13, 23)
    for day_of_month in range(1, 32):
        yield datetime(2025, 12, day_of_month, 1)


_NUMBERS = re.compile(r"\d+")
_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def _merged(found: Iterable[Finding]) -> Iterator[Finding]:
    """Of findings of one code that add the same sentences, or say the same, only the first."""
    first: dict[Any, Finding] = {}
    for finding in found:
        added = finding.shown.added if finding.shown else ()
        key = (finding.code, added) if added else (finding.code, finding.message)
        first.setdefault(key, finding)
    yield from first.values()


def _not_tried(limit: str) -> Finding:
    """MK212: a limit ended the trials, so that nothing is said of what was not tried."""
    return Finding(
        "MK212",
        Severity.WARNING,
        f"not every text that the chat template waits for was tried: {limit}",
        "look for a loop over a large range, or a loop in a loop, and at the conditions by hand",
        Span(line=1),
    )


def _bounded(found: Sequence[Finding]) -> Iterator[Finding]:
    """The first findings of each code; the last of them says how many more there are."""
    left = Counter(finding.code for finding in found)
    told = Counter[str]()
    for finding in found:
        told[finding.code] += 1
        more = left[finding.code] - FINDINGS_MAX
        if told[finding.code] == FINDINGS_MAX and more > 0:
            yield replace(finding, message=f"{finding.message} ({more:,} more of this kind are not shown)")
        elif told[finding.code] <= FINDINGS_MAX:
            yield finding


def _effect(shown: Shown | None) -> str:
    if shown is None:
        return ""
    who = {"user": "a user's message", "tool": "a tool's answer", "assistant": "an earlier reply"}
    words = who.get(shown.role, "a system message")
    if shown.now is not None:
        words = f"on {shown.now.date().isoformat()}"
    if shown.refused:
        return f"; {words} with them is refused: {_quoted(shown.refused)}"
    if shown.added:
        return f"; {words} then brings {_listed(shown.added)} into the prompt"
    if shown.lost:
        return f"; {words} then takes {_listed(shown.lost)} out of the prompt"
    if shown.altered:
        return f"; {words} then comes out changed"
    return f"; {words} then gets another prompt"


def _may_add(group: Sequence[Question], depending: Mapping[int, list[str]]) -> str:
    return _adds(list(dict.fromkeys(s for q in group for s in depending.get(q.number, ()))))


def _adds(texts: Sequence[str]) -> str:
    return f", and so whether the prompt has {_listed(texts)}" if texts else ""


def _seen(shown: Shown | None) -> str:
    if shown is None:
        return ""
    said = str(next((m["content"] for m in shown.messages if m["role"] == shown.role), ""))
    with_text, without = _around(shown.prompt or shown.refused, shown.other)
    both = f"the prompt has {_quoted(with_text)}, otherwise {_quoted(without)}"
    return f"{shown.role} says {_quoted(said)}: {both}; "


def _around(one: str, other: str) -> tuple[str, str]:
    """Both texts from a little before their first difference."""
    start = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    start = max(start - 20, 0)
    return one[start:], other[start:]


def _listed(texts: Sequence[str]) -> str:
    return some([_quoted(text) for text in texts], LISTED_MAX)


def _quoted(text: str) -> str:
    return repr(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
