"""A message of the request as Hugging Face's dictionary."""

from __future__ import annotations

from ....ollama.request_shape import Kind, Shape, member_of
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
    known = member_of(Shape.MESSAGE, str(needle.value))
    return is_present(st, item(st, v, needle)) if known else go.FALSE


def _member(st: State, m: go.Expr, name: str) -> Value:
    """A key of a message."""
    if name == "content":
        return _content(st, m)
    member = member_of(Shape.MESSAGE, name)
    if member is None or not member.on(st.target):
        return Undef(name)  # this Ollama's messages do not have it
    field = go.Field(m, member.field)
    value = RuntimeValue(Data.CALLS, field) if member.kind is Kind.CALLS else go_text(field, True)
    return value if member.required else present_if(field, value, name)


def _content(st: State, m: go.Expr) -> Value:
    """A text; with images a list of parts."""
    plain = go_text(go.Field(m, "Content"))
    if not st.images:
        return plain
    return choose(go.Atom(go.Field(m, "Images")), ContentParts(m), plain)
