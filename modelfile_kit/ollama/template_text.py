"""A TEMPLATE's text in a form that a Modelfile can carry: refused runes as Go string literals."""

from __future__ import annotations

import datetime
import re

from ..core.errors import ModelfileError
from ..gotemplate import parse
from ..gotemplate.big_stack import with_deep_stack
from ..gotemplate.parse.lexer import Item, Lexer
from ..gotemplate.values.strconv import quote, unquote
from .functions import template_functions
from .grammar import TRIPLE_AT_LINE_END
from .inference import thinking_tags, tool_tag
from .printable import first_refused
from .versions import Target

# Three quotes at the end of a line would close a value; it is the third that is written otherwise.
_THIRD_QUOTE = re.compile(r'""(")(?=[ \t]*[\r\n])')


def encode_template(template: str) -> str:
    r"""A TEMPLATE in which every rune that a Modelfile would drop is written as a Go string.

    U+3000 in a text becomes `{{ "\u3000" }}`, and inside a quoted Go string `\u3000`. `\"\"\"` at a
    line end is written so too. The result renders the same. Raises ModelfileError (MK118) where the
    rune stands in a place that has no such spelling (a raw string, a comment, between words), and
    GoTemplateError where the TEMPLATE does not parse.
    """
    if first_refused(template) is None and not TRIPLE_AT_LINE_END.search(template):
        return template
    hidden = {found.start(1) for found in _THIRD_QUOTE.finditer(template)}
    out: list[str] = []
    copied = 0
    lexer = Lexer(template, comments=True)
    while (token := lexer.next_item()).type not in (Item.EOF, Item.ERROR):
        start, end = token.pos, token.pos + len(token.value)
        written = _token(token.type, template, start, end, hidden)
        if written is not None:
            out += [template[copied:start], written]
            copied = end
    result = "".join(out) + template[copied:]
    _check(template, result)
    return result


def _token(kind: Item, template: str, start: int, end: int, hidden: set[int]) -> str | None:
    """What is written for a token that holds something to hide, None for the others."""
    value = template[start:end]
    if first_refused(value) is None and not any(start <= at < end for at in hidden):
        return None
    if kind is Item.TEXT:
        return "".join(_text_parts(template, start, end, hidden))
    if kind in (Item.RAW_STRING, Item.STRING):
        return quote(unquote(value))
    if kind is Item.CHAR_CONSTANT:
        return quote(value[1:-1], mark="'")  # one refused rune as it is: an escape would have none
    if kind is Item.COMMENT:
        kept = "".join("'" if at in hidden else template[at] for at in range(start, end))
        return "".join(c for c in kept if first_refused(c) is None)
    return None


def _text_parts(template: str, start: int, end: int, hidden: set[int]) -> list[str]:
    parts: list[str] = []
    run = ""
    for at in range(start, end):
        char = template[at]
        if at in hidden or first_refused(char) is not None:
            run += char
            continue
        if run:
            parts.append(_action(run))
            run = ""
        parts.append(char)
    return [*parts, _action(run)] if run else parts


def _action(text: str) -> str:
    return f"{{{{ {quote(text)} }}}}"


def _check(template: str, encoded: str) -> None:
    """The new spelling can be carried, and Ollama reads the same tags out of it."""
    found = first_refused(encoded)
    if found or TRIPLE_AT_LINE_END.search(encoded):
        what = f"U+{ord(found[1]):04X}" if found else '""" at the end of a line'
        raise ModelfileError(
            f"TEMPLATE: {what} is in a place where no Go string can be written",
            code="MK118",
            help="remove it from the action it stands in",
        )
    if _tags(template) != _tags(encoded):
        raise ModelfileError(
            "TEMPLATE: a rune that Ollama's parser drops is part of the thinking or tool-call tags, "
            "and Ollama would not find the tags in any other spelling",
            code="MK118",
            help="use tags of printable characters, or give the TEMPLATE to the server's create API",
        )


def _tags(template: str) -> tuple[str, str, str]:
    root = parse(template, functions=template_functions(Target(), datetime.date.today)).root
    thinking = with_deep_stack(lambda: thinking_tags(root))
    return thinking.opening, thinking.closing, with_deep_stack(lambda: tool_tag(root)).tag
