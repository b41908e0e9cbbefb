"""Conversations in both tokenizers: the rows, the first difference, the findings for all of them."""

from __future__ import annotations

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.image_places import Placed, Wrapper
from modelfile_kit.align.prompt_tokens import TokenComparison

from . import sides

TABLE = {"<u>": 1, "hi": 2, "<b>": 3, "</b>": 4, "!": 5, "<": 6, "x": 7, ">": 8, "b": 10}


def comparison(ours=None, theirs=None, added=("<u>", "<b>", "</b>"), wrapper=None):
    both = BothTokenizers(
        sides.vocabulary(), sides.Engine(ours or TABLE), sides.own(theirs or TABLE, added=added)
    )
    return TokenComparison(both, wrapper or Wrapper())


def test_equal_prompts_with_an_image():
    compared = comparison(wrapper=Wrapper("<b>", "</b>"))
    found = compared.compare("image", [1, 3, -1, 4, 2], Placed("<u>[img-0]hi", ("<u>", "hi")))
    assert found.equal and found.causes == () and compared.findings() == []
    assert [(t.id, t.text) for t in found.theirs] == [
        (1, "<u>"),
        (3, "<b>"),
        (-1, "image 0"),
        (4, "</b>"),
        (2, "hi"),
    ]
    assert found.words == "tokens as of the model's own tokenizer"
    assert compared.summary == "1 of 1 conversations have the tokens of the model's own tokenizer"


def test_the_first_difference_with_both_sides():
    compared = comparison({**TABLE, "hi": 9})
    found = compared.compare("a", [1, 9, 5], Placed("<u>hi!", ("<u>hi!",)))
    assert (found.first, [c.name for c in found.causes]) == (1, ["token ids"])
    assert found.table().splitlines()[-3:] == [
        "   0  1 '<u>'    1 '<u>'",
        ">  1  9 'hi'     2 'hi'",
        "   2  5 '!'      5 '!'",
    ]
    assert found.to_dict()["causes"] == [{"name": "token ids", "detail": "hi", "text": "hi"}]
    assert found.to_dict()["engine"] == [[1, "<u>"], [9, "hi"], [5, "!"]]


def test_a_difference_of_texts_or_bos_is_no_cause_of_the_tokenizer():
    compared = comparison()
    bos = compared.compare("a", [8, 1, 2], Placed("<u>hi", ("<u>hi",)))
    text = compared.compare("b", [1, 5, 5], Placed("<u>hi", ("<u>hi",)))
    assert (bos.first, text.first, compared.findings()) == (0, 1, [])
    assert "(one token at the beginning)" in bos.words and "(another text)" in text.words


def test_findings_are_grouped_by_cause_and_counted():
    compared = comparison({k: v for k, v in TABLE.items() if k not in ("<b>", "</b>")} | {"hi": 9})
    for ident in "ab":
        compared.compare(ident, [1, 9], Placed("<u>hi", ("<u>hi",)))
    compared.compare("c", [1, 6, 10, 8], Placed("<u><b>", ("<u><b>",)), ["<b>"])
    compared.compare("d", [1, 6, 10, 8], Placed("<u><b>", ("<u><b>",)))
    codes = [(d.code, str(d.severity), d.message.split(":")[0]) for d in compared.findings()]
    told = "of 4 conversations have other tokens with llama.cpp than the model was trained on, because of "
    assert codes == [
        ("MK765", "error", f"2 {told}tokens that have another id"),
        (
            "MK765",
            "warning",
            f"1 {told}a message that holds the text of a special token, which only one side reads as that "
            "token",
        ),
        ("MK765", "error", f"1 {told}special tokens that only one side knows"),
    ]
    assert "in 'a' 'hi' is [9:'hi'] with llama.cpp and [2:'hi']" in compared.findings()[0].message
    assert compared.summary == "0 of 4 conversations have the tokens of the model's own tokenizer"
