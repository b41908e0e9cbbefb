"""A package's system text in the first user turn: the chat template with the text in it, and its proof.

`system_in: user` asks for it where the chat template refuses system messages. The text is put into the chat
template's own source, where a loop over the messages writes the first one's content, so that whatever the
template does with content it does with both. Whether that is right is proven against the chat template as it
is, given messages that hold the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..core.conversation import Conversation, Message, image_count
from ..core.diagnostics import Span
from ..core.errors import PackageError, PromptError, TemplateReferenceError
from ..core.step_account import steps_for_messages
from ..gotemplate import LimitError
from ..huggingface import TemplateLimitError
from ..prover.comparison import Clock, Comparison
from ..prover.coverage import WatchedReference
from ..prover.findings import CutShort
from ..prover.prove import prove_prompts
from .additions import CANNOT_PLACE
from .sources import ModelTemplate
from .system_message import with_text_in_first_turn

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}", re.DOTALL)
_STRING = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\x22""", re.DOTALL)
_FOR = re.compile(r"\{%[-+]?\s*for\s+(\w+)\s+in\b")
_NAMED = re.compile(r"\{%[-+]?\s*(\w+)")
_VARIABLE = "system_text_of_package"


def place_in_first_turn(
    reference: ModelTemplate, text: str, probes: Sequence[Conversation], kinds: Sequence[str], span: Span
) -> ModelTemplate:
    """The chat template with a text and a newline before the content of the first message.

    probes: conversations that are compared too; kinds: those of chat, tools and thinking that are proven.
    span: of the package's key. Raises PackageError (MK304) where the text has no place that is right,
    TemplateLimitError where a limit ends a rendering.
    """
    placed = replace(reference, text=with_text(reference.text, f"{text}\n"))
    if placed.text == reference.text:
        raise _impossible("no loop over the messages writes their content", span)
    try:
        placed.render([{"role": "user", "content": "Hello"}])
    except TemplateLimitError:
        raise
    except TemplateReferenceError as error:
        raise _impossible(error.message, span) from error
    with steps_for_messages(4 * sum(len(probe.messages) for probe in probes)):
        for probe in probes:
            if not _same(placed, reference, text, probe):
                raise _impossible(f"it would stand elsewhere in the conversation {probe.id!r}", span)
    wrong = _counterexample(placed, reference, text, kinds)
    if wrong:
        raise _impossible(wrong, span)
    return placed


def with_text(source: str, text: str) -> str:
    """A chat template whose loops write a text before the content of the first message they come to.

    source: Jinja. A template that writes no content in a loop comes back as it is.
    """
    out: list[str] = []
    loops: list[str] = []  # the name of each open loop's message
    used = 0
    at = 0
    literal = _literal(text)
    while (start := source.find("{", at)) >= 0:
        skipped = _COMMENT.match(source, start) or _RAW.match(source, start)
        if skipped or source[start + 1 : start + 2] not in ("{", "%"):
            end = skipped.end() if skipped else start + 1
            out.append(source[at:end])
            at = end
            continue
        out.append(source[at:start])
        end = _tag_end(source, start)
        tag, at = source[start:end], end
        if found := _FOR.match(tag):
            loops.append(found[1])
            name = f"{_VARIABLE}_{len(loops)}"
            close = tag[-3:] if tag[-3] in "-+" else tag[-2:]
            tag += f"{{% set {name} = {literal} if loop.index0 == 0 else '' {close}"
        elif (word := _NAMED.match(tag)) and word[1] == "endfor":
            loops[-1:] = []
        else:
            new = _with_variable(tag, loops)
            used += new != tag
            tag = new
        out.append(tag)
    return "".join([*out, source[at:]]) if used else source


def _tag_end(source: str, start: int) -> int:
    """Where the tag or output that begins there ends; strings in it are skipped."""
    close = "}}" if source[start + 1] == "{" else "%}"
    at = start + 2
    while at < len(source):
        if source.startswith(close, at):
            return at + 2
        string = _STRING.match(source, at) if source[at] in "'\"" else None
        at = string.end() if string else at + 1
    return len(source)


def _with_variable(tag: str, loops: Sequence[str]) -> str:
    """A tag in which the content of each open loop's message has the loop's text before it."""
    for depth, name in enumerate(loops, 1):
        if name in loops[depth:]:
            continue  # hidden by an inner loop
        own = rf"\b{re.escape(name)}(?:\.content\b(?!\s*\()|\[\s*(?:'content'|\"content\")\s*\])"
        variable = f"{_VARIABLE}_{depth}"
        pattern = re.compile(rf"(?P<own>(?<![\w.]){own})|{_STRING.pattern}", re.DOTALL)
        tag = pattern.sub(
            lambda m, v=variable: f"({v} + {m['own']} if {v} else {m['own']})" if m["own"] else m[0],  # type: ignore[misc]
            tag,
        )
    return tag


def _literal(text: str) -> str:
    """A text as a string of Jinja."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def _same(placed: ModelTemplate, plain: ModelTemplate, text: str, probe: Conversation) -> bool:
    """Whether both say the same; where either refuses, both have to."""

    def prompt(template: ModelTemplate, messages: Sequence[Message]) -> str | None:
        try:
            return template.render(messages, tools=probe.tools, think=probe.think)
        except TemplateLimitError:
            raise
        except TemplateReferenceError:
            return None

    return prompt(placed, probe.messages) == prompt(plain, with_text_in_first_turn(probe.messages, text))


class _Plain:
    """The chat template as it is, given the text in the first turn, behind the prover's interface."""

    steps = 0

    def __init__(self, template: ModelTemplate, text: str) -> None:
        self.template = template
        self.text = text

    def render(self, messages: Sequence[Message], *, tools: Any = None, think: Any = None) -> str:
        moved = with_text_in_first_turn(messages, self.text)
        try:
            return self.template.render(moved, tools=tools, think=think)
        except TemplateLimitError as limit:
            raise LimitError(limit.message) from limit
        except TemplateReferenceError as error:
            raise PromptError(error.message, status=500) from error


def _counterexample(placed: ModelTemplate, plain: ModelTemplate, text: str, kinds: Sequence[str]) -> str:
    """The first difference among the conversations that follow from the template's branches, "" if none.

    Raises TemplateLimitError where a limit ends the proof.
    """
    tokens = {"bos_token": placed.bos_token, "eos_token": placed.eos_token}
    clock = Clock()
    clock.now = datetime.now()
    comparison = Comparison(
        WatchedReference(placed.text, **tokens), _Plain(plain, text), placed.bos_token or "", clock
    )
    claimed = {k: "exact" if k in kinds else "absent" for k in ("chat", "tools", "thinking", "images")}
    proof = prove_prompts(comparison, eos_token=placed.eos_token, claimed=claimed)
    for example in proof.counterexamples:
        if not any(image_count(m) for m in example.conversation.messages):
            return (
                f"it would stand elsewhere, or not at all, in a conversation of the kind {example.category}"
            )
    for finding in proof.findings:
        if isinstance(finding, CutShort):
            raise TemplateLimitError(
                f"`system_in: user`: that the text is in the right place is not proven: {finding.limit}",
                help="look for a loop in a loop in the chat template; or remove `system`, or send its text "
                "in the user's message",
            )
    return ""


def _impossible(why: str, span: Span) -> PackageError:
    return PackageError(
        f"`system_in: user`: this chat template has no place for the text in the first user turn: {why}",
        help="with `mode: native` llama-server writes it there; or remove `system`, or send its text in the "
        "user's message",
        span=span,
        code=CANNOT_PLACE,
    )
