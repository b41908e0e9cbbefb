"""How replies are cut: nothing is lost, and eight tokens always tell where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.parrot import UnsayableError
from modelfile_kit.parrot.pieces import SEEN, contexts, cut

SPECIAL = ("<call>", "</call>", "<call>>")


def test_special_tokens_stay_whole_and_the_longest_counts():
    assert cut("a<call>bc</call><call>>d", SPECIAL, 1) == ("a", "<call>", "b", "c", "</call>", "<call>>", "d")


def test_pieces_have_the_wanted_size():
    assert cut("abcdefgh", (), 3) == ("abc", "def", "gh")


def test_a_piece_grows_where_eight_tokens_stand_twice():
    text = "one two three " * 6
    tokens = cut(text, (), 1)
    assert "".join(tokens) == text
    assert max(map(len, tokens)) > 1
    eights = [tokens[i : i + SEEN] for i in range(len(tokens) - SEEN + 1)]
    assert len(set(eights)) == len(eights)


@given(st.lists(st.sampled_from([*SPECIAL, "a", "ab", "\n", "日本", "🙂"]), max_size=60), st.integers(1, 4))
def test_every_place_is_told_by_the_longest_context_that_fits(parts, size):
    text = "".join(parts)
    try:
        tokens = cut(text, SPECIAL, size)
    except UnsayableError:
        return
    assert "".join(tokens) == text
    known = contexts(tokens) or []
    assert len(known) == len(tokens)
    for i in range(len(tokens)):
        # Of the places whose context ends here, the one that knows most is this one.
        fits = [j for j, k in enumerate(known) if tokens[j + 1 - k : j + 1] == tokens[i + 1 - k : i + 1]]
        fits = [j for j in fits if known[j] <= i + 1]
        assert max(fits, key=lambda j: known[j]) == i


def test_the_end_of_a_prompt_is_no_place():
    text = "\nab\ncd"
    assert contexts(("\n", "a", "b", "\n", "c", "d"), ["<assistant>\n"]) is None
    assert contexts(("\n", "a", "b", "\n", "c", "d"), ["<assistant>\n"], marked=True) is not None
    tokens = cut(text, (), 1, ["<assistant>\n"])
    assert "".join(tokens) == text
    assert not any("<assistant>\n".endswith("".join(tokens[: k + 1])) for k in range(len(tokens)))


def test_a_context_that_would_begin_in_the_prompt_is_made_longer():
    tokens = ("<call>", "a", "b", "\n", "<call>", "a", "c")
    # The second call's token is told by the line before it; where the prompt ends with one, by more.
    assert contexts(tokens)[4:6] == [2, 3]
    assert contexts(tokens, ["<assistant>\n"])[4:6] == [3, 4]


def test_what_cannot_be_told_apart_is_refused():
    with pytest.raises(UnsayableError, match="repeats itself"):
        cut("<call>" * 12, SPECIAL, 1)
