"""How gemma4 declares tools: schemas in its own notation, keys in the order of the alphabet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .go_text import number_text, upper, value_text
from .protocol import Property, Tool

MARK = '<|"|>'
_OWN_KEYS = ("description", "type", "properties", "required", "nullable")


def quoted(text: str) -> str:
    """A text between the family's quotes."""
    return f"{MARK}{text}{MARK}"


def _list(texts: Sequence[str]) -> str:
    return f"[{','.join(map(quoted, texts))}]"


def declaration(tool: Tool, *, null: str = "null") -> str:
    """The declaration of a tool; null: how a null of the schema is written."""
    parameters = tool.parameters
    out = [f"description:{quoted(tool.description)}"]
    if parameters.properties is not None or parameters.type:
        inner = []
        if parameters.properties:
            inner.append(f"properties:{{{_properties(_schemas(parameters.properties), null)}}}")
        if parameters.required:
            inner.append(f"required:{_list(parameters.required)}")
        if parameters.type:
            inner.append(f"type:{quoted(upper(parameters.type))}")
        out.append(f"parameters:{{{','.join(inner)}}}")
    return f"<|tool>declaration:{tool.name}{{{','.join(out)}}}<tool|>"


def _schemas(properties: Mapping[str, Property]) -> dict[str, Any]:
    """Properties as plain JSON, with the members that the renderer looks at."""
    return {name: _schema(prop) for name, prop in properties.items()}


def _schema(prop: Property) -> dict[str, Any]:
    types = prop.type or _bare_types(prop.any_of)
    members = {
        "type": _type_text(types) if types else None,
        "description": prop.description or None,
        "enum": list(prop.enum) or None,
        "items": prop.items,
        "properties": None if prop.properties is None else _schemas(prop.properties),
        "required": list(prop.required) or None,
    }
    return {key: value for key, value in members.items() if value is not None}


def _type_text(types: Sequence[str]) -> str:
    """One type, or several as Python prints a list."""
    return types[0] if len(types) == 1 else "[" + ", ".join(f"'{upper(t)}'" for t in types) + "]"


def _bare_types(options: Sequence[Property]) -> list[str]:
    """The types of anyOf where its options say nothing else."""
    if any(o != Property(type=o.type) or not o.type for o in options):
        return []
    return list(dict.fromkeys(t for option in options for t in option.type))


def _names(value: Any) -> list[str]:
    """The types that a schema names, in capitals."""
    if isinstance(value, str):
        return [upper(value)]
    return [upper(v) for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _types(names: Sequence[str]) -> str:
    return f"type:{quoted(names[0]) if len(names) == 1 else _list(names)}" if names else ""


def _properties(properties: Mapping[str, Any], null: str) -> str:
    written = (
        f"{name}:{{{','.join(_members(properties[name], null))}}}"
        for name in sorted(properties)
        if name not in _OWN_KEYS and isinstance(properties[name], Mapping)
    )
    return ",".join(written)


def _members(schema: Mapping[str, Any], null: str) -> list[str]:
    """The members of a schema, each as text."""
    out = []
    names = _names(schema.get("type"))
    kind = names[0] if names else ""
    description, enum, items = schema.get("description"), schema.get("enum"), schema.get("items")
    if isinstance(description, str) and description:
        out.append(f"description:{quoted(description)}")
    if kind == "STRING" and isinstance(enum, list) and enum:
        out.append(f"enum:{_list([value_text(v) for v in enum])}")
    if kind == "ARRAY" and isinstance(items, Mapping) and items:
        out.append(f"items:{{{_items(items, null)}}}")
    if schema.get("nullable") is True:
        out.append("nullable:true")
    if kind == "OBJECT":
        inner = schema.get("properties")
        out.append(f"properties:{{{_properties(inner if isinstance(inner, Mapping) else schema, null)}}}")
        if required := _texts(schema.get("required")):
            out.append(f"required:{_list(required)}")
    return [*out, _types(names)] if names else out


def _items(items: Mapping[str, Any], null: str) -> str:
    """The items of an array."""
    out = []
    for key in sorted(items):
        value = items[key]
        if value is None:
            continue
        if key == "properties":
            out.append(f"properties:{{{_properties(value, null) if isinstance(value, Mapping) else ''}}}")
        elif key == "required":
            out.append(f"required:{_list(_texts(value))}")
        elif key == "type":
            out.append(_types(_names(value)))
        else:
            out.append(f"{key}:{_value(value, null)}")
    return ",".join(out)


def _value(value: Any, null: str) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return null
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{quoted(k)}:{_value(value[k], null)}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_value(v, null) for v in value) + "]"
    return value_text(value)
