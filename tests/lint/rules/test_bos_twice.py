from typing import Any

import pytest

from tests.lint.helpers import (
    Typed,
    findings,
    rule_catches,
    rule_catches_not,
    rule_does_not_fix,
    rule_fixes,
    write_model,
)

CODE = "MK325"
TEMPLATE = "TEMPLATE <|bos|>{{ range .Messages }}{{ .Content }}{{ end }}\n"
BOS: dict[str, Any] = {"control": ["<|bos|>"], "tokenizer__ggml__bos_token_id": Typed("uint32", 2)}
ADDS: dict[str, Any] = {"tokenizer__ggml__add_bos_token": Typed("bool", 1)}


def test_the_vocabulary_decides(tmp_path):
    write_model(tmp_path, **BOS, **ADDS)
    rule_catches(CODE, TEMPLATE, base=tmp_path)
    rule_catches_not(CODE, TEMPLATE.replace("<|bos|>", ""), base=tmp_path)
    write_model(tmp_path, **BOS, tokenizer__ggml__add_bos_token=Typed("bool", 0))
    rule_catches_not(CODE, TEMPLATE, base=tmp_path)


def test_the_engines_default_counts_as_well(tmp_path):
    write_model(tmp_path, **BOS, tokenizer__ggml__pre=Typed("string", "llama-bpe"))
    rule_catches(CODE, TEMPLATE, base=tmp_path)


def test_it_is_taken_out(tmp_path):
    write_model(tmp_path, **BOS, **ADDS)
    rule_fixes(CODE, TEMPLATE, TEMPLATE.replace("<|bos|>", ""), base=tmp_path)


def test_what_is_printed_from_a_variable_is_left_to_people(tmp_path):
    write_model(tmp_path, **BOS, **ADDS)
    hidden = '{{ $b := "<|bos|>" }}{{ $b }}{{ range .Messages }}{{ .Content }}{{ end }}'
    rule_does_not_fix(CODE, f'TEMPLATE """{hidden}"""\n', base=tmp_path)


@pytest.mark.parametrize(("said", "caught"), [(True, False), (None, True)])
def test_ollama_takes_bos_off_where_the_file_says_that_it_is_added(said, caught, tmp_path):
    """Gemma: its template writes `<bos>`, and so does its vocabulary."""
    gemma: dict[str, Any] = {
        "control": ["<bos>"],
        "tokenizer__ggml__bos_token_id": Typed("uint32", 2),
        "tokenizer__ggml__model": Typed("string", "llama"),
    }
    if said is not None:
        gemma["tokenizer__ggml__add_bos_token"] = Typed("bool", said)
    write_model(tmp_path, **gemma)
    found = findings(CODE, TEMPLATE.replace("<|bos|>", "<bos>"), base=tmp_path)
    assert bool(found) == caught
