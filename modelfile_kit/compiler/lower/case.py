"""Upper and lower case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir import nodes as go
from ..ir import operations as ops
from ..values import types
from ..values.types import Const, Str, Value
from .text import unworked

if TYPE_CHECKING:
    from .evaluate import Evaluator


def in_case(ev: Evaluator, v: Value, upper: bool) -> Value:
    """`text.upper()` or `text.lower()`."""
    if isinstance(v, Const):
        return Const(str(v.value).upper() if upper else str(v.value).lower())
    assert isinstance(v, Str)
    if not upper and len(v.parts) == 1 and isinstance(v.parts[0], go.Field) and v.parts[0].name == "Role":
        return v  # Ollama, api/types.go: a role is in lower case by the time a template sees it
    if len(v.parts) != 1 or not isinstance(v.parts[0], go.Field) or v.parts[0].name != "Role":
        note_ascii(ev, "upper" if upper else "lower")
    return types.string(ops.ChangeCase(unworked(ev, v), "upper" if upper else "lower"), v.nonempty)


def titled(ev: Evaluator, v: Value, words: bool = False) -> Value:
    """`text.title()`; with `words` Jinja's filter, which knows words by what stands before them."""
    if isinstance(v, Const):
        from jinja2.filters import do_title

        return Const(do_title(str(v.value)) if words else str(v.value).title())
    assert isinstance(v, Str)
    if len(v.parts) != 1 or not isinstance(v.parts[0], go.Field) or v.parts[0].name != "Role":
        note_ascii(ev, "title")
    return types.string(ops.ChangeCase(unworked(ev, v), "titlewords" if words else "title"), v.nonempty)


def capitalized(ev: Evaluator, v: Value) -> Value:
    """`text.capitalize()`: the first character in upper case, the others in lower."""
    if isinstance(v, Const):
        return Const(str(v.value).capitalize())
    assert isinstance(v, Str)
    e = ev.to_go(v)
    if not isinstance(e, (go.Var, go.Field)):
        e = ev.declare("text", e)
    first = types.string(go.call("printf", go.Lit("%.1s"), e))
    rest: Value = types.string(go.call("slice", e, go.call("len", first.parts[0])))  # type: ignore[arg-type]
    if isinstance(e, go.Field) and e.name == "Role":
        upper: Value = types.string(ops.ChangeCase(first.parts[0], "upper"))  # type: ignore[arg-type]
    else:
        note_ascii(ev, "capitalize")
        upper = types.string(ops.ChangeCase(first.parts[0], "upper"))  # type: ignore[arg-type]
        rest = types.string(ops.ChangeCase(ev.to_go(rest), "lower"))
    return types.text(*ev.parts(upper), *ev.parts(rest), nonempty=v.nonempty)


def note_ascii(ev: Evaluator, name: str) -> None:
    """What is lost."""
    ev.note(
        "MK620",
        f"`{name}` of an unknown text maps ASCII letters only",
        "other letters keep their case, since Go templates have no case mapping",
    )
