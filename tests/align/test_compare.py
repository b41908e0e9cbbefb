from __future__ import annotations

from modelfile_kit.align.compare import (
    byte_difference,
    compare,
    compare_tokens,
    first_difference,
    format_alignment,
)
from tests.align.toy import SPECIAL, Toy, info

USER, ASSISTANT = (256 + SPECIAL.index(t) for t in ("<|user|>", "<|assistant|>"))


def test_equal_texts():
    result = compare("<|user|>\nHi", "<|user|>\nHi", Toy())
    assert result.equal
    assert (result.byte_difference, result.first_difference) == (None, None)
    assert (result.prompt_count, result.reference_count) == (4, 4)
    assert (result.prompt_tokens, result.reference_tokens) == ((), ())
    assert format_alignment(result) == "equal: 4 tokens"


def test_an_end_token_that_falls_apart_is_shown_where_it_begins():
    result = compare("<|user|>\nHi<|im_end|>\n<|assistant|>", "<|user|>\nHi<|assistant|>", Toy())
    assert not result.equal
    # user, newline, H, i, then `<` against the assistant's token
    assert result.first_difference == 4
    assert (result.prompt_count, result.reference_count) == (4 + 10 + 2, 5)
    assert [(t.index, t.id, t.text) for t in result.reference_tokens] == [
        (0, USER, "<|user|>"),
        (1, 10, "\n"),
        (2, 72, "H"),
        (3, 105, "i"),
        (4, ASSISTANT, "<|assistant|>"),
    ]
    assert "".join(t.text for t in result.prompt_tokens) == "<|user|>\nHi<|im_en"
    assert [t.index for t in result.prompt_tokens] == list(range(11))


def test_place_of_the_first_differing_byte():
    found = byte_difference("Ärger\nüber 中文X", "Ärger\nüber 中文Y")
    assert found is not None
    # Ä and ü take two bytes each, 中 and 文 three: 6 + 1 + 6 + 6
    assert found.offset == len("Ärger\nüber 中文".encode()) == 19
    assert (found.line, found.column) == (2, 8)
    assert (found.before, found.prompt, found.reference) == ("Ärger\nüber 中文", "X", "Y")


def test_one_text_is_the_start_of_the_other():
    found = byte_difference("abc", "abcdef")
    assert found is not None
    assert (found.offset, found.line, found.column, found.prompt, found.reference) == (3, 1, 4, "", "def")


def test_first_difference_counts_lengths():
    assert first_difference([1, 2], [1, 2]) is None
    assert first_difference([1, 2], [1, 3]) == 1
    assert first_difference([1, 2], [1, 2, 3]) == 2
    assert first_difference([], [1]) == 0


def test_bos_of_the_vocabulary_counts_for_the_prompt_alone():
    result = compare("Hi", "Hi", Toy(info(add_bos=True)))
    assert result.byte_difference is None
    assert result.first_difference == 0
    assert (result.prompt_count, result.reference_count) == (3, 2)
    assert compare("Hi", "<s>Hi", Toy(info(add_bos=True))).first_difference is None


def test_text_around_the_difference_marks_its_line():
    result = compare("ab<s>", "abc", Toy())
    text = format_alignment(result)
    assert "first differing byte: 2 (line 1, column 3)" in text
    [marked] = [line for line in text.splitlines() if line.startswith(">")]
    assert marked.split() == [">", "2", "256", "'<s>'", "99", "'c'"]


def test_a_side_that_ends_is_shown_as_a_dash():
    text = format_alignment(compare("ab", "abc", Toy()))
    [marked] = [line for line in text.splitlines() if line.startswith(">")]
    assert marked.split() == [">", "2", "-", "99", "'c'"]
    assert "'(end)'" in text


def test_half_a_character_is_shown_as_a_replacement_character():
    # "é" and "è" share their first byte, so the second differs
    result = compare("é", "è", Toy())
    assert result.first_difference == 1
    assert [t.text for t in result.prompt_tokens] == ["\ufffd", "\ufffd"]


def test_images_are_named_in_the_token_list():
    result = compare_tokens("[img-0]a", "[img-0]b", [-1, 97], [-1, 98], Toy())
    assert [t.text for t in result.prompt_tokens] == ["image 0", "a"]


def test_to_dict_is_plain():
    import json

    data = json.loads(json.dumps(compare("ab", "abc", Toy()).to_dict()))
    assert data["byte_difference"]["offset"] == 2
    assert data["reference_tokens"][2] == {"index": 2, "id": 99, "text": "c"}
