"""Go's character tables against Python's, where these know the same Unicode, and against Go's own."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from modelfile_kit.gotemplate.values.unicode_tables import is_alphanumeric, is_digit, is_letter, is_print

_PRINTABLE = frozenset("LMNPS")


def test_every_character_python_knows():
    newer = unicodedata.unidata_version > "15.0.0"
    wrong = []
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        if category == "Cn" or (newer and not is_print(char) and category[0] in _PRINTABLE):
            continue  # assigned later than Unicode 15.0
        expected = (category[0] == "L", category == "Nd", category[0] in _PRINTABLE or char == " ")
        if (is_letter(char), is_digit(char), is_print(char)) != expected:
            wrong.append((hex(code), category))
    assert not wrong


def test_what_python_calls_alphanumeric_and_go_does_not():
    assert "²".isalnum() and not is_alphanumeric("²")
    assert "Ⅷ".isalnum() and not is_alphanumeric("Ⅷ")
    assert is_alphanumeric("_") and is_alphanumeric("é") and is_alphanumeric("٣")
    assert not is_alphanumeric("-") and not is_alphanumeric("\u0301")


@pytest.mark.oracle
def test_printable_is_what_go_prints(oracle):
    refused = oracle.ask("printable")["refused"]
    ours = [c for c in range(0x110000) if not is_print(chr(c))]
    assert ours == [c for first, last in refused for c in range(first, last + 1)]
