"""What a compiled template can claim: which kinds of conversations it has, and which a finding concerns."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import nodes

from ..core.conversation import CATEGORIES
from ..core.diagnostics import Diagnostic
from ..core.errors import KitError
from ..huggingface import Reference, TemplateLimitError
from ..ollama.request_shape import fields_in
from . import frontend
from .ir import nodes as go
from .lower.facts import Facts

# The content of a message; what matters is only whether the prompt has it.
_WORDS = "words of a message"


def claims(
    tree: nodes.Template,
    template: str,
    findings: Sequence[tuple[Diagnostic, Facts]],
    images: bool,
    *,
    ignores_strings: bool,
) -> dict[str, str]:
    """What is exact as far as the compiler knows, before the proof.

    tree: the chat template. template: the TEMPLATE. findings: each with what is known at its place, which
    tells the kinds of conversations that it concerns. images: whether the chat template shows images.
    ignores_strings: whether it shows the text of a message only where its content is a list of parts.
    """
    names, texts = frontend.names_in(tree), frontend.texts_in(tree)
    coverage = dict.fromkeys(CATEGORIES, "exact")
    for _, facts in findings:
        coverage |= dict.fromkeys(concerned(facts), "partial")
    if "tools" not in names and "tool_calls" not in texts:
        coverage["tools"] = "absent"
    if ".Tools" not in template and ".ToolCalls" not in template:
        coverage["tools"] = "absent"
    if not (
        {"enable_thinking", "thinking", "reasoning_effort"} & names
        or {"reasoning_content", "thinking"} & texts
    ):
        coverage["thinking"] = "absent"
    if not images:
        coverage["images"] = "absent"
    elif ignores_strings:
        # what such a template writes for an image cannot be told from the text that comes with it
        coverage["images"] = "partial"
    return coverage


def concerned(facts: Facts) -> tuple[str, ...]:
    """The kinds of conversations that can come to a place where these facts hold."""
    held = [t.expr for t, answer in facts.known.items() if answer and isinstance(t, go.Atom)]
    names = {e.name for e in held if isinstance(e, (go.Field, go.Root))}
    if fields_in("images") & names:
        return ("images",)
    if ({"Tools"} | fields_in("tools")) & names or "tool" in facts.equal.values():
        return ("tools",)
    if ({"Think", "ThinkLevel"} | fields_in("thinking")) & names:
        return ("thinking",)
    return CATEGORIES


def shows_images(reference: Reference) -> bool:
    """Whether an image changes what the reference renders, other than as a printed list."""
    text, image = _rendered(reference), _rendered(reference, images=1)
    printed = image is not None and ("{'type'" in image or '{"type"' in image)
    return image is not None and image != text and not printed


def refuses_medium(reference: Reference) -> bool:
    """Whether the chat template refuses the level that Ollama gives a request with `think: true`."""
    return _rendered(reference) is not None and _rendered(reference, think="medium") is None


def ignores_strings(reference: Reference) -> bool:
    """Whether the text of a message only shows when its content is a list of parts."""
    prompt = _rendered(reference)
    return prompt is not None and _WORDS not in prompt


def _rendered(reference: Reference, *, think: str | None = None, **more: int) -> str | None:
    """The prompt of a short question, None where the chat template refuses it.

    Raises TemplateLimitError for a chat template that takes too much for it.
    """
    try:
        return reference.look([{"role": "user", "content": _WORDS, **more}], think=think)
    except TemplateLimitError:
        raise
    except KitError:
        return None
