"""What Ollama reads out of a TEMPLATE without running it, made visible in code that never runs.

The server splits replies at thinking tags and finds tool calls by a tag; it infers both from the
TEMPLATE's tree (Ollama 0.33, thinking/template.go, tools/template.go), and from 0.30 on prefers the
GGUF's Jinja where that seems able to do more. Where the compiled statements would mislead it, a
branch that is never taken says it plainly.
"""

from __future__ import annotations

from ..errors import KitError
from ..jinja_reference import Reference
from ..ollama.prompt import PromptTemplate
from . import go, stops
from .go import Nodes

NEVER = go.FALSE
_ROUND_TRIP = ('eq .Role "tool"', "tool_response", "TOOL_RESULTS")


def with_hints(nodes: Nodes, text: str, reference: Reference) -> Nodes:
    """The statements with what inference needs; `text` is how they print without."""
    try:
        seen = PromptTemplate(text)
    except KitError:
        return nodes
    before: list[go.Node] = []
    after: list[go.Node] = []
    tags = stops.thinking_tags(reference)
    if tags is None and "$.Think" in text.replace(" .Think", " $.Think"):
        # the switch needs the capability, and the capability needs tags: the field's usual ones
        tags = "<think>", "</think>"
    if tags and (seen.thinking_tags.opening, seen.thinking_tags.closing) != tags:
        after.append(_thinking(*tags))
    if "tools" not in seen.capabilities and ".ToolCalls" in text:
        # calls are rendered, their definitions are not: the server still has to accept both
        before.append(_never(go.Print(go.Root("Tools"))))
    if "tools" in seen.capabilities or ".ToolCalls" in text:
        before.extend(_calls(seen, text, reference))
    if not (before or after) and not _loops_over_messages(nodes):
        after.append(_never(go.Range(-1, go.Root("Messages"), (go.Print(go.Field(go.Item(-1), "Role")),))))
    return (*before, *nodes, *after)


def _never(*inside: go.Node) -> go.If:
    return go.If(NEVER, inside)


def _thinking(opening: str, closing: str) -> go.If:
    """The last `.Thinking` in a range over `.Messages` decides: the texts around it are the tags."""
    thought = go.Print(go.Field(go.Item(-2), "Thinking"))
    return _never(go.Range(-2, go.Root("Messages"), (go.Text(opening), thought, go.Text(closing))))


def _calls(seen: PromptTemplate, text: str, reference: Reference) -> list[go.Node]:
    """The first `if .ToolCalls` decides: its first text, up to a brace, is the tag."""
    inside: list[go.Node] = []
    tag = stops.tool_tag(reference)
    item = go.Item(-3)
    if tag is not None and seen.tool_tag.tag != tag:
        shown = go.Text(tag) if tag != "{" else go.Print(go.Field(item, "Role"))
        inside.append(go.If(go.Atom(go.Field(item, "ToolCalls")), (shown,)))
    if ".ToolCalls" in text and tag is not None and not any(mark in text for mark in _ROUND_TRIP):
        role = go.equal(go.Field(item, "Role"), go.Lit("tool"))
        inside.append(go.If(role, (go.Print(go.Field(item, "Content")),)))
    return [_never(go.Range(-3, go.Root("Messages"), tuple(inside)))] if inside else []


def _loops_over_messages(nodes: Nodes) -> bool:
    return any(isinstance(n, go.Range) and n.over == go.Root("Messages") for n in go.all_nodes(nodes))
