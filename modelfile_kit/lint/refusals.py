"""Lines that Ollama refuses, as findings: where they are to an editor, and which text they may belong to."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from ..core.diagnostics import Diagnostic, Span, with_excerpts
from ..core.errors import ModelfileError
from ..ollama.decoding import decode
from ..ollama.grammar import LINE_BREAK, Instruction, Refused, parse_all
from ..ollama.versions import Target
from .context import Context

_TEXTS = ("system", "template", "message", "license")


def refusals(text: str | bytes, file: str | None = None) -> list[Diagnostic]:
    """Everything for which Ollama refuses a Modelfile, with its places and lines; nothing for a sound one."""
    target = Target.parse("latest")
    try:
        parsed, refused = parse_all(text, target=target, file=file)
    except ModelfileError as error:
        return [error.to_diagnostic()]
    context = Context(decode(text), parsed, None, target)
    found = [refusal(each, context, file) for each in refused]
    return with_excerpts(found, LINE_BREAK.split(context.text))


def refusal(refused: Refused, context: Context, file: str | None) -> Diagnostic:
    """The finding about refused lines, with the place where an editor shows them."""
    found = refused.error.to_diagnostic()
    first, last = refused.lines
    if not first:
        return found
    column = refused.start - context.line_starts[first - 1] + 1
    end = len(context.lines[last - 1].rstrip()) + 1
    span = Span(file, first, column, None if last == first else last, end)
    found = replace(found, span=span)
    return _rest_of_a_text(found, refused, context) if found.code == "MK101" else found


def _rest_of_a_text(found: Diagnostic, refused: Refused, context: Context) -> Diagnostic:
    """Names the instruction above that these lines were part of, where they look like its text."""
    above = context.modelfile.instructions[refused.before - 1] if refused.before else None
    if above is None or above.command not in _TEXTS or refused.like:
        return found
    comments, before = context.modelfile.comments, refused.before
    at = bisect_left(comments, before, key=lambda comment: comment.before)  # they are in order
    if at < len(comments) and comments[at].before == before:
        return found
    first, last = refused.lines
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    verb = "is" if first == last else "are"
    name = above.command.upper()
    closed = _last_line(above, context)
    if context.written(above).rstrip().endswith('"'):
        quote = '"""' if context.written(above).rstrip().endswith('"""') else '"'
        message = f"{lines} {verb} no instruction: the {name} of line {above.line} ends at its {quote}"
        hint = f"the {quote} at the end of line {closed} closes the value there; inside a value put a "
        hint += 'character after it; in a TEMPLATE write {{ "\\"\\"\\"" }}'
        if quote == '"':
            hint = f'quote the whole value with """; the {quote} at the end of line {closed} closes it there'
        return replace(found, message=message, help=hint)
    return replace(
        found,
        message=f"{lines} {verb} no instruction: the {name} of line {above.line} ends with its line",
        help=f'a value of several lines needs quotes: {name} {_role(above)}"""…"""',
    )


def _role(instruction: Instruction) -> str:
    return f"{instruction.key} " if instruction.command == "message" and instruction.key else ""


def _last_line(instruction: Instruction, context: Context) -> int:
    """The line on which an instruction ends."""
    return instruction.line + len(LINE_BREAK.findall(context.written(instruction).rstrip()))
