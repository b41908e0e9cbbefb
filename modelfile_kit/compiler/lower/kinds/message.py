"""A message of the request as Hugging Face's dictionary."""

from __future__ import annotations

from ...ir import nodes as go
from ...ir.nodes import Test
from ...values.choice import choose
from ...values.known import Const, Undef
from ...values.request import ContentParts, Data, RuntimeValue
from ...values.text import go_text
from ...values.value import Value
from ..control_flow import Unsupported
from ..semantics import contains, item
from ..state import State
from ..structs import present_if, struct_item
from .go_data import is_present


@item.of(Data.MESSAGE)
def item_of_message(st: State, v: RuntimeValue, key: Value) -> Value:
    return struct_item(st, v, key, _member)


@contains.of(Data.MESSAGE)
def message_contains(st: State, v: RuntimeValue, needle: Value) -> Test:
    if not isinstance(needle, Const):
        raise Unsupported(f"`in` {v.description}", st.line)
    return is_present(st, item(st, v, needle)) if needle.value in MESSAGE_KEYS else go.FALSE


def _member(st: State, m: go.Expr, name: str) -> Value:
    """A key of a message."""
    if name == "role":
        return go_text(go.Field(m, "Role"), True)
    if name == "content":
        return _content(st, m)
    if name in NEEDS and not st.target.has(NEEDS[name]):
        return Undef(name)  # this Ollama's messages do not have it
    if name in ("reasoning_content", "thinking"):
        return present_if(go.Field(m, "Thinking"), go_text(go.Field(m, "Thinking"), True), name)
    if name == "tool_calls":
        return present_if(go.Field(m, "ToolCalls"), RuntimeValue(Data.CALLS, go.Field(m, "ToolCalls")), name)
    if name == "name":
        return present_if(go.Field(m, "ToolName"), go_text(go.Field(m, "ToolName"), True), name)
    if name == "tool_call_id":
        return present_if(go.Field(m, "ToolCallID"), go_text(go.Field(m, "ToolCallID"), True), name)
    return Undef(name)


# Since when Ollama's messages have what these keys come from.
NEEDS = {
    "reasoning_content": "thinking",
    "thinking": "thinking",
    "name": "tool_messages",
    "tool_call_id": "tool_call_id",
}


MESSAGE_KEYS = ("role", "content", "reasoning_content", "thinking", "tool_calls", "name", "tool_call_id")


def _content(st: State, m: go.Expr) -> Value:
    """A text; with images a list of parts."""
    plain = go_text(go.Field(m, "Content"))
    if not st.images:
        return plain
    return choose(go.Atom(go.Field(m, "Images")), ContentParts(m), plain)
