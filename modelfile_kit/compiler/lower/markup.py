"""Texts marked safe: what is put together with one is escaped, as markupsafe does."""

from __future__ import annotations

from ..values.known import Const
from ..values.text import Markup, go_text, is_text
from ..values.value import Value
from . import idioms
from .control_flow import Raised
from .state import State

_ESCAPES = (("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ('"', "&#34;"))


def escaped(st: State, v: Value) -> Value:
    """`escape(v)` of a text or a choice between texts."""
    return st.lift(v, lambda x: _escaped(st, x))


def _escaped(st: State, v: Value) -> Value:
    if isinstance(v, Const):
        text = str(v.value)
        for plain, entity in _ESCAPES:
            text = text.replace(plain, entity)
        return Const(text)
    e = st.to_go(v)
    for plain, entity in _ESCAPES:
        e = idioms.replace(st, e, plain, entity)
    return go_text(e)


def joined(st: State, a: Value, b: Value) -> Value:
    """`a + b` where one of them is marked safe: the other is escaped."""
    texts = []
    for v in (a, b):
        if not isinstance(v, Markup) and not is_text(v):
            raise Raised("can only concatenate str")
        texts.append(v.text if isinstance(v, Markup) else escaped(st, v))
    return Markup(st.concat(texts[0], texts[1]))
