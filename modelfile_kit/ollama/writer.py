"""Writing Modelfiles: values that Ollama reads back as they are, or an error that says why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..core.errors import ModelfileError
from .printable import first_refused

if TYPE_CHECKING:
    from .grammar import Comment, Instruction

_LINE_END = re.compile(r"[\r\n]")
_TRIPLE_AT_LINE_END = re.compile(r'"""[ \t]*[\r\n]')


def write_modelfile(instructions: Iterable[Instruction], *, comments: Sequence[Comment] = ()) -> str:
    """The text of a Modelfile; each comment stands before the instruction it stood before.

    Raises ModelfileError (MK106 a rune that Ollama drops, MK107 a value that no quoting carries)
    with the way out in its help.
    """
    lines: list[str] = []
    waiting = list(comments)
    for n, instruction in enumerate(instructions):
        while waiting and waiting[0].before <= n:
            lines.append(_comment(waiting.pop(0)))
        lines.append(write_instruction(instruction))
    lines.extend(_comment(c) for c in waiting)
    return "".join(f"{line}\n" for line in lines)


def write_instruction(instruction: Instruction) -> str:
    """One instruction as text, without a line end."""
    name = instruction.name.upper()
    head = f"{name} {instruction.key}" if instruction.name in ("parameter", "message") else name
    return f"{head} {quote(instruction.value, name=head)}"


def quote(value: str, *, name: str = "the value") -> str:
    """`value` bare, in "…" or in triple quotes, whichever Ollama reads back unchanged.

    Raises ModelfileError (MK106, MK107) where none does.
    """
    check_runes(value, name=name)
    if value and value == value.strip(" \t") and not value.startswith('"') and not _LINE_END.search(value):
        return value
    for mark in ('"""', '"') if _LINE_END.search(value) else ('"', '"""'):
        text = f"{mark}{value}{mark}"
        if _survives(text, mark):
            return text
    line = value.count("\n", 0, found.start()) + 1 if (found := _TRIPLE_AT_LINE_END.search(value)) else 1
    raise ModelfileError(
        f'{name}: line {line} of the value ends with """, which ends the value there; no quoting carries it',
        code="MK107",
        help='put a character behind the """, in a TEMPLATE write {{ "\\"\\"\\"" }} for it, '
        "or give the value to the server's create API instead",
    )


def check_runes(value: str, *, name: str) -> None:
    """Raises ModelfileError (MK106) for a rune that Ollama would drop, naming it and the way out."""
    found = first_refused(value)
    if found is None:
        return
    at, rune = found
    known = unicodedata.name(rune, "a control or private-use character")
    way_out = (
        "encode_template writes it as a Go string"
        if name == "TEMPLATE"
        else "take it out, or give the value to the server's create API, which carries it"
    )
    raise ModelfileError(
        f"{name}: U+{ord(rune):04X} ({known.lower()}) at character {at + 1} is dropped by Ollama's parser",
        code="MK106",
        help=way_out,
    )


def _survives(text: str, mark: str) -> bool:
    """Whether a quoted text is read to its end and with these marks (see modelfile.py's grammar)."""
    if (mark == '"') == text.startswith('"""') or len(text) < 2 * len(mark):
        return False
    return not any(_closed(text[: found.start()], mark) for found in _LINE_END.finditer(text))


def _closed(text: str, mark: str) -> bool:
    trimmed = text.rstrip(" \t\r\n")
    return len(trimmed) >= 2 * len(mark) and trimmed.endswith(mark)


def _comment(comment: Comment) -> str:
    if _LINE_END.search(comment.text):
        raise ModelfileError("a comment holds a line end", code="MK107", help="write one comment a line")
    return f"#{comment.text}"


def encode_template(template: str) -> str:
    r"""A TEMPLATE in which every rune that a Modelfile would drop is written as a Go string.

    U+3000 in a text becomes `{{ "\u3000" }}`, and inside a quoted Go string `\u3000`. `\"\"\"` at a
    line end is written so too. The result renders the same. Raises ModelfileError (MK106) where the
    rune stands in a place that has no such spelling (a raw string, a comment, between words).
    """
    if first_refused(template) is None and not _TRIPLE_AT_LINE_END.search(template):
        return template
    from .template_text import encode

    return encode(template)
