"""Text from outside, character by character, against Unicode's own tables."""

from __future__ import annotations

import json
import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelfile_kit.core.foreign_text import bounded, invisible, json_text, shown

# Signs that have a shape of their own although Unicode calls them "format": numbers and marks of scripts.
WITH_A_SHAPE = {0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2}
WITH_A_SHAPE |= {0x110BD, 0x110CD, *range(0x13430, 0x13440)}


def test_no_character_of_these_categories_is_left() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        hidden = (
            unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or number & 0xFFFE == 0xFFFE
        )
        if not hidden or number in WITH_A_SHAPE:
            continue
        assert character not in shown(f"a{character}b"), hex(number)
        if character not in "\t\n":
            assert character not in shown(f"a{character}b", lines=True), hex(number)
            if number >= 0x20:
                assert character not in json_text(f"a{character}b"), hex(number)


def test_ordinary_text_stays() -> None:
    for text in ("Grüße, 你好, עברית, العربية, नमस्ते", "C:\\new\\x1b", "a::b", "# x [y]", "é e\u0301"):
        assert shown(text) == text
    assert shown("a\n\tb", lines=True) == "a\n\tb"
    for sign in ("❤\ufe0f", "⚠\ufe0f", "👩\u200d💻", "👩🏽\u200d💻", "❤\ufe0f\u200d🔥"):
        assert shown(sign) == sign


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b]0;t\x07", r"\x1b]0;t\x07"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b2J\x85", r"\x9b2J\x85"),
        ("\u202e\u2066\u200b\ufeff", r"\u202e\u2066\u200b\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        ("\udc80\ufffe", r"\udc80\ufffe"),
        ("a\ufe0f\u200db", r"a\ufe0f\u200db"),  # signs only
        ("❤\ufe0f\ufe0f", "❤\ufe0f\\ufe0f"),
        ("::error::x", r"\x3a:error::x"),
        ("\u3000 ::error::x", "\u3000 \\x3a:error::x"),
        ("a ##[error]b ##vso[c]", r"a \x23#[error]b \x23#vso[c]"),
    ],
)
def test_what_becomes_an_escape(text: str, seen: str) -> None:
    assert shown(text) == seen
    assert shown(seen) == seen


def test_lines_that_a_service_would_obey() -> None:
    assert shown("a\n ::error::b\n##[group]c", lines=True) == "a\n \\x3a:error::b\n\\x23#[group]c"


def test_many_empty_lines_cost_little() -> None:
    text = "\n" * 500_000 + "#"  # where each line looks through all that follow, this takes an hour
    assert shown(text, lines=True) == text


def test_json_is_exact() -> None:
    text = (
        "".join(map(chr, [*range(0x300), *range(0x2000, 0x2100), 0xFEFF, 0xFFFE, 0xE0041])) + "\n::e::\n##[e]"
    )
    for value in (text, {text: [text]}, "\udc80"):
        assert json.loads(json_text(value)) == value
        assert "##[" not in json_text(value)
        assert json_text(value, indent=2).encode()


def test_characters_that_nobody_sees_are_named_once() -> None:
    assert invisible("a\u200bb\u202e\u200b\U000e0041") == ["\u200b", "\u202e", "\U000e0041"]
    assert invisible("lines\r\n\tend ❤️ 👩‍💻 שלום \x1b\x9b") == []


# Mostly what is dangerous: controls, marks of direction, separators, the marks of commands.
ODD = (
    st.text(st.sampled_from("\x00\x1b[]0;m\x07\x9b\x9d\r\n\t :#ax\u200d\ufe0f❤\u202e\u2028\udc80\ufeff"))
    | st.text()
)


@given(ODD, st.booleans())
@example("\n\u3000::a", True)
@example("###[x]", False)
def test_any_text_is_harmless_afterwards(text: str, lines: bool) -> None:
    seen = shown(text, lines=lines)
    assert shown(seen, lines=lines) == seen
    assert not any(
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in seen.replace("\n", "").replace("\t", "")
    )
    for line in seen.split("\n"):
        assert not line.strip().startswith("::")
        assert not re.search(r"##\w*\[", line)
    assert lines or not {"\n", "\t"} & set(seen)
    assert not lines or seen.count("\n") == text.count("\n")


@given(ODD)
def test_any_json_is_exact_and_harmless(text: str) -> None:
    seen = json_text({text: [text]})
    assert json.loads(seen) == {text: [text]}
    assert "##[" not in seen
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in seen)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("x" * 1_000, "x" * 1_000),
        ("x" * 900_000, "x" * 200 + "… (900,000 characters)"),
        (
            "unknown key '" + "k" * 900_000 + "', expected y",
            "unknown key '" + "k" * 199 + "… (900,003 characters)', expected y",
        ),
        (
            "two " + "a" * 5_000 + ": " + "b" * 2_000,
            f"two {'a' * 200}… (5,001 characters): {'b' * 200}… (2,000 characters)",
        ),
        ("a b " * 10_000, "a b " * 4_975 + "… (40,000 characters)"),
        (("w" * 999 + "\n") * 900, ("w" * 999 + "\n") * 19 + "w" * 900 + "… (900,000 characters)"),
    ],
)
def test_a_message_repeats_no_word_without_end(text: str, short: str) -> None:
    assert bounded(text) == short
    assert bounded(short) == short
