"""Adds dead branches with the text that Ollama's static analysis looks for.

The server splits replies at thinking tags and finds tool calls by a tag; it infers both from the
TEMPLATE's tree (Ollama 0.33, thinking/template.go, tools/template.go), and from 0.30 on prefers the
GGUF's Jinja where that seems able to do more. Where the compiled statements would mislead it, a
branch that is never taken says it plainly.
"""

from __future__ import annotations

from ...core.errors import KitError
from ...huggingface import Reference
from ...ollama.prompt import PromptTemplate
from ...ollama.selection import GO_RESPONSE_WORDS, jinja_evidence
from ...ollama.versions import Target
from ...replies.call_tag import best_tool_tag
from ...replies.spoken import best_thinking_tags
from ..ir import nodes as go
from ..ir.nodes import Nodes

NEVER = go.FALSE


def hints(template: str, reference: Reference, target: Target) -> tuple[Nodes, Nodes]:
    """The statements to put before and after those of a TEMPLATE, so that Ollama infers what it should.

    template: the TEMPLATE without them. reference: the chat template. target: where it may be an Ollama that
    prefers a Jinja that shows more, as much is shown.
    """
    try:
        seen, text = PromptTemplate(template), template
    except KitError:
        return (), ()  # beyond a limit of the engine: the proof says so
    jinja = jinja_evidence(reference.source if target.may_have("native_jinja") else "")
    before: list[go.Node] = []
    after: list[go.Node] = []
    tags = best_thinking_tags(reference)
    if tags is None and ("$.Think" in text.replace(" .Think", " $.Think") or "thinking" in jinja.words):
        # the switch needs the capability, and the capability needs tags: the field's usual ones
        tags = "<think>", "</think>"
    if tags and (seen.thinking_tags.opening, seen.thinking_tags.closing) != tags:
        after.append(_thinking(*tags))
    offered = "tools" in seen.capabilities
    if not offered and (".ToolCalls" in text or "tools" in jinja.words):
        # calls are rendered, their definitions are not: the server still has to accept both
        before.append(_never(go.Print(go.Root("Tools"))))
    if offered or ".ToolCalls" in text or "tools" in jinja.words:
        round_trip = ".ToolCalls" in text or "round trip" in jinja.words
        before.extend(_calls(seen, text, best_tool_tag(reference), round_trip))
    if not (before or after) and seen.is_legacy:
        # only a template that mentions `.Messages` is given them
        after.append(_never(go.Range(-1, go.Root("Messages"), (go.Print(go.Field(go.Item(-1), "Role")),))))
    return tuple(before), tuple(after)


def _never(*inside: go.Node) -> go.If:
    return go.If(NEVER, inside)


def _thinking(opening: str, closing: str) -> go.If:
    """The last `.Thinking` in a range over `.Messages` decides: the texts around it are the tags."""
    thought = go.Print(go.Field(go.Item(-2), "Thinking"))
    return _never(go.Range(-2, go.Root("Messages"), (go.Text(opening), thought, go.Text(closing))))


def _calls(seen: PromptTemplate, text: str, tag: str, round_trip: bool) -> list[go.Node]:
    """The first `if .ToolCalls` decides: its first text, up to a brace, is the tag.

    round_trip: whether Ollama should see that calls come back with their results.
    """
    inside: list[go.Node] = []
    item = go.Item(-3)
    if seen.tool_tag.tag != tag or (round_trip and ".ToolCalls" not in text):
        shown = go.Text(tag) if tag != "{" else go.Print(go.Field(item, "Role"))
        inside.append(go.If(go.Atom(go.Field(item, "ToolCalls")), (shown,)))
    if round_trip and not any(mark in text for mark in GO_RESPONSE_WORDS):
        role = go.equal(go.Field(item, "Role"), go.Lit("tool"))
        inside.append(go.If(role, (go.Print(go.Field(item, "Content")),)))
    return [_never(go.Range(-3, go.Root("Messages"), tuple(inside)))] if inside else []
