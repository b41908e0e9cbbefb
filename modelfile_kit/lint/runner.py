"""Runs the rules over a Modelfile, obeys ignore comments, and applies safe fixes."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..core import codes
from ..core.diagnostics import Diagnostic, Span, by_line, with_excerpts
from ..core.errors import ModelfileError
from ..core.severity import Severity
from ..ollama.decoding import decode
from ..ollama.grammar import LINE_BREAK, Instruction, Modelfile, parse_all, parse_modelfile
from ..ollama.versions import Target
from .choice import EVERYTHING, Choice
from .context import Context
from .refusals import refusal
from .registry import all_rules
from .rule import Edit, Finding, Rule

# `# mkmodelfile: ignore=MK201,MK113` before an instruction, `ignore-file=` for the whole Modelfile.
_IGNORE = re.compile(
    r"\s*mkmodelfile:\s*(ignore|ignore-file)\s*=\s*([A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*)\s*"
)
# A fix may bring up another finding; more rounds than this would mean that two fixes fight.
MAX_ROUNDS = 10
# What a template is read behind, where it comes without a Modelfile.
_TEMPLATE_HEAD = 'TEMPLATE """'
# What is said of a TEMPLATE because of other instructions, or of how it stands in a Modelfile.
_ABOUT_MODELFILES = frozenset({"MK121", "MK127", "MK128"})


def lint_modelfile(
    text: str | bytes,
    *,
    base: str | Path | None = None,
    target: str | Target = "latest",
    file: str | None = None,
    memory: int | None = None,
    choice: Choice = EVERYTHING,
) -> list[Diagnostic]:
    """What is wrong with a Modelfile, in the order of its lines.

    text: the file's text or bytes; base: the folder its relative paths start from (without one, no file
    is looked at); target: the Ollama that is meant; file: its name, for the findings' places; memory: bytes
    that the model is to run in, so that a num_ctx that needs more is found; choice: the codes that are
    wanted. What Ollama refuses is found with all the rest, and whatever is chosen. Raises UsageError for a
    bad target.

        >>> from modelfile_kit import lint_modelfile
        >>> for found in lint_modelfile("FROM ./model.gguf\\nPARAMETER top_p 9\\n"):
        ...     print(found.span.line, found.code, found.severity.value)
        2 MK125 warning
    """
    meant = Target.parse(target)
    all_rules()  # loaded first, while garbage is looked for
    with _nothing_collected():
        return _lint(text, base, meant, file, memory, choice)


def _lint(
    text: str | bytes,
    base: str | Path | None,
    target: Target,
    file: str | None,
    memory: int | None,
    choice: Choice,
) -> list[Diagnostic]:
    try:
        # Instructions that are too young for the target are a rule's matter, not the end of all findings.
        parsed, refused = parse_all(text, target=replace(target, onwards=True), file=file)
    except ModelfileError as error:
        return [error.to_diagnostic()]
    folder = Path(base) if base is not None else None
    context = Context(decode(text), parsed, folder, target, memory)
    found = [refusal(each, context, file) for each in refused]
    found += [_diagnostic(rule, finding, context.text, file) for rule, finding in _findings(context, choice)]
    found.sort(key=by_line)
    return with_excerpts(found, context.lines)


def lint_template(
    text: str,
    *,
    target: str | Target = "latest",
    file: str | None = None,
    choice: Choice = EVERYTHING,
) -> list[Diagnostic]:
    """What is wrong with a Go template as the TEMPLATE of a Modelfile, in the order of its lines.

    Only what the template itself shows: no model and no file is looked at. Arguments as of `lint_modelfile`.
    """
    meant = Target.parse(target)
    # Quoted, as rules that name a place expect it; the value itself is given, whatever quotes it holds.
    whole = f"{_TEMPLATE_HEAD}{text}"
    model = Instruction("from", "", "./model.gguf")
    template = Instruction("template", "", text, 1, (0, len(whole)))
    context = Context(whole, Modelfile((model, template)), None, meant)
    all_rules()
    with _nothing_collected():
        found = [
            _diagnostic(rule, finding, whole, file)
            for rule, finding in _findings(context, choice)
            if finding.instruction is template or (finding.instruction is None and _line(finding))
        ]
    found = [replace(d, span=_without_head(d.span)) for d in found if d.code not in _ABOUT_MODELFILES]
    found.sort(key=by_line)
    return with_excerpts(found, LINE_BREAK.split(text))


