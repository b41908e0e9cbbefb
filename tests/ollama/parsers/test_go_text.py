"""Go's strings: white space of several bytes, and cuts inside of characters."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.parsers.go_text import (
    encode,
    find_space,
    hold_back,
    joined,
    overlap,
    skip_space,
    split_at,
    trailing_space,
    trim,
    words,
)

# The characters for which Go's unicode.IsSpace is true (unicode/graphic.go, and White_Space beyond Latin-1).
SPACES = [
    *"\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000",
    *map(chr, range(0x2000, 0x200B)),
]


@pytest.mark.parametrize("space", SPACES, ids=ascii)
def test_every_space_is_one(space: str) -> None:
    text = encode(f"{space} \u00e9{space}b {space}")
    size = len(encode(space))
    assert words(text) == [encode("\u00e9"), b"b"]
    assert trim(text) == encode(f"\u00e9{space}b")
    assert (trailing_space(text), skip_space(text, 0)) == (size + 1, size + 1)
    assert find_space(encode(f"\u00e9{space}")) == 2
    assert hold_back(encode(f"a{space}<t"), b"<tag>") == (b"a", encode(f"{space}<t"))
    assert split_at(encode(f"a{space}<t>{space}b"), b"<t>") == (b"a", b"b")


@pytest.mark.parametrize(
    "text", ["\u200b", "\ufeff", "\u180e", "\u00e9", "\u3001", "\x1c", "\x00"], ids=ascii
)
def test_nothing_else_is_one(text: str) -> None:
    data = encode(text)
    assert (words(data), trim(data), find_space(data), trailing_space(data)) == ([data], data, -1, 0)


@pytest.mark.parametrize("data", [b"\x80\x80", b"\xe2\x80", b"\x85", b"\xa0", b"\xc2", b"\x80\x83"], ids=repr)
def test_parts_of_a_space_are_none(data: bytes) -> None:
    assert (words(data), trim(data), trailing_space(data)) == ([data], data, 0)


def test_a_tag_may_end_inside_a_character() -> None:
    tag = encode("<\uff5ctool\uff5c>")
    assert overlap(b"a<\xef\xbd", tag) == 3
    assert overlap(tag, tag) == len(tag)
    assert joined(["\udcc3", "\udca9"]) == "\u00e9"
