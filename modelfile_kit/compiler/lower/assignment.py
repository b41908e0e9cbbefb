"""`target = value`."""

from __future__ import annotations

from jinja2 import nodes

from ..values.callables import Namespace
from ..values.known import KnownList
from ..values.value import Value
from .control_flow import Raised, Unsupported
from .state import State


def bind(st: State, target: nodes.Node, value: Value) -> None:
    """Gives names a value, tuples taken apart."""
    if isinstance(target, nodes.Name):
        st.state[(st.scope, target.name)] = value
    elif isinstance(target, nodes.NSRef):
        owner = st.lookup(st.scope, target.name)
        if not isinstance(owner, Namespace):
            raise Raised("cannot assign attribute on non-namespace object")
        st.state[(owner.owner, target.attr)] = value
    elif isinstance(target, nodes.Tuple):
        if not isinstance(value, KnownList):
            raise Unsupported(f"unpacking {value.description}", target.lineno)
        if len(value.items) != len(target.items):
            raise Raised("wrong number of values to unpack")
        for t, v in zip(target.items, value.items, strict=True):
            bind(st, t, v)
    else:
        raise Unsupported("an assignment to this target", target.lineno)
