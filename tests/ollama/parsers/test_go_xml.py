"""Entities of XML, as Go's encoding/xml reads them, however many digits they have."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.parsers import go_xml
from modelfile_kit.ollama.reply_types import ReplyError


def text_of(entity: str) -> str:
    return go_xml.read_element(f"<a>{entity}</a>".encode(), "a").text


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("&#65;", "A"),
        ("&#x41;", "A"),
        ("&#" + "0" * 5000 + "65;", "A"),
        ("&#x" + "0" * 5000 + "41;", "A"),
        ("&#1114111;", "\U0010ffff"),
    ],
)
def test_numbers_of_characters(entity: str, text: str) -> None:
    assert text_of(entity) == text


@pytest.mark.parametrize("digits", ["9" * 5000, "x" + "f" * 5000, "1114112", "x110000", "0", "99999999"])
def test_numbers_of_none(digits: str) -> None:
    with pytest.raises(ReplyError):
        text_of(f"&#{digits};")
