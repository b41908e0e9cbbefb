from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelfile_kit.align import diff as module
from modelfile_kit.align.diff import hunks

TEXTS = st.lists(st.sampled_from(["<|user|>", "\n", " ", "Hi", "there", "\r\n", "é", "[INST]"])).map("".join)


def both_sides(prompt, reference):
    return [(h.extra, h.missing) for h in hunks(prompt, reference)]


def test_no_difference():
    assert hunks("a\nb", "a\nb") == []


def test_every_place_is_its_own_hunk():
    prompt = "<|user|>\nHi<|im_end|>\n<|assistant|>\nHo<|im_end|>\n"
    reference = "<|user|>\nHi<|assistant|>\nHo"
    found = hunks(prompt, reference)
    assert "".join(h.extra for h in found) == "<|im_end|>\n<|im_end|>\n"
    assert [h.missing for h in found] == ["", ""]
    assert (found[0].at_start, found[0].at_end) == (False, False)
    assert found[1].at_end


def test_special_tokens_words_and_line_ends_stay_whole():
    assert both_sides("a <|im_end|> b", "a <|eot_id|> b") == [("<|im_end|>", "<|eot_id|>")]
    assert both_sides("one two", "one three") == [("two", "three")]
    assert both_sides("a\r\nb", "a\nb") == [("\r\n", "\n")]


def test_start_and_surroundings():
    [hunk] = hunks("\nHi", "Hi")
    assert (hunk.extra, hunk.before, hunk.after, hunk.at_start, hunk.at_end) == ("\n", "", "Hi", True, False)


def test_very_long_differences_are_one_hunk():
    ours, theirs = "a b c " * 1_000, "d\ne\nf\n" * 1_000
    assert both_sides(ours, theirs) == [(ours, theirs)]


def test_long_prompts_that_differ_in_few_places_have_a_hunk_for_each():
    reference = "".join(f"<|user|>\nQuestion {n}<|assistant|>\nAnswer {n}" for n in range(1_500))
    found = both_sides(reference.replace("<|user|>\n", "<|user|>", 300), reference)
    assert found == [("", "\n")] * 300


@given(TEXTS, TEXTS)
def test_hunks_lead_from_one_text_to_the_other(prompt, reference):
    found = hunks(prompt, reference)
    assert (found == []) == (prompt == reference)
    at = 0
    rebuilt = ""
    for hunk in found:
        start = prompt.index(hunk.before + hunk.extra, max(0, at - len(hunk.before))) + len(hunk.before)
        rebuilt += prompt[at:start] + hunk.missing
        at = start + len(hunk.extra)
    if len(prompt) <= module.CONTEXT:  # `before` is then all that came before, so places are certain
        assert rebuilt + prompt[at:] == reference