def _without_head(span: Span | None) -> Span | None:
    """A place in a template that was read behind `_TEMPLATE_HEAD`."""
    if span is None:
        return None
    head = len(_TEMPLATE_HEAD)
    first = span.column - head if span.line == 1 and span.column else span.column
    last = (
        span.end_column - head if (span.end_line or span.line) == 1 and span.end_column else span.end_column
    )
    return replace(span, column=first and max(first, 1), end_column=last and max(last, 1))


@dataclass(frozen=True)
class Offer:
    """A finding and the edits of the decoded text that correct it."""

    finding: Diagnostic
    edits: tuple[Edit, ...]


def offered_fixes(
    text: str | bytes,
    *,
    lines: tuple[int, int],
    base: str | Path | None = None,
    target: str | Target = "latest",
    file: str | None = None,
    choice: Choice = EVERYTHING,
) -> list[Offer]:
    """The safe fixes of findings that begin on some lines (the first and the last, from 1), each by itself.

    Other arguments as for `lint_modelfile`. Raises ModelfileError where the Modelfile is refused.
    """
    context = _context(text, base, Target.parse(target), file)
    offers = []
    for rule, finding in _findings(context, choice):
        line = _line(finding) or 0
        if finding.fix is None or not lines[0] <= line <= lines[1]:
            continue
        edits = finding.fix.edits
        if _adds_nothing(context, list(edits)):
            offers.append(Offer(_diagnostic(rule, finding, context.text, file), edits))
    return offers


@dataclass(frozen=True)
class Fixed:
    """A fixed Modelfile: its text, and the findings that are fixed in it."""

    text: str
    fixed: tuple[Diagnostic, ...]


def fix_modelfile(
    text: str | bytes,
    *,
    base: str | Path | None = None,
    target: str | Target = "latest",
    file: str | None = None,
    choice: Choice = EVERYTHING,
) -> Fixed:
    """Fixes every finding that has a safe fix; arguments as for `lint_modelfile`.

    The text is read before and after: a fix that would add an error, or change an instruction that it is not
    about, is left out. Raises ModelfileError where the Modelfile is refused from the start.
    """
    meant = Target.parse(target)
    current = decode(text)
    fixed: list[Diagnostic] = []
    for _ in range(MAX_ROUNDS):
        context = _context(current, base, meant, file)
        chosen = _sound(context, list(_fixable(context, choice)))
        if not chosen:
            break
        fixed += [_diagnostic(rule, finding, context.text, file) for rule, finding in chosen]
        current = _apply(current, _edits(chosen))
    return Fixed(current, tuple(fixed))


def _context(text: str | bytes, base: str | Path | None, target: Target, file: str | None) -> Context:
    decoded = decode(text)
    # Instructions that are too young for the target are a rule's matter, not the end of all findings.
    parsed = parse_modelfile(text, target=replace(target, onwards=True), file=file)
    return Context(decoded, parsed, Path(base) if base is not None else None, target)


def _findings(context: Context, choice: Choice = EVERYTHING) -> list[tuple[Rule, Finding]]:
    silenced = _Silenced(context.modelfile)
    found = [
        (rule, finding)
        for rule in all_rules()
        for finding in rule.check(context)
        if not silenced.covers(rule, finding) and choice.wants(_code(rule, finding), rule.code)
    ]
    return sorted(found, key=lambda pair: (_line(pair[1]) or 0, _code(*pair)))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Without looking for cyclic garbage.

    The tree of a large TEMPLATE would make Python look through all that there is again and again, which
    is a sixth of the time; it is in use until the end, and then goes without being looked for.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _fixable(context: Context, choice: Choice) -> Iterator[tuple[Rule, Finding]]:
    """Findings with fixes that do not touch one another; the rest waits for the next round."""
    taken: list[Edit] = []
    for rule, finding in _findings(context, choice):
        if finding.fix is None:
            continue
        if any(_touch(a, b) or _same_from(a, b) for a in finding.fix.edits for b in taken):
            continue
        taken += finding.fix.edits
        yield rule, finding


def _sound(context: Context, chosen: list[tuple[Rule, Finding]]) -> list[tuple[Rule, Finding]]:
    """Those of the fixes that together add no error; all at once where that is so, as it nearly always is."""
    if not chosen or _adds_nothing(context, _edits(chosen)):
        return chosen
    kept: list[tuple[Rule, Finding]] = []
    for each in chosen:
        if _adds_nothing(context, _edits([*kept, each])):
            kept.append(each)
    return kept


