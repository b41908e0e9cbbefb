"""What the fields, functions and keywords of a TEMPLATE are, for people who point at one."""

from __future__ import annotations

from collections.abc import Mapping

from ..gotemplate.values.gotypes import GoType
from ..lint.template_types import Root, pointed
from ..ollama.api_types import Types
from ..ollama.functions import YOUNG
from ..ollama.request_shape import SHAPES, Shape
from ..ollama.versions import SINCE, since

ROOT_WORDS: Mapping[str, str] = {
    "System": "The system text: SYSTEM, or the system messages of the request. Where the TEMPLATE uses "
    "`.Messages`, the system messages are among them too.",
    "Prompt": "The user's text of /api/generate, or of one turn. A TEMPLATE with `.Messages` renders whole "
    "conversations instead.",
    "Response": "Where the model's reply goes. What stands behind it is not part of the prompt of a request.",
    "Suffix": "The text behind the gap, of a request to fill in the middle (`suffix` of /api/generate).",
    "Messages": "The messages of the conversation, as `range` goes over them.",
    "Tools": "The tools that the request offers; empty where there are none.",
    "Think": "Whether the model is to think (`think` of the request).",
    "IsThinkSet": "Whether the request says `think` at all, true or false.",
    "ThinkLevel": 'How much the model is to think, where `think` is a level such as "high"; else empty.',
}
# Since when a name of the outermost dot exists: the row of `versions.SINCE`.
ROOT_SINCE: Mapping[str, str] = {"Think": "thinking", "IsThinkSet": "thinking", "ThinkLevel": "think_level"}

FIELD_WORDS: Mapping[tuple[Shape, str], str] = {
    (Shape.MESSAGE, "Role"): 'Who speaks: "system", "user", "assistant" or "tool".',
    (Shape.MESSAGE, "Content"): "The text of the message.",
    (Shape.MESSAGE, "Thinking"): "The thoughts that came before the content of an earlier reply.",
    (Shape.MESSAGE, "Images"): "The images of the message. Ollama puts their marks into the content itself.",
    (Shape.MESSAGE, "ToolCalls"): "The tools that the assistant called.",
    (Shape.MESSAGE, "ToolName"): "The tool whose answer this message is.",
    (Shape.MESSAGE, "ToolCallID"): "The id of the call whose answer this message is.",
    (Shape.CALL, "ID"): "The id of the call.",
    (Shape.CALL, "Function"): "The called function: `.Name` and `.Arguments`.",
    (Shape.CALLED, "Index"): "The number of the call within the message.",
    (Shape.CALLED, "Name"): "The name of the called function.",
    (Shape.CALLED, "Arguments"): "The arguments by name, in alphabetical order. Printed, they are JSON.",
    (Shape.TOOL, "Type"): 'The type of the tool: "function".',
    (Shape.TOOL, "Items"): "What the request has as `items` of the tool.",
    (Shape.TOOL, "Function"): "The function: `.Name`, `.Description` and `.Parameters`.",
    (Shape.FUNCTION, "Name"): "The name of the function.",
    (Shape.FUNCTION, "Description"): "What the function does.",
    (Shape.FUNCTION, "Parameters"): "The JSON Schema of the function's arguments.",
    (Shape.PARAMETERS, "Type"): 'The type of the arguments together: "object".',
    (Shape.PARAMETERS, "Defs"): "The definitions of the schema (`$defs`).",
    (Shape.PARAMETERS, "Items"): "What the schema has as `items`.",
    (Shape.PARAMETERS, "Required"): "The names of the arguments that a call must have.",
    (Shape.PARAMETERS, "Properties"): "The arguments by name, in alphabetical order.",
    (Shape.PROPERTY, "AnyOf"): "The schemas of which one has to fit.",
    (Shape.PROPERTY, "Type"): "The type of the argument: one, or several.",
    (Shape.PROPERTY, "Items"): "The schema of a list's entries.",
    (Shape.PROPERTY, "Description"): "What the argument means.",
    (Shape.PROPERTY, "Enum"): "The values that the argument can have.",
    (Shape.PROPERTY, "Properties"): "The properties of an object, in the order of the request.",
    (Shape.PROPERTY, "Required"): "The names of the properties that an object must have.",
}

METHOD_WORDS: Mapping[str, str] = {
    "String": "The value as JSON, as it is printed.",
    "ToTypeScriptType": "The argument's type as TypeScript writes it.",
}

