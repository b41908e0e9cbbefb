"""Texts marked safe."""

from __future__ import annotations

from ...ir.nodes import Test
from ...ir.operations import JsonStyle
from ...values.text import Markup, Part
from ...values.value import Value
from ..semantics import json_parts, to_json, to_str, truth
from ..state import State


@truth.of(Markup)
def truth_of_markup(st: State, v: Markup) -> Test:
    return truth(st, v.text)


@to_str.of(Markup)
def markup_to_str(st: State, v: Markup) -> Value:
    return v.text


@to_json.of(Markup)
def markup_to_json(st: State, v: Markup, style: JsonStyle, sort: bool) -> tuple[Part, ...]:
    return json_parts(st, v.text, style, sort)
