"""The spelling of bytes that GPT-2 began: a visible character for each byte.

Printable characters of Latin-1 stand for themselves, the others for characters from U+0100 on, in order.
"""

from __future__ import annotations

_SELF = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in set(_SELF)]
_SPELLED = {**{b: chr(b) for b in _SELF}, **{b: chr(0x100 + n) for n, b in enumerate(_OTHERS)}}
_READ = {spelled: byte for byte, spelled in _SPELLED.items()}


def spell(data: bytes) -> str:
    """The bytes of a token as vocabularies of this kind write them."""
    return "".join(_SPELLED[byte] for byte in data)


def read(text: str) -> bytes:
    """The bytes that such a spelling stands for; characters that stand for none as UTF-8."""
    return b"".join(
        _READ[c].to_bytes(1, "big") if c in _READ else c.encode("utf-8", "surrogatepass") for c in text
    )