# How each function is called, and what it gives.
FUNCTION_WORDS: Mapping[str, tuple[str, str]] = {
    "and": (
        "and A B…",
        "The first value that is empty or false, else the last. The others are not computed.",
    ),
    "or": ("or A B…", "The first value that is neither empty nor false, else the last."),
    "not": ("not A", "Whether the value is empty or false."),
    "call": ("call F A…", "The result of a function that is a value."),
    "index": ("index LIST I…", "An entry of a list by its number, or of a map by its key."),
    "slice": ("slice LIST I J", "The entries from I up to before J, of a list or of a text's bytes."),
    "len": ("len LIST", "The number of entries, or of a text's bytes."),
    "eq": ("eq A B…", "Whether the first value equals one of the others."),
    "ne": ("ne A B", "Whether the values differ."),
    "lt": ("lt A B", "Whether A is less than B."),
    "le": ("le A B", "Whether A is at most B."),
    "gt": ("gt A B", "Whether A is greater than B."),
    "ge": ("ge A B", "Whether A is at least B."),
    "html": ("html A…", "The text escaped for HTML."),
    "js": ("js A…", "The text escaped for JavaScript."),
    "urlquery": ("urlquery A…", "The text escaped for the query of an address."),
    "print": ("print A…", "The values as text, as fmt.Sprint has them."),
    "printf": ('printf "%s" A…', "The values in a format, as fmt.Sprintf has them."),
    "println": ("println A…", "The values as text with spaces between them and a line end."),
    "json": ("json A", "The value as JSON."),
    "currentDate": ("currentDate", "Today's date on the server, such as 2026-01-31."),
    "yesterdayDate": ("yesterdayDate", "Yesterday's date on the server."),
    "toTypeScriptType": ("toTypeScriptType A", "The type of a tool's property as TypeScript writes it."),
}

KEYWORD_WORDS: Mapping[str, tuple[str, str]] = {
    "if": ("{{ if A }} … {{ end }}", "Renders its inside where the value is neither empty nor false."),
    "else": ("{{ else }}", "What is rendered otherwise; also `else if` and `else with`."),
    "end": ("{{ end }}", "Ends an if, range, with, define or block."),
    "range": (
        "{{ range $i, $m := .Messages }} … {{ end }}",
        "Renders its inside for each entry; inside, the dot is the entry. `else` is for an empty list.",
    ),
    "with": ("{{ with A }} … {{ end }}", "Renders its inside with the value as dot, where it is not empty."),
    "define": ('{{ define "name" }} … {{ end }}', "Defines a template that `template` calls."),
    "block": ('{{ block "name" . }} … {{ end }}', "Defines a template, and calls it here."),
    "template": ('{{ template "name" . }}', "Calls a defined template with a value as its dot."),
    "break": ("{{ break }}", "Ends the innermost range."),
    "continue": ("{{ continue }}", "Goes on with the next entry of the innermost range."),
}

_NAMES = {
    Shape.MESSAGE: "a message",
    Shape.CALL: "a tool call",
    Shape.CALLED: "the function of a tool call",
    Shape.TOOL: "a tool",
    Shape.FUNCTION: "the function of a tool",
    Shape.PARAMETERS: "the parameters of a function",
    Shape.PROPERTY: "a property",
}


def shape_of(of: GoType, types: Types) -> Shape | None:
    """The object of the request that a type is, None for other types."""
    known = {
        types.message: Shape.MESSAGE,
        types.call: Shape.CALL,
        types.call_function: Shape.CALLED,
        types.tool: Shape.TOOL,
        types.function: Shape.FUNCTION,
        types.parameters: Shape.PARAMETERS,
        types.prop: Shape.PROPERTY,
    }
    return known.get(of)


def name_of(of: GoType | Root, types: Types) -> str:
    """What a thing is, in words."""
    if isinstance(of, Root):
        return "the request"
    of = pointed(of)
    shape = shape_of(of, types)
    return _NAMES[shape] if shape else of.name.rpartition(".")[2]


def about_field(of: GoType | Root, name: str, types: Types) -> str:
    """Markdown about a field (or a method) of a thing, "" where it has none of that name."""
    if isinstance(of, Root):
        return _about_root(name)
    of = pointed(of)
    shape = shape_of(of, types)
    if shape is None or (shape, name) not in FIELD_WORDS:
        return f"**.{name}**\n\n{METHOD_WORDS[name]}" if name in METHOD_WORDS and name in of.methods else ""
    row = next(m for m in SHAPES[shape] if m.field == name)
    parts = [f"**.{name}** of {_NAMES[shape]}: {row.kind.value}", FIELD_WORDS[shape, name]]
    return "\n\n".join([*parts, *_since(row.since)])


def about_any_field(name: str) -> str:
    """Markdown about a field where it is not known what it is a field of: everything that has such a one."""
    found = [_about_root(name)] if name in ROOT_WORDS else []
    for shape, rows in SHAPES.items():
        for row in rows:
            if row.field == name:
                said = [f"**.{name}** of {_NAMES[shape]}: {row.kind.value}", FIELD_WORDS[shape, name]]
                found.append("\n\n".join([*said, *_since(row.since)]))
    return "\n\n".join(found)


def about_function(name: str) -> str:
    """Markdown about a function or a keyword, "" for what is neither."""
    if name in KEYWORD_WORDS:
        written, words = KEYWORD_WORDS[name]
        return f"```gotmpl\n{written}\n```\n\n{words}"
    if name not in FUNCTION_WORDS:
        return ""
    written, words = FUNCTION_WORDS[name]
    return "\n\n".join([f"```gotmpl\n{{{{ {written} }}}}\n```", words, *_since(YOUNG.get(name, ""))])


def _about_root(name: str) -> str:
    if name not in ROOT_WORDS:
        return ""
    return "\n\n".join([f"**.{name}** of the request", ROOT_WORDS[name], *_since(ROOT_SINCE.get(name, ""))])


def _since(feature: str) -> list[str]:
    return [f"Since Ollama {since(feature)}."] if feature and any(SINCE[feature].since) else []
