"""Upper and lower case."""

from __future__ import annotations

from jinja2.filters import do_title

from ..ir import nodes as go
from ..ir import operations as ops
from ..values.known import Const
from ..values.text import Str, go_text, text_of
from ..values.value import Value
from .lazy import unworked
from .state import State


def in_case(st: State, v: Value, upper: bool) -> Value:
    """`text.upper()` or `text.lower()`."""
    if isinstance(v, Const):
        return Const(str(v.value).upper() if upper else str(v.value).lower())
    assert isinstance(v, Str)
    if not upper and len(v.parts) == 1 and isinstance(v.parts[0], go.Field) and v.parts[0].name == "Role":
        return v  # Ollama, api/go: a role is in lower case by the time a template sees it
    if len(v.parts) != 1 or not isinstance(v.parts[0], go.Field) or v.parts[0].name != "Role":
        note_ascii(st, "upper" if upper else "lower")
    st.require("range_int", "changing the case of a text")
    return go_text(ops.ChangeCase(unworked(st, v), "upper" if upper else "lower"), v.nonempty)


def titled(st: State, v: Value, words: bool = False) -> Value:
    """`text.title()`; with `words` Jinja's filter, which knows words by what stands before them."""
    if isinstance(v, Const):
        return Const(do_title(str(v.value)) if words else str(v.value).title())
    assert isinstance(v, Str)
    if len(v.parts) != 1 or not isinstance(v.parts[0], go.Field) or v.parts[0].name != "Role":
        note_ascii(st, "title")
    st.require("range_int", "changing the case of a text")
    return go_text(ops.ChangeCase(unworked(st, v), "titlewords" if words else "title"), v.nonempty)


def capitalized(st: State, v: Value) -> Value:
    """`text.capitalize()`: the first character in upper case, the others in lower."""
    if isinstance(v, Const):
        return Const(str(v.value).capitalize())
    assert isinstance(v, Str)
    st.require("range_int", "changing the case of a text")
    e = st.to_go(v)
    if not isinstance(e, (go.Var, go.Field)):
        e = st.declare("text", e)
    first = go_text(go.call("printf", go.Lit("%.1s"), e))
    rest: Value = go_text(go.call("slice", e, go.call("len", first.parts[0])))  # type: ignore[arg-type]
    if isinstance(e, go.Field) and e.name == "Role":
        upper: Value = go_text(ops.ChangeCase(first.parts[0], "upper"))  # type: ignore[arg-type]
    else:
        note_ascii(st, "capitalize")
        upper = go_text(ops.ChangeCase(first.parts[0], "upper"))  # type: ignore[arg-type]
        rest = go_text(ops.ChangeCase(st.to_go(rest), "lower"))
    return text_of(*st.parts(upper), *st.parts(rest), nonempty=v.nonempty)


def note_ascii(st: State, name: str) -> None:
    """What is lost."""
    st.note(
        "MK620",
        f"`{name}` of an unknown text maps ASCII letters only",
        "other letters keep their case, since Go templates have no case mapping",
    )
