"""llama.cpp's pre-tokenizers: the table that is made from its source."""

from __future__ import annotations

import pytest

from modelfile_kit.gguf_file.pre_tokenizers import checksum_text, known_checksum, pre_tokenizers
from tools.pre_tokenizers import read_tables

# Written by hand in the manner of src/llama-vocab.cpp and conversion/base.py.
VOCABULARY = r"""
        switch (vocab.get_pre_type()) {
            case LLAMA_VOCAB_PRE_TYPE_ONE:
            case LLAMA_VOCAB_PRE_TYPE_TWO:
                regex_exprs = {
                    // "not this one"
                    "\\p{N}{1,3}", // nor "this"
                    "[\r\n\"]//",
                };
                break;
            case LLAMA_VOCAB_PRE_TYPE_RAW:
                regex_exprs = {
                    "[^\\n]+",
                };
                byte_encode = false;
                break;
            default:
                regex_exprs = { "x", };
                break;
        }
    std::vector<std::string> regex_exprs;
        // for now, only BPE models have pre-tokenizers
            if (tokenizer_pre.empty()) {
                pre_type = LLAMA_VOCAB_PRE_TYPE_DEFAULT;
            } else if (tokenizer_pre == "default") {
                pre_type = LLAMA_VOCAB_PRE_TYPE_DEFAULT;
            } else if (
                    tokenizer_pre == "one" ||
                    tokenizer_pre == "uno") {
                pre_type = LLAMA_VOCAB_PRE_TYPE_ONE;
                ignore_merges = true;
            } else if (tokenizer_pre == "raw") {
                pre_type = LLAMA_VOCAB_PRE_TYPE_RAW;
            } else {
                throw std::runtime_error(format("unknown pre-tokenizer type: '%s'", tokenizer_pre.c_str()));
"""
CONVERTER = """
def get_vocab_base_pre(self, tokenizer):
        chktxt = 'a\\n\\u200d'
        if chkhsh == "00ff":
            # ref: https://huggingface.co/a/b
            res = "one"
"""


def test_the_source_is_read_as_the_compiler_reads_it():
    tables = read_tables(VOCABULARY, CONVERTER)
    assert tables["types"] == {
        "ONE": {"patterns": [r"\p{N}{1,3}", '[\r\n"]//'], "bytes": True},
        "TWO": {"patterns": [r"\p{N}{1,3}", '[\r\n"]//'], "bytes": True},
        "RAW": {"patterns": [r"[^\n]+"], "bytes": False},
        "DEFAULT": {"patterns": ["x"], "bytes": True},
    }
    assert tables["names"] == {
        "default": {"type": "DEFAULT"},
        "one": {"type": "ONE", "ignore_merges": True},
        "uno": {"type": "ONE", "ignore_merges": True},
        "raw": {"type": "RAW"},
    }
    assert (tables["text"], tables["checksums"]) == (
        "a\n\u200d",
        {"00ff": ["one", "https://huggingface.co/a/b"]},
    )


def test_what_is_known_of_real_ones():
    known = pre_tokenizers()
    assert len(known) > 80
    assert known["llama-bpe"].type == known["llama3"].type == "LLAMA3" and known["llama-bpe"].ignore_merges
    assert known["qwen2"].patterns != known["llama-bpe"].patterns
    assert not known["gemma4"].byte_level and known["qwen2"].byte_level
    assert not known["kimi-k2"].as_written and known["qwen2"].as_written


@pytest.mark.parametrize("name", sorted(pre_tokenizers()))
def test_every_expression_compiles(name):
    regex = pytest.importorskip("regex", reason="needs regex (extra tokenizers)")
    pre = pre_tokenizers()[name]
    assert pre.patterns
    for pattern in pre.patterns if pre.as_written else ():
        regex.compile(pattern)


def test_checksums():
    assert "apple" in checksum_text()
    name, repository = known_checksum("e636dc30a262dcc0d8c323492e32ae2b70728f4df7dfe9737d9f920a282b8aea") or (
        "",
        "",
    )
    assert (name, repository) == ("qwen2", "https://huggingface.co/Qwen/Qwen1.5-7B")
    assert known_checksum("0" * 64) is None
