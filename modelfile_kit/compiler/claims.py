"""What a compiled template can claim: which kinds of conversations it has, and which a finding concerns."""

from __future__ import annotations

from jinja2 import nodes

from ..core.conversation import CATEGORIES
from ..core.errors import KitError
from ..huggingface import Reference
from . import frontend
from .ir import nodes as go
from .lower.facts import Facts
from .lower.state import State


def claim(st: State, tree: nodes.Template, pictures: bool) -> dict[str, str]:
    """What is exact as far as the compiler knows; findings count for the kinds they can concern."""
    names, words = frontend.names_in(tree), frontend.texts_in(tree)
    coverage = dict.fromkeys(CATEGORIES, "exact")
    if "tools" not in names and "tool_calls" not in words:
        coverage["tools"] = "absent"
    if not ({"enable_thinking", "thinking"} & names or {"reasoning_content", "thinking"} & words):
        coverage["thinking"] = "absent"
    if not pictures:
        coverage["images"] = "absent"
    for _, facts in st.diagnostics:
        for kind in concerned(facts):
            if coverage[kind] == "exact":
                coverage[kind] = "partial"
    return coverage


def concerned(facts: Facts) -> tuple[str, ...]:
    """The kinds of conversations that can come to a place where these facts hold."""
    held = [e for t, answer in facts.known.items() if answer and isinstance(t, go.Atom) for e in [t.expr]]
    names = {x.name for e in held if isinstance(e, (go.Field, go.Root)) for x in [e]}
    if "Images" in names:
        return ("images",)
    if {"Tools", "ToolCalls", "ToolName", "ToolCallID"} & names or "tool" in facts.equal.values():
        return ("tools",)
    if {"Thinking", "Think"} & names:
        return ("thinking",)
    return CATEGORIES


def looks_at_pictures(reference: Reference) -> bool:
    """Whether a picture changes what the reference renders, other than as a printed list."""

    def render(images: int) -> str | None:
        message = {"role": "user", "content": "words", **({"images": 1} if images else {})}
        try:
            return reference.render([message])
        except KitError:
            return None

    plain, picture = render(0), render(1)
    printed = picture is not None and ("{'type'" in picture or '{"type"' in picture)
    return picture is not None and picture != plain and not printed
