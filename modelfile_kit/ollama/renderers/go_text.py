"""Go's texts and values as renderers write them: white space, capitals, `%v`, encoding/json.

What an ordered map holds (a call's arguments, a tool's properties) is written by that map's own code, which
always escapes HTML's characters, whatever the renderer asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from ...gotemplate.values.encoding_json import encode_string, format_number
from ...gotemplate.values.strconv import format_float
from ..api_types import ordered_key
from ..parsers.go_numbers import whole
from .protocol import Call, Parameters, Property, Tool

SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""The characters of unicode.IsSpace."""

_OUTSIDE = re.compile(r'"(?:[^"\\]|\\.)*"|[:,]', re.DOTALL)
_SIGNS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^"{}\[\]:,]+', re.DOTALL)


def trim(text: str) -> str:
    """strings.TrimSpace."""
    return text.strip(SPACE)


def upper(text: str) -> str:
    """strings.ToUpper: each character becomes one."""
    return "".join(_one(c, c.upper(), c.title()) for c in text)


def lower(text: str) -> str:
    """strings.ToLower: each character becomes one."""
    return "".join(c.lower()[0] for c in text)


def _one(char: str, *others: str) -> str:
    return next((other for other in others if len(other) == 1), char)


def value_text(value: Any) -> str:
    """What `%v` prints of a decoded JSON value."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return format_float(value, "g")
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{k}:{value_text(value[k])}" for k in sorted(value)) + "]"
    return "[" + " ".join(map(value_text, value)) + "]"


def number_text(value: float) -> str:
    """A number, without a fraction where it is a whole one of 64 bits."""
    number = whole(value)
    return str(number) if number is not None and float(number) == value else format_float(value, "g")


def string_json(text: str, *, html: bool = True) -> str:
    """A text as JSON; html: whether HTML's characters are escaped."""
    if html:
        return encode_string(text)
    return encode_basestring(text).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def value_json(value: Any, *, html: bool = True) -> str:
    """A decoded JSON value as encoding/json writes it: compact, keys sorted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return string_json(value, html=html)
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, Mapping):
        return _object(
            f"{string_json(k, html=html)}:{value_json(value[k], html=html)}" for k in sorted(value)
        )
    return "[" + ",".join(value_json(v, html=html) for v in value) + "]"


def _object(members: Any) -> str:
    return "{" + ",".join(members) + "}"


def arguments_json(call: Call) -> str:
    """The arguments of a call."""
    return "null" if call.is_null else _ordered(call.arguments, value_json)


def _ordered(items: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    return _object(f"{ordered_key(name)}:{write(value)}" for name, value in items.items())


def _members(*members: tuple[str, str | None]) -> str:
    """An object of the members that have a text."""
    return _object(f'"{key}":{text}' for key, text in members if text is not None)


def _texts(values: Sequence[str], html: bool = True) -> str | None:
    return "[" + ",".join(string_json(v, html=html) for v in values) + "]" if values else None


def types_json(types: Sequence[str]) -> str:
    """The type of a property: one text, or a list."""
    return string_json(types[0]) if len(types) == 1 else "[" + ",".join(map(string_json, types)) + "]"


def property_json(prop: Property) -> str:
    """A property, by its ordered map."""
    return _members(
        ("anyOf", "[" + ",".join(map(property_json, prop.any_of)) + "]" if prop.any_of else None),
        ("type", types_json(prop.type) if prop.type else None),
        ("items", value_json(prop.items) if prop.items is not None else None),
        ("description", string_json(prop.description) if prop.description else None),
        ("enum", value_json(prop.enum) if prop.enum else None),
        ("properties", None if prop.properties is None else _ordered(prop.properties, property_json)),
        ("required", _texts(prop.required)),
    )


def parameters_json(parameters: Parameters, *, html: bool = True) -> str:
    """The parameters of a tool."""
    properties = parameters.properties
    return _members(
        ("type", string_json(parameters.type, html=html)),
        ("$defs", value_json(parameters.defs, html=html) if parameters.defs is not None else None),
        ("items", value_json(parameters.items, html=html) if parameters.items is not None else None),
        ("required", _texts(parameters.required, html)),
        ("properties", "null" if properties is None else _ordered(properties, property_json)),
    )


def function_json(tool: Tool, *, html: bool = True) -> str:
    """The function of a tool."""
    return _members(
        ("name", string_json(tool.name, html=html)),
        ("description", string_json(tool.description, html=html) if tool.description else None),
        ("parameters", parameters_json(tool.parameters, html=html)),
    )


def tool_json(tool: Tool, *, html: bool = True) -> str:
    """A tool."""
    return _members(
        ("type", string_json(tool.type, html=html)),
        ("items", value_json(tool.items, html=html) if tool.items is not None else None),
        ("function", function_json(tool, html=html)),
    )


def spaced(text: str) -> str:
    """JSON with a space after every colon and comma outside of texts."""
    return _OUTSIDE.sub(lambda m: m[0] + " " if m[0] in ":," else m[0], text)


def indented(text: str, by: str) -> str:
    """json.Indent of compact JSON."""
    out: list[str] = []
    depth = 0
    opened = False
    for sign in _SIGNS.findall(text):
        if sign in "]}":
            depth -= 1
            if not opened:
                out.append("\n" + by * depth)
            out.append(sign)
            opened = False
            continue
        if opened:
            out.append("\n" + by * depth)
        opened = sign in "[{"
        depth += opened
        out.append(sign)
        if sign == ",":
            out.append("\n" + by * depth)
        elif sign == ":":
            out.append(" ")
    return "".join(out)
