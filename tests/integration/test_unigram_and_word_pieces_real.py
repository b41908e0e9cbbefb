"""Vocabularies of T5's and BERT's kind: a faithful pair has no difference, each seeded fault is named.

llama.cpp and the libraries that made the tokenizers are both asked, so a difference is one of theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.image_places import Placed
from modelfile_kit.align.prompt_tokens import TokenComparison
from modelfile_kit.align.stress import stress
from modelfile_kit.align.vocabulary_check import check_vocabulary
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.align.toy_gguf import Fault, keys_of, swapped, typed, write
from tests.reference_tokenizer import toys

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("libraries", "llama_cpp")]

TEXTS = (
    "The quick brown fox",
    "  a  b",
    "Größe, cafe\u0301 and ﬁne",
    "今天天气很好",
    "it's 1234567\n\tok",
    "🎉🎉",
)


def unigram(folder: Path) -> Path:
    return toys.sentencepiece(
        folder / "tokenizer.model",
        "unigram",
        byte_fallback=False,
        normalization_rule_name="nmt_nfkc",
        remove_extra_whitespaces=True,
    )


def words(folder: Path) -> Path:
    pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    return toys.word_piece(folder / "tokenizer.json")


def compared(own: Path, fault: Fault) -> tuple[set[str], set[str], dict[str, int]]:
    """Codes of the vocabulary, causes of conversations, causes of generated texts with their counts."""
    found = find_tokenizer(own, "m.gguf")
    assert found is not None
    with ReferenceChild(found) as reference:
        keys = keys_of(reference)
        fault(keys)
        path = write(own.with_name("m.gguf"), keys)
        vocabulary = Vocabulary.from_header(read_header(path))
        checked = check_vocabulary(vocabulary, reference)
        with LlamaTokenizer(path) as engine:
            both = BothTokenizers(vocabulary, engine, reference)
            comparison = TokenComparison(both)
            causes = set()
            for text, ids in zip(TEXTS, both.ours(TEXTS), strict=True):
                result = comparison.compare(text, ids, Placed(text, (text,)))
                causes |= {c.name for c in result.causes}
                assert result.equal == (both.theirs([text]) == [ids])
            generated = {c.cause.name: c.count for c in stress(both, count=1000).causes}
    return {d.code for d in checked.diagnostics}, causes, generated


def test_a_faithful_unigram_pair_has_no_difference(tmp_path):
    assert compared(unigram(tmp_path), lambda keys: None) == (set(), set(), {})


def test_a_faithful_pair_of_word_pieces(tmp_path):
    """llama.cpp takes U+0085 for a space and strips vowel signs, which `tokenizers` does not: both say so."""
    codes, causes, generated = compared(words(tmp_path), lambda keys: None)
    assert (codes, causes) == (set(), set())
    assert sum(generated.values()) < 20


def lost(token: str) -> Fault:
    return lambda keys: keys["tokens"].__setitem__(keys["tokens"].index(token), "qqqqq")


def other_scores(keys: dict) -> None:
    keys["scores"] = [score * (1 + n % 3) for n, score in enumerate(keys["scores"])]


def without_rules(keys: dict) -> None:
    del keys["precompiled_charsmap"]


MOVED = "token ids"


@pytest.mark.parametrize(
    ("make", "fault", "code", "cause"),
    [
        (unigram, swapped("tokens", 20, 30), "MK746", MOVED),
        (unigram, other_scores, "MK756", "merges"),
        (unigram, lost("ck"), "MK745", None),
        (unigram, without_rules, None, "normalizer"),
        (unigram, typed("the", "control"), "MK748", None),
        (words, swapped("tokens", 100, 110), "MK746", None),
        (words, lost("▁the"), "MK745", None),
        (words, typed("[SEP]", "normal"), "MK748", None),
    ],
    ids=[
        *("ids swapped", "other scores", "piece lost", "rules lost", "typed control"),
        *("words: ids swapped", "words: piece lost", "words: control typed normal"),
    ],
)
def test_a_fault_is_named(
    make: Callable[[Path], Path], fault: Fault, code: str | None, cause: str | None, tmp_path: Path
) -> None:
    codes, causes, generated = compared(make(tmp_path), fault)
    assert codes == ({code} if code else set())
    assert cause is None or cause in causes | set(generated)
