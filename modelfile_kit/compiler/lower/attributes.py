"""`x.name` and `x[key]`: Ollama's messages, calls and tools as Hugging Face's dictionaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..values import types
from ..values.types import Const, DictV, Func, ListV, Obj, Undef, Value
from . import tools
from .control_flow import Raised, Unsupported

if TYPE_CHECKING:
    from .evaluate import Evaluator

# Attributes that Python's own types have; they hide keys of the same name in `x.name`.
DICT_METHODS = frozenset(n for n in dir(dict) if not n.startswith("_"))
STR_METHODS = frozenset(n for n in dir(str) if not n.startswith("_"))
LIST_METHODS = frozenset(n for n in dir(list) if not n.startswith("_"))


def attribute(ev: Evaluator, v: Value, name: str) -> Value:
    """`v.name`: a method of Python's type first, then the key."""
    if isinstance(v, types.Namespace):
        return ev.lookup(v.owner, name)
    if isinstance(v, types.Loop):
        from .loop_variable import loop_attribute

        return loop_attribute(ev, v, name)
    if name in methods_of(v):
        return Func(name, v)
    return item(ev, v, Const(name))


def methods_of(v: Value) -> frozenset[str]:
    """The names of the methods that a template can call on a value."""
    if types.is_text(v):
        return STR_METHODS
    if isinstance(v, DictV) or (isinstance(v, Obj) and v.kind in MAPPINGS):
        return DICT_METHODS
    if isinstance(v, (ListV, types.Split, types.Query, types.Built)) or (
        isinstance(v, Obj) and v.kind in LISTS
    ):
        return LIST_METHODS
    if isinstance(v, Obj) and v.kind == "any":
        return DICT_METHODS | STR_METHODS
    return frozenset()


def item(ev: Evaluator, v: Value, key: Value) -> Value:
    """`v[key]` for values that are no choices."""
    if isinstance(v, Undef):
        raise Raised(f"{v.name or 'value'} is undefined" if v.name else "value is undefined")
    if (
        v == types.NONE
        or types.is_bool(v)
        or types.is_int(v)
        or (isinstance(v, Const) and isinstance(v.value, float))
    ):
        return Undef(str(key.value) if isinstance(key, Const) else "")
    if isinstance(v, types.Namespace):
        return ev.lookup(v.owner, str(key.value)) if isinstance(key, Const) else Undef()
    if types.is_text(v):
        return _character(ev, v, key)
    if isinstance(v, DictV):
        return _entry(ev, v, key)
    v = tools.as_map(v)
    if types.is_int(key):
        from .slices import element

        return element(ev, v, key)
    if isinstance(key, Const) and isinstance(key.value, str):
        return _member(ev, v, key.value)
    if isinstance(v, Obj) and v.kind in ("args", "props", "any"):
        from .values import at_key

        return at_key(ev, v, key)
    raise Unsupported("an element by this key", ev.line)


def _character(ev: Evaluator, v: Value, key: Value) -> Value:
    if isinstance(key, Const) and isinstance(v, Const):
        try:
            return Const(v.value[key.value])  # type: ignore[index]
        except (TypeError, IndexError, KeyError):
            return Undef(str(key.value))
    if types.is_int(key):
        from .slices import character

        return character(ev, v, key)
    return Undef(str(key.value) if isinstance(key, Const) else "")


def _entry(ev: Evaluator, v: DictV, key: Value) -> Value:
    if isinstance(key, Const):
        for e in v.entries:
            if Const(e.key) == key:
                return ev.settle(types.choose(ev.facts.simplify(e.present), e.value, Undef(str(e.key))))
        return Undef(str(key.value))
    if types.is_int(key) and all(isinstance(e.key, int) for e in v.entries):
        raise Unsupported("an entry of a dictionary by an unknown number", ev.line)
    if types.is_text(key):
        result: Value = Undef()
        for e in reversed(v.entries):
            if not isinstance(e.key, str):
                continue
            here = go.both(e.present, go.equal(ev.to_go(key), go.Lit(e.key)))
            result = types.choose(here, e.value, result)
        return ev.settle(result)
    return Undef()


def _member(ev: Evaluator, v: Value, name: str) -> Value:
    if isinstance(v, Obj):
        rule = MEMBERS.get(v.kind)
        if rule:
            return ev.settle(rule(ev, v.expr, name))
        if v.kind in ("args", "props", "any"):
            from .values import at_key

            return at_key(ev, v, Const(name))
    return Undef(name)


def present_if(expr: go.Expr, value: Value, name: str) -> Value:
    """A key that is there when the Go field is not empty."""
    return types.choose(go.Atom(expr), value, Undef(name))


def message_member(ev: Evaluator, m: go.Expr, name: str) -> Value:
    """A key of a message."""
    if name == "role":
        return types.string(go.Field(m, "Role"), True)
    if name == "content":
        return content(ev, m)
    if name in NEEDS and not ev.target.has(NEEDS[name]):
        return Undef(name)  # this Ollama's messages do not have it
    if name in ("reasoning_content", "thinking"):
        return present_if(go.Field(m, "Thinking"), types.string(go.Field(m, "Thinking"), True), name)
    if name == "tool_calls":
        return present_if(go.Field(m, "ToolCalls"), Obj("calls", go.Field(m, "ToolCalls")), name)
    if name == "name":
        return present_if(go.Field(m, "ToolName"), types.string(go.Field(m, "ToolName"), True), name)
    if name == "tool_call_id":
        return present_if(go.Field(m, "ToolCallID"), types.string(go.Field(m, "ToolCallID"), True), name)
    return Undef(name)


# Since when Ollama's messages have what these keys come from.
NEEDS = {
    "reasoning_content": "thinking",
    "thinking": "thinking",
    "name": "tool_messages",
    "tool_call_id": "tool_call_id",
}
MESSAGE_KEYS = ("role", "content", "reasoning_content", "thinking", "tool_calls", "name", "tool_call_id")


def content(ev: Evaluator, m: go.Expr) -> Value:
    """A text; with pictures a list of parts."""
    plain = types.string(go.Field(m, "Content"))
    if not ev.pictures:
        return plain
    return types.choose(go.Atom(go.Field(m, "Images")), types.Parts(m), plain)


def call_member(ev: Evaluator, c: go.Expr, name: str) -> Value:
    """A key of a tool call."""
    if name == "function":
        return Obj("fn", go.Field(c, "Function"))
    if name == "type":
        return Const("function")
    if name == "id" and ev.target.has("tool_call_id"):
        return present_if(go.Field(c, "ID"), types.string(go.Field(c, "ID"), True), name)
    return Undef(name)


def function_member(ev: Evaluator, f: go.Expr, name: str) -> Value:
    """A key of a tool call's function."""
    if name == "name":
        return types.string(go.Field(f, "Name"), True)
    if name == "arguments":
        return Obj("args", go.Field(f, "Arguments"))
    return Undef(name)


Member = Callable[["Evaluator", go.Expr, str], Value]
MEMBERS: dict[str, Member] = {
    "msg": message_member,
    "call": call_member,
    "fn": function_member,
    "tool": tools.tool_member,
    "toolfn": tools.toolfn_member,
    "params": tools.params_member,
    "prop": tools.property_member,
}
MAPPINGS = ("msg", "call", "fn", "args", "tool", "toolfn", "params", "props", "propmap", "prop")
LISTS = ("msgs", "calls", "tools", "strs", "list", "proplist")
