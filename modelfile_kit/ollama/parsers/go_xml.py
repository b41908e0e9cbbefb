"""XML as encoding/xml reads it, for the few tags that two parsers make of a tool call.

The text between the tags is escaped before it is read, so no other markup occurs: elements without
attributes, or with one attribute `name`, their text, and the entities in both.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..reply_types import ReplyError

_TAG = re.compile(rb'<(/?)([a-z_]+)(?:([ \t\n\r]+)name="([^"]*)")?([ \t\n\r]*)>')
_ENTITY = re.compile(r"&(?:#(?:([0-9]+)|x([0-9a-fA-F]+))|([A-Za-z]+));|&")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": '"'}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML does not allow: control characters but tab, newline and carriage return."""


@dataclass
class Element:
    """An element: its tag, its attribute `name`, the text directly in it, and the elements in it."""

    tag: str
    name: str = ""
    text: str = ""
    children: list[Element] = field(default_factory=list)


def read_element(data: bytes, tag: str) -> Element:
    """xml.Unmarshal: the first element of the data, which has to have that tag.

    What follows the element is not looked at. Raises ReplyError where the XML is not sound.
    """
    open_elements: list[Element] = []
    for closing, name, attribute, text in _tokens(data):
        if open_elements:
            open_elements[-1].text += _unescape(text)
        else:
            _unescape(text)
        if not closing:
            element = Element(name, _attribute(attribute))
            if not open_elements and name != tag:
                raise ReplyError(f"expected <{tag}>, found <{name}>")
            if open_elements:
                open_elements[-1].children.append(element)
            open_elements.append(element)
            continue
        if not open_elements or open_elements[-1].tag != name:
            raise ReplyError(f"</{name}> closes no element")
        element = open_elements.pop()
        if not open_elements:
            return element
    raise ReplyError("the XML ends before its element does")


def _tokens(data: bytes) -> Iterator[tuple[bool, str, bytes | None, bytes]]:
    """Tags in their order: whether it closes, its name, its attribute, the text before it."""
    at = 0
    while (start := data.find(b"<", at)) >= 0:
        tag = _TAG.match(data, start)
        if tag is None or (tag[1] and tag[4] is not None):
            raise ReplyError("a tag of the XML is not sound")
        yield bool(tag[1]), tag[2].decode(), tag[4], data[at:start]
        at = tag.end()
    _unescape(data[at:])


def _attribute(raw: bytes | None) -> str:
    if raw is None:
        return ""
    if b"<" in raw:
        raise ReplyError("an attribute of the XML holds `<`")
    return _unescape(raw)


def _unescape(raw: bytes) -> str:
    """The text with its entities replaced and its line ends made newlines; raises where XML refuses it."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ReplyError("the XML is not valid UTF-8") from None
    text = _ENTITY.sub(_entity, text.replace("\r\n", "\n").replace("\r", "\n"))
    if NOT_XML.search(text):
        raise ReplyError("the XML holds a control character")
    return text


def _entity(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        digits = (found[1] or found[2]).lstrip("0")
        # Python reads no decimal number of thousands of digits; one of eight is no character already.
        code = int(digits or "0", 10 if found[1] else 16) if len(digits) < 8 else sys.maxunicode + 1
        if code <= 0x10FFFF:
            return chr(code) if not 0xD800 <= code <= 0xDFFF else "\ufffd"
    elif found[3] in _NAMED:
        return _NAMED[found[3]]
    raise ReplyError("the XML holds a bad entity")
