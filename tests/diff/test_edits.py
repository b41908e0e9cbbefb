from __future__ import annotations

import pytest

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.diff.edits import MAX_TOKENS, edits
from modelfile_kit.diff.rendering import Rendered, Seen


def of(before, after, *contents):
    messages = tuple({"role": "user", "content": text} for text in contents) or ({"role": "user"},)
    sides = [Rendered(None, t[1:]) if t.startswith("!") else Rendered(t) for t in (before, after)]
    return set(edits(Seen(sides[0], sides[1], False), Conversation("x", messages)))


@pytest.mark.parametrize(
    ("before", "after", "contents", "found"),
    [
        ("<|user|>hi<|end|>", "<|user|>hi</s>", ["hi"], {("<|end|>", "</s>")}),
        ("a\nhi", "a\n\nhi", ["hi"], {("", "\n")}),
        ("hi", "HI", ["hi"], {("·", "HI")}),
        ("s: s", "s: ", ["s"], {("·", "")}),
        ("abc abc", "abd abc", ["b"], {("abc", "abd")}),
        ("!no tools", "x", [], {("refused: no tools", "")}),
        ("x", "!no tools for s", ["s"], {("", "refused: no tools for s")}),
    ],
)
def test_the_pieces_that_differ_without_the_conversations_words(before, after, contents, found):
    assert of(before, after, *contents) == found


def test_the_same_change_in_two_conversations_is_one():
    one = of("<|u|>hello\n<|a|>", "<|u|>hello<|a|>", "hello")
    assert one == of("<|u|>what?\n<|a|>", "<|u|>what?<|a|>", "what?")


def test_a_long_message_hides_no_change():
    words = "word " * MAX_TOKENS
    short, long = (of(f"<|a|>\n{said}<|u|>\n", f"<|a|>{said}<|u|>", said) for said in ("hi", words))
    assert short == long == {("\n", "")}


def test_a_long_difference_is_one_piece():
    words = " ".join(f"w{n}" for n in range(MAX_TOKENS))
    assert len(of(f"x {words} y", "x z y")) == 1
