"""Keys of data with fixed fields, and what is lost of their order."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from ..ir import nodes as go
from ..values.choice import choose
from ..values.known import Const, Undef
from ..values.number import is_int
from ..values.request import Data, RuntimeValue
from ..values.value import Value
from .control_flow import Unsupported
from .state import State

# What gives a key of a struct's value: the struct as an expression, and the key.
Member = Callable[[State, go.Expr, str], Value]


def struct_item(st: State, v: RuntimeValue, key: Value, member: Member) -> Value:
    """`v[key]` of data with fixed fields."""
    if is_int(key):
        return Undef()
    if isinstance(key, Const) and isinstance(key.value, str):
        return st.settle(member(st, v.expr, key.value))
    raise Unsupported(f"an unknown key of {v.description}", st.line)


def present_if(expr: go.Expr, value: Value, name: str) -> Value:
    """A key that is there when the Go field is not empty."""
    return choose(go.Atom(expr), value, Undef(name))


def note_order(st: State, data: Data) -> None:
    """A finding for what Go's maps and structs lose of this data."""
    if data in (Data.ARGUMENTS, Data.JSON):
        st.note(
            "MK630",
            "Ollama keeps a call's arguments in a map: they are printed in alphabetical order",
            "exact where the request names them in that order; numbers such as 1.0 become 1",
        )
    else:
        st.note(
            "MK631",
            "Ollama drops unknown keys of a tool's schema and sorts its properties",
            "exact if the schema has only keys that Ollama knows (type, description, enum, …), in its order",
        )


def keys_of(node: nodes.For) -> nodes.For:
    """The loop over keys as one over pairs whose values nothing looks at."""
    target = nodes.Tuple([node.target, nodes.Name("_value", "store")], "store")
    keys = nodes.For(target, node.iter, node.body, node.else_, node.test, False)
    keys.lineno = node.lineno
    return keys
