"""Fill-in-the-middle: a TEMPLATE that also answers /api/generate with a `suffix`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.conversation import Conversation
from ..core.errors import GoTemplateError, KitError, PromptError, StoppedError
from ..gguf_file.fill_in_the_middle import FillIn, fill_in_tokens
from ..gotemplate.parse.nodes import TextNode
from ..gotemplate.values.strconv import quote
from ..ollama.prompt import PromptTemplate
from .sources import PackageFiles


@dataclass(frozen=True)
class Insert:
    """Whether the package fills gaps. tokens: what marks them, None where it does not; why: in words."""

    tokens: FillIn | None
    why: str


def with_insert(
    template: str | None, files: PackageFiles, probes: Sequence[Conversation], target: str
) -> tuple[str | None, Insert]:
    """A compiled TEMPLATE that fills gaps too, where the vocabulary has the tokens.

    probes: conversations whose prompts must stay. The order is llama-server's: text, what follows the gap,
    answer. Without the three tokens, or where the TEMPLATE cannot take it, it stays as it is.
    """
    tokens = fill_in_tokens(files.header, files.vocabulary) if files.vocabulary is not None else None
    if tokens is None:
        return template, Insert(None, "none: the vocabulary has no fill-in-the-middle tokens")
    if template is None:
        return template, Insert(None, "none: only a TEMPLATE can write .Suffix, and there is none")
    try:
        whole = _whole(template, tokens, target)
        kept = _keeps(template, whole, tokens, probes, target)
    except StoppedError as limit:
        return template, Insert(
            None, f"none: whether this TEMPLATE keeps its prompts is not known: {limit.message}"
        )
    except (GoTemplateError, PromptError):
        kept = False
    if not kept:
        return template, Insert(None, "none: this TEMPLATE cannot have .Suffix and keep its prompts")
    return whole, Insert(tokens, f"{tokens.prefix} … {tokens.suffix} … {tokens.middle}")


def _whole(template: str, tokens: FillIn, target: str) -> str:
    """Behind the templates that it defines, which cannot stand inside an `if`."""
    first = PromptTemplate(template, target=target).template.root.nodes[0]
    position: int = getattr(first, "pos", 0)
    start = position if isinstance(first, TextNode) else max(template.rfind("{{", 0, position), 0)
    head, body = template[:start], template[start:]
    trim = "{{-" if head else "{{"
    pieces = (f"{{{{ {quote(text)} }}}}" if "{{" in text else text for text in tokens)
    prefix, suffix, middle = pieces
    gap = f"{trim} if .Suffix }}}}{prefix}{{{{ .Prompt }}}}{suffix}{{{{ .Suffix }}}}{middle}{{{{ else }}}}"
    return f"{head}{gap}{body}{{{{ end }}}}"


def _keeps(template: str, whole: str, tokens: FillIn, probes: Sequence[Conversation], target: str) -> bool:
    """Whether nothing else changed: prompts, tags and capabilities; and whether a gap is written."""
    before, after = PromptTemplate(template, target=target), PromptTemplate(whole, target=target)
    if (before.thinking_tags, before.tool_tag) != (after.thinking_tags, after.tool_tag):
        return False
    if {*before.capabilities, "insert"} != {*after.capabilities}:
        return False
    for probe in probes:
        if _prompt(before, probe) != _prompt(after, probe):
            return False
    gap = f"{tokens.prefix}one{tokens.suffix}two{tokens.middle}"
    return after.render_generate("one", suffix="two") == gap


def _prompt(template: PromptTemplate, probe: Conversation) -> str:
    try:
        return template.render(probe.messages, tools=probe.tools, think=probe.think)
    except StoppedError:
        raise  # both may be stopped alike and still differ
    except KitError as error:
        return f"refused: {error.message}"
