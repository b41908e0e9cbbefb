"""check, test and inspect with the tokenizer of the original model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modelfile_kit.align.model_tokenizer import model_tokenizer
from tests.align.toy_gguf import keys_of, said, write
from tests.reference_tokenizer import toys

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture
def package(tmp_path: Path, llama_cpp: None, libraries: None) -> Path:
    """A package whose GGUF was converted with the wrong pre-tokenizer, and the original model's tokenizer."""
    original = toys.byte_level(tmp_path / "original")
    with model_tokenizer(original, tmp_path / "model.gguf") as (reference, _):
        assert reference is not None
        keys = keys_of(reference)
    write(tmp_path / "good.gguf", keys, CHAT)
    said(pre="starcoder")(keys)
    write(tmp_path / "model.gguf", keys, CHAT)
    (tmp_path / "mkmodelfile.yaml").write_text("name: toy\nmodel: model.gguf\ntokenizer: original\n")
    return tmp_path


@pytest.fixture
def run(mkmodelfile):
    def call(*arguments) -> tuple[int, str, str]:
        done = mkmodelfile(*arguments)
        return done.code, done.out, done.err

    return call


def test_check_compares_with_the_packages_tokenizer(package, run):
    code, out, _ = run("check", package)
    assert code == 1 and "MK752" in out and "pre=qwen2" in out
    code, out, _ = run("check", package, "--model", package / "good.gguf")
    assert code == 0 and "MK752" not in out and "tokens as in tokenizer.json" in out


def test_check_takes_another_tokenizer_or_none(package, run):
    code, out, _ = run("check", package, "--tokenizer", "none")
    assert code == 0 and "tokenizer.json" not in out
    code, out, err = run("check", package, "--tokenizer", package / "nowhere")
    assert code == 2 and "MK740" in out + err


def test_check_of_bytes_alone_reads_no_tokenizer(package, run):
    code, out, _ = run("check", package, "--bytes-only")
    assert code == 0 and "tokenizer.json" not in out


def test_golden_tests_have_a_case_for_the_tokenizer(package, run):
    assert run("test", package, "--update", "--tokenizer", "none")[0] == 0
    code, out, _ = run("test", package, "--format", "json")
    cases = {case["name"]: case for case in json.loads(out)["cases"]}
    assert code == 1 and cases["tokenizer"]["status"] == "failed"
    code, out, _ = run("test", package, "--model", package / "good.gguf", "--format", "json")
    cases = {case["name"]: case for case in json.loads(out)["cases"]}
    assert cases["tokenizer"]["status"] == "passed"


def test_inspect_compares_where_it_is_asked_to(package, run):
    code, out, err = run("inspect", package / "model.gguf", "--tokenizer", package / "original")
    assert code == 1 and "MK752" in err and "tokens as in tokenizer.json" in out
    code, out, err = run("inspect", package / "model.gguf")
    assert code == 0 and "MK752" not in err
    code, out, _ = run(
        "inspect", package / "good.gguf", "--tokenizer", package / "original", "--format", "json"
    )
    assert code == 0 and json.loads(out)["diagnostics"] == []
