"""Every fault of a conversion is found and named; a faithful one has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.align.vocabulary_check import VocabularyCheck, check_vocabulary
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.real_tokenizers import part, vocabulary
from tests.reference_tokenizer import toys

from .toy_gguf import Fault, Keys, keys_of, said, swapped, typed, write

TEXTS = ["The quick brown fox. 1234567 it's", "<|im_start|>user\nHi<|im_end|>", " x  \n\n y 今天 🎉"]


@pytest.fixture(scope="module")
def references(
    tmp_path_factory: pytest.TempPathFactory, libraries: None
) -> Iterator[Callable[..., ReferenceChild]]:
    """Reference tokenizers by kind, opened once each."""
    with ExitStack() as stack:
        opened: dict[Any, ReferenceChild] = {}

        def open_it(what: Any) -> ReferenceChild:
            if what not in opened:
                path = what if isinstance(what, Path) else _make(what, tmp_path_factory.mktemp(what))
                found = find_tokenizer(path, "a.gguf")
                assert found is not None
                opened[what] = stack.enter_context(ReferenceChild(found))
            return opened[what]

        yield open_it


def _make(what: str, folder: Path) -> Path:
    from tokenizers import normalizers

    if what == "pieces":
        return toys.sentencepiece(folder / "tokenizer.model", symbols=("<|im_start|>", "<|im_end|>"))
    if what == "bos":
        config = {"bos_token": "<|endoftext|>", "add_bos_token": True}
        return toys.byte_level(folder, config=config)
    if what == "eos":
        return toys.byte_level(folder, config={"eos_token": "</tool_call>"})
    steps = {"nfc": normalizers.NFC(), "nfkc": normalizers.NFKC(), "lower": normalizers.Lowercase()}
    return toys.byte_level(folder, normalizer=steps.get(what))


def check(reference: ReferenceChild, folder: Path, *faults: Fault, pre: str = "qwen2") -> VocabularyCheck:
    keys = keys_of(reference, pre)
    for fault in faults:
        fault(keys)
    path = write(folder / "model.gguf", keys)
    return check_vocabulary(Vocabulary.from_header(read_header(path)), reference, model="model.gguf")


def codes(checked: VocabularyCheck) -> list[str]:
    return [d.code for d in checked.diagnostics]


@pytest.mark.parametrize("kind", ["plain", "bos", "pieces"])
def test_a_faithful_conversion_has_no_finding(references, tmp_path, kind):
    checked = check(references(kind), tmp_path)
    assert checked.diagnostics == ()
    assert checked.equal == checked.tokens > 300


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["plain", "pieces"])
def test_llama_cpp_agrees_about_the_faithful_conversion(references, tmp_path, llama_cpp, kind):
    """So what the faults below change is the fault and not the conversion."""
    path = write(tmp_path / "model.gguf", keys_of(references(kind)))
    with LlamaTokenizer(path) as engine:
        assert engine.tokenize_many(TEXTS, add_bos=False) == references(kind).encode_many(TEXTS)


def cut(name: str, count: int) -> Fault:
    def change(keys: Keys) -> None:
        keys[name] = keys[name][:-count]

    return change


def renamed(old: str, new: str) -> Fault:
    def change(keys: Keys) -> None:
        keys["tokens"][keys["tokens"].index(old)] = new

    return change


def added(text: str, kind: int) -> Fault:
    def change(keys: Keys) -> None:
        keys["tokens"].append(text)
        keys["token_type"].append(kind)

    return change


def without_last(keys: Keys) -> None:
    for name in ("tokens", "token_type"):
        keys[name] = keys[name][:-1]


def unknown_scores(keys: Keys) -> None:
    keys["scores"] = [s * 2 + (n % 7) for n, s in enumerate(keys["scores"])]


def normal_bytes(keys: Keys) -> None:
    keys["token_type"] = [1 if kind == 6 else kind for kind in keys["token_type"]]


SEEDED: list[tuple[str, str, Fault, str, str, str]] = [
    # name, reference, fault, code, what the message says, what repairs it
    ("another pre-tokenizer", "plain", said(pre="llama-bpe"), "MK752", "like 'qwen2'", "pre=qwen2"),
    ("pre-tokenizer of code models", "plain", said(pre="starcoder"), "MK752", "like 'qwen2'", "pre=qwen2"),
    ("no pre-tokenizer", "plain", said(pre=None), "MK752", "none, so `default`", "pre=qwen2"),
    ("default pre-tokenizer", "plain", said(pre="default"), "MK752", "'default'", "pre=qwen2"),
    ("unknown pre-tokenizer", "plain", said(pre="qwen99"), "MK752", "does not know", "pre=qwen2"),
    ("two ids swapped", "plain", swapped("tokens", 300, 301), "MK746", "2 tokens have another id", "convert"),
    (
        "control typed normal",
        "plain",
        typed("<|im_start|>", "normal"),
        "MK748",
        "1 control token as normal; llama.cpp splits the text",
        "convert",
    ),
    (
        "user-defined typed normal",
        "plain",
        typed("<tool_call>", "normal"),
        "MK748",
        "1 user-defined token as normal",
        "convert",
    ),
    (
        "user-defined typed control",
        "plain",
        typed("<tool_call>", "control"),
        "MK748",
        "leaves the text out of replies",
        "convert",
    ),
    (
        "control typed user-defined",
        "plain",
        typed("<|im_start|>", "user-defined"),
        "MK748",
        "replies show the text",
        "convert",
    ),
    (
        "word typed control",
        "plain",
        typed("Ġthe", "control"),
        "MK748",
        "wherever a user writes it",
        "convert",
    ),
    ("bytes typed normal", "pieces", normal_bytes, "MK748", "256 byte tokens as normal", "convert"),
    (
        "adds a BOS",
        "plain",
        said(add_bos_token=True, bos_token_id=0),
        "MK750",
        "a BOS in front",
        "bos_token=false",
    ),
    ("adds no BOS", "bos", said(add_bos_token=False), "MK750", "the BOS itself", "add_bos_token=true"),
    ("adds an EOS", "plain", said(add_eos_token=True), "MK750", "an EOS", "add_eos_token=false"),
    (
        "another BOS",
        "bos",
        said(bos_token_id=5),
        "MK749",
        "the tokenizer's BOS is '<|endoftext|>'",
        "bos_token_id",
    ),
    ("another EOS", "eos", said(eos_token_id=300), "MK749", "does not end a reply at '</tool_call>'", "eos_"),
    ("merges cut", "plain", cut("merges", 30), "MK755", "they differ from rank", "convert"),
    ("merges swapped", "plain", swapped("merges", 3, 4), "MK755", "from rank 3 on", "convert"),
    ("token renamed", "plain", renamed("Ġthe", "Ġzzz"), "MK745", "the tokenizer has 'Ġthe'", "convert"),
    ("special token lost", "plain", without_last, "MK744", "lacks 1 special token", "convert"),
    ("special token added", "plain", added("<|extra|>", 3), "MK747", "1 special token that", "fine-tuned"),
    ("word added", "plain", added("Ġzzz", 1), "MK747", "harmless", "fine-tuned"),
    ("no space prefix", "pieces", said(add_space_prefix=False), "MK751", "no space before", "prefix=true"),
    ("other scores", "pieces", unknown_scores, "MK756", "have other scores", "convert"),
]


@pytest.mark.parametrize(
    ("kind", "fault", "code", "says", "repair"),
    [row[1:] for row in SEEDED],
    ids=[row[0] for row in SEEDED],
)
def test_a_seeded_fault_is_found_and_named(references, tmp_path, kind, fault, code, says, repair):
    checked = check(references(kind), tmp_path, fault)
    found = [d for d in checked.diagnostics if d.code == code]
    assert len(found) == 1, checked.diagnostics
    assert says in found[0].message and repair in found[0].help
    # one fault, one finding: nothing else is blamed
    assert set(codes(checked)) == {code}


ENGINE = ["pre-tokenizer of code models", "no pre-tokenizer", "two ids swapped", "control typed normal"]
ENGINE += ["merges cut", "no space prefix", "token renamed", "special token lost"]


@pytest.mark.engine
@pytest.mark.parametrize("name", ENGINE)
def test_llama_cpp_gives_other_tokens_because_of_the_fault(references, tmp_path, llama_cpp, name):
    """The two libraries themselves confirm that what is called an error changes tokens."""
    [(_, kind, fault, *_rest)] = [row for row in SEEDED if row[0] == name]
    reference = references(kind)
    keys = keys_of(reference)
    fault(keys)
    texts = [*TEXTS, *toys.TEXT, *(f"a{t}b" for t in (*toys.CONTROL, *toys.WORDS))]
    with LlamaTokenizer(write(tmp_path / "model.gguf", keys)) as engine:
        assert engine.tokenize_many(texts, add_bos=False) != reference.encode_many(texts)


def test_a_tokenizer_of_another_model(references, tmp_path):
    keys = keys_of(references("pieces"))
    path = write(tmp_path / "model.gguf", keys)
    checked = check_vocabulary(Vocabulary.from_header(read_header(path)), references("plain"))
    assert codes(checked) == ["MK743"]
    assert "is another model's tokenizer" in checked.diagnostics[0].message


@pytest.mark.parametrize(
    ("kind", "severity", "says"),
    [
        ("nfc", Severity.INFO, "NFC"),
        ("nfkc", Severity.WARNING, "NFKC"),
        ("lower", Severity.WARNING, "Lowercase"),
    ],
)
def test_a_normalizer_is_named(references, tmp_path, kind, severity, says):
    checked = check(references(kind), tmp_path)
    assert [(d.code, d.severity) for d in checked.diagnostics] == [("MK754", severity)]
    assert says in checked.diagnostics[0].message


def test_tokens_that_take_spaces_with_them(references, tmp_path):
    import json

    folder = toys.byte_level(tmp_path / "tokenizer")
    data = json.loads((folder / "tokenizer.json").read_text())
    data["added_tokens"][1]["rstrip"] = True
    (folder / "tokenizer.json").write_text(json.dumps(data))
    checked = check(references(folder), tmp_path)
    assert codes(checked) == ["MK757"]
    assert repr(data["added_tokens"][1]["content"]) in checked.diagnostics[0].message


def test_whole_pieces(references, tmp_path):
    """A tokenizer that takes a word whole which no merge makes, under a name that puts it together."""
    import json

    folder = toys.byte_level(tmp_path / "tokenizer")
    data = json.loads((folder / "tokenizer.json").read_text())
    data["model"]["ignore_merges"] = True
    last = data["model"]["merges"].pop()
    (folder / "tokenizer.json").write_text(json.dumps(data))
    checked = check(references(folder), tmp_path)
    assert codes(checked) == ["MK758"]
    assert "".join(last) in checked.diagnostics[0].message


REAL = [
    ("llama3_1", "llama-bpe", set()),
    ("qwen3", "qwen2", {"MK744", "MK754"}),
]


@pytest.mark.parametrize(("package", "name", "expected"), REAL)
def test_real_pairs(references, package, name, expected):
    """Llama 3.1: no finding. Qwen: text in NFC, and the tokens that Qwen3 has beyond Qwen2."""
    reference = references(part(package))
    checked = check_vocabulary(Vocabulary.from_header(read_header(vocabulary(name))), reference)
    assert set(codes(checked)) == expected
    missing = [d for d in checked.diagnostics if d.code == "MK744"]
    assert all("lacks 23 special tokens" in d.message for d in missing)
    assert checked.equal == checked.tokens - (23 if missing else 0)


def test_a_real_tokenizer_of_another_model_is_recognised(references):
    """By the checksum that llama.cpp's own converter knows, with every family that is known to share it."""
    header = read_header(vocabulary("llama-bpe"))
    [found] = check_vocabulary(Vocabulary.from_header(header), references(part("qwen3"))).diagnostics
    assert found.code == "MK743" and "or Qwen/Qwen3 or Qwen/Qwen1.5-7B, or of a model with" in found.message
    [found] = check_vocabulary(Vocabulary.from_header(header), references(part("gemma3"))).diagnostics
    assert "its tokens are those of google/gemma-3 or ibm-granite/granite-embedding-311m" in found.message