def _adds_nothing(before: Context, edits: list[Edit]) -> bool:
    """Whether edits leave a Modelfile that is read, with no error more and no other instruction changed."""
    text = _apply(before.text, edits)
    try:
        parsed = parse_modelfile(text, target=replace(before.target, onwards=True))
    except ModelfileError:
        return False
    if _beside(before.modelfile, edits) != _beside(parsed, _replaced_by(edits)):
        return False
    after = Context(text, parsed, before.files.folder, before.target)
    return not _errors(after) - _errors(before)


def _errors(context: Context) -> Counter[str]:
    """How often each code is found as an error."""
    found = (_diagnostic(rule, finding, context.text, None) for rule, finding in _findings(context))
    return Counter(d.code for d in found if d.severity is Severity.ERROR)


def _beside(modelfile: Modelfile, edits: Iterable[Edit]) -> list[tuple[str, str, str]]:
    """The instructions that no edit touches."""
    places = list(edits)
    return [
        (i.name, i.key, i.value)
        for i in modelfile.instructions
        if not any(i.span[0] <= e.end and e.start <= i.span[1] for e in places)
    ]


def _replaced_by(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Where the edits' own texts are in the text that they make."""
    moved = 0
    for edit in sorted(edits, key=lambda e: e.start):
        start = edit.start + moved
        yield Edit(start, start + len(edit.text), "")
        moved += len(edit.text) - (edit.end - edit.start)


def _edits(chosen: Iterable[tuple[Rule, Finding]]) -> list[Edit]:
    return [edit for _, finding in chosen if finding.fix for edit in finding.fix.edits]


def _same_from(a: Edit, b: Edit) -> bool:
    """Whether both add the same FROM, as for a projector that is named twice; one file is one FROM."""
    return a.text == b.text and "FROM " in a.text


def _touch(a: Edit, b: Edit) -> bool:
    return a.start <= b.end and b.start <= a.end


def _apply(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _line(finding: Finding) -> int | None:
    return finding.line or (finding.instruction.line if finding.instruction else None)


def _code(rule: Rule, finding: Finding) -> str:
    return finding.code or rule.code


def _diagnostic(rule: Rule, finding: Finding, text: str, file: str | None) -> Diagnostic:
    span = _span(finding, text, file)
    code = _code(rule, finding)
    about = codes.find(code)
    severity = finding.severity or (about.severity if about else rule.severity)
    return Diagnostic(code, severity, finding.message, span, finding.help or rule.help)


def _span(finding: Finding, text: str, file: str | None) -> Span | None:
    """The place of a finding: what it says itself, else the whole instruction that it is about."""
    line, instruction = _line(finding), finding.instruction
    if finding.column or instruction is None or line != instruction.line:
        return Span(file, line, finding.column) if file or line else None
    start, end = instruction.span
    column = start - max(text.rfind("\n", 0, start), text.rfind("\r", 0, start))
    inside = text[start:end].rstrip()
    *before, last = LINE_BREAK.split(inside)
    if not before:
        return Span(file, line, column, None, column + len(last))
    return Span(file, line, column, line + len(before), len(last) + 1)


class _Silenced:
    """What the comments of a Modelfile silence, for one instruction or for the whole file."""

    def __init__(self, modelfile: Modelfile) -> None:
        self._everywhere: set[str] = set()
        self._by_line: dict[int, set[str]] = {}
        for comment in modelfile.comments:
            found = _IGNORE.fullmatch(comment.text)
            if not found:
                continue
            meant = {code for word in found[2].split(",") for code in _meant(word.strip())}
            if found[1] == "ignore-file":
                self._everywhere |= meant
            elif comment.before < len(modelfile.instructions):
                line = modelfile.instructions[comment.before].line
                self._by_line.setdefault(line, set()).update(meant)

    def covers(self, rule: Rule, finding: Finding) -> bool:
        """Whether a finding is silenced, by its code or by that of its rule."""
        start = finding.instruction.line if finding.instruction else finding.line
        silenced = self._everywhere | self._by_line.get(start or 0, set())
        return bool(silenced & {rule.code, _code(rule, finding)})


def _meant(word: str) -> tuple[str, ...]:
    """The codes of today that a comment silences by a code, of today or the past, or by a name."""
    found = codes.find(word)
    return codes.current(word.upper()) or ((found.code,) if found else ())
