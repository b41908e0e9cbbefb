"""Texts marked safe: what is put together with one is escaped, as markupsafe does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import types
from ..values.types import Const, Markup, Value
from . import idioms
from .control_flow import Raised

if TYPE_CHECKING:
    from .evaluate import Evaluator

_ESCAPES = (("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ('"', "&#34;"))


def escaped(ev: Evaluator, v: Value) -> Value:
    """`escape(v)` of a text or a choice between texts."""
    return ev.lift(v, lambda x: _escaped(ev, x))


def _escaped(ev: Evaluator, v: Value) -> Value:
    if isinstance(v, Const):
        text = str(v.value)
        for plain, entity in _ESCAPES:
            text = text.replace(plain, entity)
        return Const(text)
    e = ev.to_go(v)
    for plain, entity in _ESCAPES:
        e = idioms.replace(ev, e, plain, entity)
    return types.string(e)


def joined(ev: Evaluator, a: Value, b: Value) -> Value:
    """`a + b` where one of them is marked safe: the other is escaped."""
    texts = []
    for v in (a, b):
        if not isinstance(v, Markup) and not types.is_text(v):
            raise Raised("can only concatenate str")
        texts.append(v.text if isinstance(v, Markup) else escaped(ev, v))
    return Markup(ev.concat(texts[0], texts[1]))
