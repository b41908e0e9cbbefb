"""The shape of Ollama's chat request: every member of a message, a call and a tool, in one table.

Read by what decodes a request (`api_values`), what gives a TEMPLATE its Go types (`api_types`), lint, the
compiler and the prover. What a new Ollama adds to a message or a tool is a row; how a new kind of value looks
to each reader is not. Sources: api/types.go and template/template.go of each release.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .versions import Target


class Kind(enum.Enum):
    """What a member holds."""

    TEXT = "a text"
    TEXTS = "a list of texts"
    TYPE = "a type of JSON schema: one text, or several since rich_properties"
    INTEGER = "a whole number"
    JSON = "any JSON value"
    VALUES = "a list of JSON values (of texts before rich_properties)"
    IMAGES = "images"
    CALLS = "a list of tool calls"
    CALLED = "the function of a tool call"
    ARGUMENTS = "arguments by name"
    FUNCTION = "the function of a tool"
    PARAMETERS = "the parameters of a function"
    PROPERTIES = "properties by name"
    INNER_PROPERTIES = "the properties of a property, in the order of the request"
    PROPERTY_LIST = "a list of properties"


class Shape(enum.Enum):
    """An object of the request."""

    MESSAGE = "message"
    CALL = "call"
    CALLED = "called"
    TOOL = "tool"
    FUNCTION = "function"
    PARAMETERS = "parameters"
    PROPERTY = "property"


@dataclass(frozen=True)
class Member:
    """One member of an object.

    key: in Ollama's JSON. field: of the Go struct that a TEMPLATE sees. since: the row of `versions.SINCE`,
    "" for always. names: the keys of Hugging Face's dictionary that hold it, the same key by default, none
    for what a chat template does not see. category: the kind of conversation that needs it. required:
    whether Hugging Face's dictionary has the key even where it is empty. omit: the row since which Go leaves
    an empty one out of JSON, "" for always, None for never; omit_until: the row since which no longer.
    """

    key: str
    field: str
    kind: Kind
    since: str = ""
    names: tuple[str, ...] | None = None
    category: str = "chat"
    required: bool = False
    omit: str | None = ""
    omit_until: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of Hugging Face's dictionary."""
        return (self.key,) if self.names is None else self.names

    def on(self, target: Target) -> bool:
        """Whether every server of a target has it."""
        return not self.since or target.has(self.since)

    def omitted_on(self, target: Target) -> bool:
        """Whether Go's JSON leaves an empty one out."""
        if self.omit is None or (self.omit_until and target.has(self.omit_until)):
            return False
        return not self.omit or target.has(self.omit)


# In the order of Go's fields, which is that of the JSON that Ollama prints.
SHAPES: dict[Shape, tuple[Member, ...]] = {
    Shape.MESSAGE: (
        Member("role", "Role", Kind.TEXT, required=True, omit=None),
        Member("content", "Content", Kind.TEXT, required=True, omit=None),
        Member(
            "thinking",
            "Thinking",
            Kind.TEXT,
            since="thinking",
            names=("reasoning_content", "thinking"),
            category="thinking",
        ),
        # A chat template finds images among the parts of the content.
        Member("images", "Images", Kind.IMAGES, names=(), category="images"),
        Member("tool_calls", "ToolCalls", Kind.CALLS, category="tools"),
        Member("tool_name", "ToolName", Kind.TEXT, since="tool_messages", names=("name",), category="tools"),
        Member("tool_call_id", "ToolCallID", Kind.TEXT, since="tool_call_id", category="tools"),
    ),
    Shape.CALL: (
        Member("id", "ID", Kind.TEXT, since="tool_call_id"),
        Member("function", "Function", Kind.CALLED, required=True, omit=None),
    ),
    Shape.CALLED: (
        Member("index", "Index", Kind.INTEGER, names=(), omit_until="short_tool_json"),
        Member("name", "Name", Kind.TEXT, required=True, omit=None),
        Member("arguments", "Arguments", Kind.ARGUMENTS, required=True, omit=None),
    ),
    Shape.TOOL: (
        Member("type", "Type", Kind.TEXT, required=True, omit=None),
        Member("items", "Items", Kind.JSON, since="rich_properties", names=()),
        Member("function", "Function", Kind.FUNCTION, required=True, omit=None),
    ),
    Shape.FUNCTION: (
        Member("name", "Name", Kind.TEXT, required=True, omit=None),
        Member("description", "Description", Kind.TEXT, omit="short_tool_json", omit_until="template_types"),
        Member("parameters", "Parameters", Kind.PARAMETERS, required=True, omit=None),
    ),
    Shape.PARAMETERS: (
        Member("type", "Type", Kind.TEXT, required=True, omit=None),
        Member("$defs", "Defs", Kind.JSON, since="rich_properties", names=()),
        Member("items", "Items", Kind.JSON, since="rich_properties", names=()),
        Member("required", "Required", Kind.TEXTS, omit="required_optional"),
        Member("properties", "Properties", Kind.PROPERTIES, required=True, omit=None),
    ),
    Shape.PROPERTY: (
        Member("anyOf", "AnyOf", Kind.PROPERTY_LIST, since="typescript"),
        Member("type", "Type", Kind.TYPE, omit="short_tool_json"),
        Member("items", "Items", Kind.JSON, since="rich_properties"),
        Member("description", "Description", Kind.TEXT, omit="short_tool_json"),
        Member("enum", "Enum", Kind.VALUES),
        Member("properties", "Properties", Kind.INNER_PROPERTIES, since="template_types"),
        Member("required", "Required", Kind.TEXTS, since="property_required"),
    ),
}


def members(shape: Shape) -> tuple[Member, ...]:
    """The members of an object, in Go's order."""
    return SHAPES[shape]


def member_of(shape: Shape, name: str) -> Member | None:
    """The member that a key of Hugging Face's dictionary holds; None for a key that Ollama does not keep."""
    return next((m for m in members(shape) if name in m.keys), None)


def fields_of(kind: Kind) -> frozenset[str]:
    """The Go fields that are of that kind in whatever object they are."""
    rows = [m for row in SHAPES.values() for m in row]
    return frozenset(m.field for m in rows if m.kind is kind) - {m.field for m in rows if m.kind is not kind}


def fields_in(category: str) -> frozenset[str]:
    """The Go fields of a message that belong to a kind of conversation."""
    return frozenset(m.field for m in members(Shape.MESSAGE) if m.category == category)
