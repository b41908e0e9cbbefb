"""Items as error messages show them."""

from __future__ import annotations

import pytest

from modelfile_kit.gotemplate import GoTemplateError, parse
from modelfile_kit.gotemplate.parse.items import WORDS, Item, Token


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Item.EOF, "", "EOF"),
        (Item.END, "end", "<end>"),
        (Item.ERROR, "unclosed action", "unclosed action"),
        (Item.TEXT, "ten bytes.é", '"ten bytes."...'),
        (Item.FIELD, ".A", '".A"'),
    ],
)
def test_items_as_messages_show_them(kind, value, shown):
    assert str(Token(kind, 0, value, 1)) == shown


@pytest.mark.parametrize("word", [w for w, kind in WORDS.items() if kind > Item.KEYWORD and w != "nil"])
def test_keywords_are_no_operands(word):
    with pytest.raises(GoTemplateError, match=f"unexpected <{word}> in command"):
        parse("{{ $x := " + word + " }}")
