"""PARSER qwen3-coder: calls written like XML between `<tool_call>` tags (model/parsers/qwen3coder.go).

    <function=get_weather>
    <parameter=city>
    Paris
    </parameter>
    </function>

From 0.34.3 what is held back at the end is given out; before, an unfinished call and white space at the end
are lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...core.later import later
from .go_text import as_json_text, decode, encode, hold_back, trim_left, trim_right
from .protocol import Arguments, SteppingParser, Tool, tool_named
from .typed_values import value_of

if TYPE_CHECKING:
    from . import go_xml
else:
    go_xml = later("modelfile_kit.ollama.parsers.go_xml")

OPENING, CLOSING = b"<tool_call>", b"</tool_call>"
_SHORT_TAG = re.compile(rb"<([0-9A-Za-z_]+)=([^>]+)>")
_TAG = re.compile(rb'</?(?:function|parameter)(?:[\t\n\f\r ]+name="[^"]*")?>')
_ATTRIBUTE = str.maketrans(
    {
        '"': "&#34;",
        "'": "&#39;",
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "\t": "&#x9;",
        "\n": "&#xA;",
        "\r": "&#xD;",
    }
)


class Qwen3Coder(SteppingParser):
    """Content and calls; no thoughts."""

    thinking = False
    preserved = (OPENING.decode(), CLOSING.decode())
    in_call = False

    def read(self, done: bool) -> None:
        super().read(done)
        if done and self.target.has("parser_flush"):
            self.out.content.append(OPENING + self.buffer if self.in_call else self.buffer)
            self.buffer = b""
            self.in_call = False

    def step(self, done: bool) -> bool:
        if self.in_call:
            call, closed, rest = self.buffer.partition(CLOSING)
            if closed:
                self.buffer = trim_left(rest)
                self.in_call = False
                self.out.calls.append(read_call(call, self.request.tools))
            return bool(closed)
        before, opened, rest = self.buffer.partition(OPENING)
        if opened:
            self.out.content.append(trim_right(before))
            self.buffer = rest
            self.in_call = True
            return True
        content, self.buffer = hold_back(self.buffer, OPENING)
        self.out.content.append(content)
        return False


def read_call(raw: bytes, tools: tuple[Tool, ...]) -> tuple[bytes, Arguments]:
    """The call that stands between the tags; raises ReplyError where it cannot be read."""
    call = go_xml.read_element(_as_xml(raw), "function")
    name = encode(call.name)
    tool = tool_named(tools, name)
    arguments = {}
    for child in call.children:
        if child.tag == "parameter":
            types = tool.types(encode(child.name)) if tool else ()
            arguments[child.name] = value_of(encode(child.text), types)
    return name, arguments


def _as_xml(raw: bytes) -> bytes:
    """`<function=a>` as `<function name="a">`, and everything else between two such tags escaped."""
    # Behind the last `>` no tag ends, and each opening would be followed to the end of the text.
    last = raw.rfind(b">") + 1
    text = _SHORT_TAG.sub(lambda m: b'<%b name="%b">' % (m[1], _escape_attribute(m[2])), raw[:last])
    text += raw[last:]
    parts: list[bytes] = []
    at = 0
    for tag in _TAG.finditer(text):
        parts += [_escape(text[at : tag.start()]), tag.group()]
        at = tag.end()
    return b"".join((*parts, _escape(text[at:])))


def _escape_attribute(value: bytes) -> bytes:
    return encode(go_xml.NOT_XML.sub("\ufffd", decode(value)).translate(_ATTRIBUTE))


def _escape(text: bytes) -> bytes:
    return encode(as_json_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
