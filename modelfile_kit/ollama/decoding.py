"""A Modelfile's bytes as the text that Ollama's parser sees (parser/parser.go, golang.org/x/text)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence


def decode(data: str | bytes) -> str:
    """The text that Ollama's parser sees: by the byte order mark, else UTF-8, bad bytes as U+FFFD.

    A byte order mark is taken away. Without one, or with one of UTF-8, an ill-formed sequence
    becomes one U+FFFD for its longest plausible part (golang.org/x/text) or for each byte (Go).
    """
    if isinstance(data, str):
        data = _encode(data)
    if data.startswith(codecs.BOM_UTF16_LE):
        return _utf16(data[2:], "little")
    if data.startswith(codecs.BOM_UTF16_BE):
        return _utf16(data[2:], "big")
    if not data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8", "replace")
    data = data[3:]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return re.sub("[\udc80-\udcff]", "\ufffd", data.decode("utf-8", "surrogateescape"))


def utf16_order(start: bytes) -> str:
    """ "little" or "big" where bytes look like UTF-16 without a byte order mark, else "".

    start: the first bytes of a file. A text without NUL is none; of Latin letters every second byte is NUL.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8)) or len(start) < 4:
        return ""
    even, odd = start[0::2], start[1::2]
    if odd.count(0) > len(odd) // 2 and even.count(0) == 0:
        return "little"
    return "big" if even.count(0) > len(even) // 2 and odd.count(0) == 0 else ""


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _utf16(data: bytes, order: str) -> str:
    codec = "utf-16-le" if order == "little" else "utf-16-be"
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return _damaged_utf16(data, codec)


def _damaged_utf16(data: bytes, codec: str) -> str:
    """Lone surrogates as golang.org/x/text has them: any surrogate takes a low one after it along."""
    odd = "\ufffd" if len(data) % 2 else ""
    units = data[: len(data) & ~1].decode(codec, "surrogatepass")
    # Real pairs are characters above U+FFFF by now; what is left in D800..DFFF is alone, except that
    # a low surrogate swallows a following one, be that alone or not.
    return _swallow(units) + odd


def _swallow(units: str) -> str:
    if not re.search("[\udc00-\udfff]", units):
        return re.sub("[\ud800-\udbff]", "\ufffd", units)
    raw = units.encode("utf-16-le", "surrogatepass")
    codes: Sequence[int] = [raw[i] | raw[i + 1] << 8 for i in range(0, len(raw), 2)]
    out, i = [], 0
    while i < len(codes):
        code = codes[i]
        following = codes[i + 1] if i + 1 < len(codes) else 0
        i += 1
        if not 0xD800 <= code <= 0xDFFF:
            out.append(chr(code))
        elif not 0xDC00 <= following <= 0xDFFF:
            out.append("\ufffd")
        else:
            i += 1
            pair = 0x10000 + ((code - 0xD800) << 10) + (following - 0xDC00)
            out.append(chr(pair) if code <= 0xDBFF else "\ufffd")
    return "".join(out)
