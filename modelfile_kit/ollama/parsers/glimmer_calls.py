"""Calls as Glimmer writes them, in ATEM markup (model/parsers/glimmer.go).

<atem:function_calls>
<atem:invoke name="get_weather">
<atem:parameter name="city">Paris</atem:parameter>
</atem:invoke>
</atem:function_calls>
"""

from __future__ import annotations

from typing import Any

from ..reply_types import ReplyError
from .go_text import as_json_text, trim
from .protocol import Tool
from .typed_values import typed_value

CALLS, CALLS_END = b"<atem:function_calls>", b"</atem:function_calls>"
_INVOKE, _INVOKE_END = b'<atem:invoke name="', b"</atem:invoke>"
_PARAMETER, _PARAMETER_END = b'<atem:parameter name="', b"</atem:parameter>"
_MESSAGE = b"<|message|>"


def invoked_name(body: bytes) -> bytes:
    """The name that a trimmed body's call has, b"" where there is none."""
    inner = _inside(body)
    if inner is None or not inner.startswith(_INVOKE):
        return b""
    found = _cut_name(inner[len(_INVOKE) :])
    return found[0] if found else b""


def read_call(body: bytes, tool: Tool) -> tuple[bytes, dict[str, Any]]:
    """The name and arguments of a call; tool: whose schema counts. Raises ReplyError where it is none."""
    invoke = _inside(trim(body))
    if invoke is None or not invoke.startswith(_INVOKE) or not invoke.endswith(_INVOKE_END):
        raise ReplyError("the ATEM markup of a call is missing")
    found = _cut_name(invoke[len(_INVOKE) :])
    if not found or len(found[1]) < len(_INVOKE_END):
        raise ReplyError("malformed ATEM invoke name")
    name, rest = found
    text = rest[: len(rest) - len(_INVOKE_END)].removeprefix(b"\n").removesuffix(b"\n")
    arguments: dict[str, Any] = {}
    while text:
        parameter, named, rest = text.removeprefix(_PARAMETER).partition(b'">')
        value, ended, rest = rest.partition(_PARAMETER_END)
        if not (text.startswith(_PARAMETER) and named and ended):
            raise ReplyError("malformed ATEM parameter")
        arguments[as_json_text(parameter)] = typed_value(value, tool.types(parameter))
        text = rest.removeprefix(b"\n")
    return name, arguments


def _inside(body: bytes) -> bytes | None:
    """What stands between the outermost tags."""
    if not body.startswith(CALLS) or not body.endswith(CALLS_END):
        return None
    return trim(body[len(CALLS) : len(body) - len(CALLS_END)])


def _cut_name(text: bytes) -> tuple[bytes, bytes] | None:
    """A call's name and what follows; a `<|message|>` that the model wrote into the name is dropped."""
    name = b""
    while True:
        end, mark = text.find(b'">'), text.find(_MESSAGE)
        if mark >= 0 and (end < 0 or mark < end):
            name += text[:mark]
            text = text[mark + len(_MESSAGE) :]
            if text.startswith(_PARAMETER):
                return name, text
            continue
        return (name + text[:end], text[end + 2 :]) if end >= 0 else None
