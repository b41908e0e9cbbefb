"""Bytes to text, as golang.org/x/text does it."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.decoding import decode


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbf", ""),
        (b"\xff\xfe", ""),
        (b"\xff", "\ufffd"),
        (b"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"),
        (b"a\xf0\x9f\x92b", "a\ufffdb"),  # one for the part that might have become a character
        (b"\xef\xbb\xbfa\xf0\x9f\x92b", "a\ufffd\ufffd\ufffdb"),  # one a byte behind a byte order mark
        (b"\xff\xfea\x00\xe9\x00", "aé"),
        (b"\xfe\xff\x00a\xd8\x3d\xde\x00", "a😀"),
        (b"\xff\xfe\x3d\xd8a\x00", "\ufffda"),  # a high surrogate alone
        (b"\xff\xfe\x00\xde\x00\xdea\x00", "\ufffda"),  # two low ones are taken together
        (b"\xff\xfe\x00\xdea\x00", "\ufffda"),
        (b"\xff\xfea\x00b", "a\ufffd"),
        ("a\udcffb", "a\ufffdb"),
        ("a\ud83d", "a\ufffd\ufffd\ufffd"),
    ],
)
def test_decode(data, text):
    assert decode(data) == text
