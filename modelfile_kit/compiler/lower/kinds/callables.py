"""Macros, functions, methods and namespaces."""

from __future__ import annotations

from ...values.callables import Builtin, LoopVariable, Macro, Namespace
from ...values.known import Const, Undef
from ...values.value import Value
from ..control_flow import Unsupported
from ..functions import call_function
from ..macros import call_macro
from ..semantics import attribute, call_method, call_value, item, to_str
from ..state import State


@attribute.of(Namespace)
def attribute_of_namespace(st: State, v: Namespace, name: str) -> Value:
    return st.lookup(v.owner, name)


@item.of(Namespace)
def item_of_namespace(st: State, v: Namespace, key: Value) -> Value:
    return st.lookup(v.owner, str(key.value)) if isinstance(key, Const) else Undef()


@to_str.of(Macro, Builtin, Namespace, LoopVariable)
def callable_to_str(st: State, v: Value) -> Value:
    raise Unsupported(f"printing {v.description}", st.line)


@call_value.of(Macro)
def call_of_macro(st: State, v: Macro, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return call_macro(st, v, args, kwargs)


@call_value.of(Builtin)
def call_of_builtin(st: State, v: Builtin, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if v.on is not None:
        return call_method(st, v.on, v.name, args, kwargs)
    return call_function(st, v.name, args, kwargs)
