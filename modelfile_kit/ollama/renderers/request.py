"""A request's messages and tools as renderers see them (api/types.go), decoded as the server decodes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...gotemplate.values.representation import Map, Slice, Struct, elements, plain
from ..api_types import ordered_items, types_for
from ..api_values import NULL_ARGUMENTS, ChatMessage, tools_value
from ..versions import Target
from .protocol import Call, Message, Parameters, Property, Tool


def read_messages(messages: Sequence[ChatMessage]) -> list[Message]:
    """Decoded messages as renderers see them."""
    return [
        Message(
            m.role,
            m.content,
            m.texts.get("thinking", ""),
            m.image_count,
            tuple(_call(c) for c in m.tool_calls or ()),
            m.tool_name,
            m.tool_call_id,
        )
        for m in messages
    ]


def _call(call: Mapping[str, Any]) -> Call:
    called = call["Function"]
    arguments = called["Arguments"]
    return Call(call["ID"], called["Name"], arguments or {}, called[NULL_ARGUMENTS])


def read_tools(tools: Sequence[Mapping[str, Any]] | None, target: Target) -> list[Tool]:
    """The tools of a request; raises PromptError (400) where the server's decoder refuses them."""
    value = tools_value(types_for(target), tools)
    return [_tool(tool.fields) for tool in value.items or ()]


def _tool(fields: Mapping[str, Any]) -> Tool:
    function = fields["Function"].fields
    return Tool(
        fields["Type"],
        fields["Items"],
        function["Name"],
        function["Description"],
        _parameters(function["Parameters"].fields),
    )


def _parameters(fields: Mapping[str, Any]) -> Parameters:
    return Parameters(
        fields["Type"],
        fields["Defs"],
        fields["Items"],
        _texts(fields["Required"]),
        _properties(fields["Properties"]),
    )


def _properties(value: Any) -> dict[str, Property] | None:
    if value is None:
        return None
    items = value.items if isinstance(value, Map) else ordered_items(value)
    return None if items is None else {name: _property(p) for name, p in items.items()}


def _property(struct: Struct) -> Property:
    fields = struct.fields
    return Property(
        tuple(_property(p) for p in _items(fields.get("AnyOf"))),
        _texts(fields.get("Type")),
        fields.get("Items"),
        fields.get("Description") or "",
        tuple(_items(fields.get("Enum"))),
        _properties(fields.get("Properties")),
        _texts(fields.get("Required")),
    )


def _items(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return [plain(e) for e in elements(value)] if isinstance(value, Slice) else value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(plain(e)) for e in _items(value))
