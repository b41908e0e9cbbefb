from __future__ import annotations

from modelfile_kit.align.bos_eos import bos_and_eos, ends_by_llama_cpp, set_aside
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.ollama.prompt_ends import PromptEnds
from tests.align.toy import Toy, info

BOS, EOS, HI = 256, 257, 72


def findings(prompt_ids, reference_ids, **facts):
    toy = Toy(info(**facts))
    found = bos_and_eos(prompt_ids, reference_ids, toy, ends_by_llama_cpp(toy))
    return [(d.code, d.severity) for d in found]


def test_agreement():
    assert findings([HI], [HI]) == []
    assert findings([BOS, HI], [BOS, HI], add_bos=True) == []
    assert findings([BOS, BOS, HI], [BOS, BOS, HI]) == []


def test_twice():
    assert findings([BOS, BOS, HI], [BOS, HI], add_bos=True) == [("MK325", Severity.ERROR)]


def test_lost():
    assert findings([HI], [BOS, HI]) == [("MK702", Severity.ERROR)]


def test_added_by_the_vocabulary_cannot_be_helped():
    assert findings([BOS, HI], [HI], add_bos=True) == [("MK703", Severity.WARNING)]


def test_added_by_the_template_can():
    assert findings([BOS, HI], [HI]) == [("MK703", Severity.ERROR)]


def test_eos_after_every_prompt():
    assert findings([HI, EOS], [HI], add_eos=True) == [("MK728", Severity.ERROR)]
    assert findings([HI, EOS], [HI, EOS], add_eos=True) == []


def test_a_vocabulary_without_bos_has_no_opinion():
    assert findings([BOS, HI], [HI], bos=None) == []


def test_one_sides_bos_is_set_aside():
    ends = PromptEnds("<s>", "</s>")
    assert set_aside("<s>Hi", "Hi", ends) == ("Hi", "Hi")
    assert set_aside("Hi", "<s>Hi", ends) == ("Hi", "Hi")
    # on both sides it is text like any other, so that offsets stay those of the prompt
    assert set_aside("<s>Hi", "<s>Ho", ends) == ("<s>Hi", "<s>Ho")
    assert set_aside("Hi", "Ho", PromptEnds()) == ("Hi", "Ho")


def test_an_eos_that_the_engine_adds_is_set_aside():
    assert set_aside("Hi", "Hi</s>", PromptEnds("<s>", "</s>", adds_eos=True)) == ("Hi", "Hi")
    assert set_aside("Hi", "Hi</s>", PromptEnds("<s>", "</s>")) == ("Hi", "Hi</s>")
