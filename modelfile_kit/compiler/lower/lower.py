"""Lowering: executes a chat template on every path that a request can take; its output are statements."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from jinja2 import nodes

from ...core.diagnostics import Diagnostic, Severity, Span
from ...ollama.versions import Target
from .. import frontend
from ..explain.observer import Observer
from ..values.value import Value
from .control_flow import Again, Dead, TooBig, TooMuchHeld
from .recursion import define_all, recursive_macros
from .state import State
from .visitor import RULES

TOO_BIG_HELP = "use native mode, or a TEMPLATE written by hand"


def lower(
    tree: nodes.Template,
    bos_token: str | None,
    eos_token: str | None,
    images: bool,
    target: Target,
    observer: Observer | None = None,
    *,
    medium: bool = True,
) -> State:
    """The state after the execution: its output, the templates it defined and its findings.

    tree: the chat template. bos_token, eos_token: their texts; None leaves the name undefined. images:
    whether the chat template shows images. target: the oldest Ollama. observer: hears of every step.
    medium: whether "medium" is a level that the chat template takes, see `frontend.globals_of`.
    A recursive macro becomes a defined template. If its text is needed as a value, it is expanded to a bound
    where a name is set to it, and if that is not enough, wherever it is called.
    """
    names = frontend.globals_of(bos_token, eos_token, target, medium=medium)
    held, expanded = frozenset[str](), frozenset[str]()
    while True:
        try:
            return _execute(tree, names, images, target, observer, held, expanded)
        except Again as e:
            if str(e) in held:
                expanded |= {str(e)}
            held |= {str(e)}
        except TooMuchHeld:
            expanded |= held


def _execute(
    tree: nodes.Template,
    names: Mapping[str, Value],
    images: bool,
    target: Target,
    observer: Observer | None,
    held: frozenset[str],
    expanded: frozenset[str],
) -> State:
    st = State(RULES)
    st.images, st.target, st.observer = images, target, observer or st.observer
    for name, value in names.items():
        st.state[(0, name)] = value
    st.parents[0] = None
    st.scope = st.fresh()
    st.parents[st.scope] = 0
    st.recursive, st.held = recursive_macros(tree) - expanded, held - expanded
    st.macro_names = frozenset(frontend.names_in_macros(tree))
    st.live[st.scope] = st.macro_names
    try:
        with contextlib.suppress(Dead):
            st.execute_all(tree.body)
        define_all(st)
    except TooBig as e:
        told = f"too big to be compiled: {e}"
        st.too_big = Diagnostic("MK611", Severity.ERROR, told, Span(line=st.line), TOO_BIG_HELP)
    return st
