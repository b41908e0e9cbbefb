"""Generated texts through both tokenizers: a faithful conversion has no difference, a fault has its cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.stress import Stress, findings, stress
from modelfile_kit.align.token_causes import shrink
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.real_tokenizers import part, vocabulary
from tests.reference_tokenizer import toys

from .toy_gguf import Fault, keys_of, said, typed, write

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("libraries")]


def run(tokenizer: Path, gguf: Path, fault: Fault | None = None, count: int = 3000) -> Stress:
    """Compares a tokenizer with a GGUF; with a fault the GGUF is made of the tokenizer first."""
    found = find_tokenizer(tokenizer, gguf)
    assert found is not None
    with ReferenceChild(found) as reference:
        if not gguf.exists():
            keys = keys_of(reference)
            if fault:
                fault(keys)
            write(gguf, keys)
        own = Vocabulary.from_header(read_header(gguf))
        with LlamaTokenizer(gguf) as engine:
            return stress(BothTokenizers(own, engine, reference), count=count)


def cut_merges(keys):
    keys["merges"] = keys["merges"][:-40]


def test_a_faithful_conversion_has_no_difference(tmp_path, llama_cpp):
    assert run(toys.byte_level(tmp_path), tmp_path / "a.gguf") == Stress(3000, ())


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (said(pre="starcoder"), "pre-tokenizer"),
        (typed("<|im_start|>", "normal"), "special tokens"),
        (cut_merges, "merges"),
    ],
)
def test_a_fault_has_its_cause(tmp_path, llama_cpp, fault, cause):
    result = run(toys.byte_level(tmp_path), tmp_path / "a.gguf", fault)
    assert [c.cause.name for c in result.causes] == [cause]
    assert result.causes[0].cause.theirs != result.causes[0].cause.ours
    assert len(result.causes[0].cause.text) <= 20


def test_the_normalizer_is_shown_by_the_smallest_text(tmp_path, llama_cpp):
    normalizers = pytest.importorskip("tokenizers.normalizers", reason="needs tokenizers (extra tokenizers)")
    folder = toys.byte_level(tmp_path, normalizer=normalizers.NFC())
    result = run(folder, tmp_path / "a.gguf")
    [counted] = result.causes
    assert (counted.cause.name, len(counted.cause.text) <= 2) == ("normalizer", True)
    [found] = findings(result, str(tmp_path / "a.gguf"))
    assert (found.code, str(found.severity)) == (
        "MK760",
        "info",
    ) and "of 3,000 generated texts" in found.message


def test_real_pairs(llama_cpp):
    """Llama 3.1: 10,000 of 10,000. Qwen: NFC, and the tokens that Qwen3 has beyond Qwen2, nothing else."""
    assert run(part("llama3_1"), vocabulary("llama-bpe"), count=10_000) == Stress(10_000, ())
    result = run(part("qwen3"), vocabulary("qwen2"))
    assert {c.cause.name for c in result.causes} == {"normalizer", "special tokens"}


def test_shrinking():
    assert shrink("xxxxAyyyyBzzzz", lambda t: "A" in t and "B" in t) == "AB"
    assert shrink("a", lambda t: True) == "a"
    assert shrink("abc", lambda t: t == "abc") == "abc"
