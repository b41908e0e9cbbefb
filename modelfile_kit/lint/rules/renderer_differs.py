"""A RENDERER whose prompts are not those of the GGUF's chat template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ...core.conversation import Conversation
from ...core.errors import TemplateReferenceError, UsageError
from ...core.later import later
from ..context import Context
from ..rule import Finding, Rule

if TYPE_CHECKING:
    from ...ollama import renderer_prompt
    from ...prover import comparison, findings, renderer
else:
    renderer_prompt = later("modelfile_kit.ollama.renderer_prompt")
    comparison = later("modelfile_kit.prover.comparison")
    findings = later("modelfile_kit.prover.findings")
    renderer = later("modelfile_kit.prover.renderer")

_ASKED = {"role": "user", "content": "What is it?"}
_TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks for something.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}
_CALL = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look", "arguments": {}}}]}
_ANSWER = {"role": "tool", "tool_name": "look", "content": "a cat"}
_SYSTEM = {"role": "system", "content": "Be kind."}
_CONVERSATIONS = (
    Conversation("a question", (_ASKED,)),
    Conversation("a system message", (_SYSTEM, _ASKED)),
    Conversation("a second question", (_ASKED, {"role": "assistant", "content": "A cat."}, _ASKED)),
    Conversation("a tool", (_ASKED,), tools=(_TOOL,)),
    Conversation("a call and its result", (_ASKED, _CALL, _ANSWER), tools=(_TOOL,)),
)


class _Source(NamedTuple):
    text: str
    bos_token: str | None
    eos_token: str | None


def check(context: Context) -> Iterator[Finding]:
    selection, vocabulary, jinja = context.selection, context.files.vocabulary, context.files.chat_template
    if selection is None or selection.source != "renderer" or vocabulary is None or not jinja:
        return
    try:
        prompts = renderer_prompt.RendererPrompts(
            selection.renderer,
            parser=selection.parser,
            target=context.newest,
            family=context.files.architecture,
            parameters=context.files.parameter_count,
        )
        source = _Source(jinja, vocabulary.bos_text, vocabulary.eos_text)
        compared = renderer.compare_renderer(source, prompts)
    except (UsageError, TemplateReferenceError):
        return  # said by other rules
    kinds = {"tools"} - set(prompts.capabilities)
    for conversation in _CONVERSATIONS:
        if conversation.category in kinds:
            continue
        try:
            found = compared.difference(conversation)
        except comparison.RenderingLimitError:
            continue
        if found is None:
            continue
        shown = "only one of the two makes a prompt"
        if found.kind in ("text", "image"):
            side = findings.Side("renderer")
            shown = findings.show_difference(found.expected, found.found, side=side)
        yield Finding(
            f"RENDERER {selection.renderer} writes other prompts than the GGUF's chat template; for "
            f"{conversation.id} {shown}",
            context.last("renderer") or context.modelfile.froms[-1],
        )
        return


RULE = Rule(
    "MK259",
    check,
    help="without RENDERER and PARSER, a TEMPLATE or the GGUF's own Jinja makes the prompts",
    reads_files=True,
)
