"""tokenizer.json, compared with transformers' own way of loading a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelfile_kit.core.errors import EngineError
from modelfile_kit.reference_tokenizer.formats.config_files import ConfigFiles
from modelfile_kit.reference_tokenizer.formats.tokenizer_json import TokenizerJson
from tests.real_tokenizers import part
from tests.reference_tokenizer import toys

TEXTS = [
    "Hello wörld, it's 1234567!\n\n\tdef f(x):\n        return x",
    "e\u0301 \u1112\u1161\u11ab 今天天气很好 👩‍👩‍👧 \u00a0\u3000 '\u0130S",
    "<|im_start|>user\nHi<|im_end|>\n<tool_call>{}</tool_call> <s> </s> <bos><end_of_turn>",
    "   leading and trailing   ",
    "",
]

THEIRS = """
import json, sys
from transformers import AutoTokenizer
folder, texts = sys.argv[1], json.load(sys.stdin)
t = AutoTokenizer.from_pretrained(folder)
json.dump([
    {n: i for n, i in t.get_vocab().items()},
    [t(x, add_special_tokens=False)["input_ids"] for x in texts],
    [t.bos_token_id, t.eos_token_id, t.pad_token_id],
    sorted(n for n, a in t.added_tokens_decoder.items() if a.special),
], sys.stdout)
"""


def theirs(folder):
    pytest.importorskip("transformers", reason="needs transformers (extra judges)")
    run = subprocess.run(
        [sys.executable, "-c", THEIRS, str(folder)], input=json.dumps(TEXTS), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", ["qwen3", "llama3_1"])
def test_real_folders_give_the_ids_of_transformers(opened, name):
    folder = part(name)
    child = opened(folder)
    vocabulary, ids, roles, control = theirs(folder)
    assert child.encode_many(TEXTS) == ids
    assert {t: i for i, t in enumerate(child.vocabulary.texts) if t is not None} == vocabulary
    mine = [child.facts.special.get(role) for role in ("bos", "eos", "pad")]
    assert [None if m is None else m[1] for m in mine] == roles
    assert [t.id for t in child.facts.added if t.special] == control


def test_what_a_tokenizer_says_about_itself(opened, tmp_path):
    from tokenizers import normalizers

    folder = toys.byte_level(tmp_path, normalizer=normalizers.NFC())
    facts = opened(folder).facts
    assert (facts.kind, facts.algorithm, facts.spelling) == ("tokenizer.json", "BPE", "byte-level")
    assert facts.normalizer == ("NFC",)
    assert facts.pre_tokenizer[0] == f"Split(Isolated) {toys.QWEN}" and facts.patterns == (toys.QWEN,)
    assert facts.special["eos"][0] == "<|im_end|>" and "bos" not in facts.special
    assert not facts.adds_bos and not facts.byte_fallback and facts.space_prefix is False
    assert [t.text for t in facts.added if not t.special] == list(toys.WORDS)
    assert facts.files[0].endswith("tokenizer.json") and facts.files[1].endswith("tokenizer_config.json")


def test_the_normalizer_is_asked(opened, tmp_path):
    from tokenizers import normalizers

    child = opened(toys.byte_level(tmp_path, normalizer=normalizers.NFC()))
    assert child.normalize_many(["e\u0301", "x"]) == ["é", "x"]
    assert child.encode("e\u0301") == child.encode("é")


def test_tokens_of_the_configuration_are_added(opened, tmp_path):
    size = opened(toys.byte_level(tmp_path)).facts.size
    token = {"content": "<think>", "special": False, "lstrip": True}
    toys.byte_level(tmp_path, config={"added_tokens_decoder": {str(size): token}})
    child = opened(tmp_path)
    assert child.encode("<think>") == [size]
    assert child.vocabulary.kinds[size] == "user-defined"
    assert child.facts.added[-1].lstrip


MANY = """
import json, sys
from transformers import AutoTokenizer
folders, texts = json.load(sys.stdin)
json.dump([[t.encode(x, add_special_tokens=False) for x in texts]
           for t in map(AutoTokenizer.from_pretrained, folders)], sys.stdout)
"""


def test_configurations_count_as_with_transformers(opened, tmp_path):
    """Flags that differ from tokenizer.json, and special tokens that are none there."""
    pytest.importorskip("transformers", reason="needs transformers (extra judges)")
    size = opened(toys.byte_level(tmp_path)).facts.size
    control, word = toys.CONTROL[0], toys.WORDS[0]
    there = {t.text: t for t in opened(tmp_path).facts.added}
    plain = {"content": control, "special": True}
    flags = [
        {"lstrip": True},
        {"rstrip": True},
        {"special": False, "normalized": True},
        {"single_word": True},
    ]
    configs: list[dict[str, Any]] = [
        {"added_tokens_decoder": {str(there[control].id): {**plain, **flag}}} for flag in flags
    ]
    configs += [
        {"added_tokens_decoder": {str(there[word].id): {"content": word, "lstrip": True, "rstrip": True}}},
        {"added_tokens_decoder": {str(size): {"content": "<a>", "special": True}}, "eos_token": "<b>"},
        {"eos_token": "<a>"},
        {"eos_token": "ell"},
        {"pad_token": {"__type": "AddedToken", "content": "<a>", "lstrip": True, "normalized": False}},
        {"eos_token": {"__type": "AddedToken", "content": control, "lstrip": True, "normalized": False}},
        {"additional_special_tokens": ["<a>", "<b>"]},
        {"extra_special_tokens": {"my_token": "<a>"}},
        {"extra_special_tokens": ["<a>"]},
        {"split_special_tokens": True},
    ]
    beside: list[
        tuple[dict[str, Any], ...]
    ] = [  # special_tokens_map.json and added_tokens.json, which an added_tokens_decoder replaces
        ({}, {"eos_token": "<a>", "additional_special_tokens": ["<b>"]}, {}),
        ({"eos_token": "<a>"}, {"eos_token": "<b>"}, {}),
        ({"added_tokens_decoder": {str(size): {"content": "<a>"}}}, {"eos_token": "<b>"}, {"<b>": size + 1}),
        ({"eos_token": "<b>"}, {}, {"<a>": size, "<b>": size + 1, word: there[word].id}),
    ]
    configs += [config for config, _, _ in beside]
    folders = []
    for number, config in enumerate(configs):
        folder = tmp_path / str(number)
        folder.mkdir()
        toys.byte_level(folder, config={"tokenizer_class": "PreTrainedTokenizerFast", **config})
        folders.append(str(folder))
    for folder, (_, named, added) in zip(folders[-len(beside) :], beside, strict=True):
        for name, content in (("special_tokens_map.json", named), ("added_tokens.json", added)):
            if content:
                Path(folder, name).write_text(json.dumps(content))
    texts = [f"hello {t} hello x{t}y{t} {t}" for t in (control, word, "<a>", "<b>", "ell")]
    run = subprocess.run(
        [sys.executable, "-c", MANY], input=json.dumps([folders, texts]), capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-2000:]
    expected = json.loads(run.stdout)
    assert len({json.dumps(ids) for ids in expected}) > 8, "the configurations differ from each other"
    for folder, ids in zip(folders, expected, strict=True):
        assert opened(folder).encode_many(texts) == ids, folder


def test_a_configuration_of_another_model_is_named(opened, tmp_path):
    toys.byte_level(tmp_path, config={"added_tokens_decoder": {"9999": {"content": "<think>"}}})
    with pytest.raises(EngineError, match="do not belong together") as caught:
        opened(tmp_path)
    assert "tokenizer_config.json gives '<think>' the id 9999" in caught.value.message


def test_nothing_is_left_to_chance(opened, tmp_path):
    """A tokenizer that was saved with dropout, truncation and padding gives what it gives without."""
    text = "The quick brown fox jumps over the lazy dog. " * 5
    expected = opened(toys.byte_level(tmp_path)).encode(text)
    path = tmp_path / "tokenizer.json"
    data = json.loads(path.read_text())
    data["model"]["dropout"] = 0.5
    data["truncation"] = {"direction": "Right", "max_length": 9, "strategy": "LongestFirst", "stride": 0}
    path.write_text(json.dumps(data))
    assert opened(tmp_path).encode(text) == expected


def test_kinds_of_tokens(opened, tmp_path):
    child = opened(toys.byte_level(tmp_path))
    kind = {t: child.vocabulary.kinds[child.vocabulary.id_of(t)] for t in (*toys.CONTROL, *toys.WORDS, "Ġ")}
    assert kind == dict.fromkeys(toys.CONTROL, "control") | dict.fromkeys(toys.WORDS, "user-defined") | {
        "Ġ": "normal"
    }


def test_bert(opened, tmp_path):
    child = opened(toys.word_piece(tmp_path / "tokenizer.json"))
    facts = child.facts
    assert (facts.algorithm, facts.spelling) == ("WordPiece", "word pieces")
    assert facts.adds_bos and facts.adds_eos
    assert facts.special["bos"][0] == "[CLS]" and facts.special["eos"][0] == "[SEP]"
    ids = child.encode("the Fox", add_special=True)
    assert [child.vocabulary.texts[i] for i in (ids[0], ids[-1])] == ["[CLS]", "[SEP]"]


def test_bos_as_the_configuration_says(opened, tmp_path):
    config = {"bos_token": "<|endoftext|>", "add_bos_token": True, "tokenizer_class": "LlamaTokenizerFast"}
    child = opened(toys.byte_level(tmp_path, config=config))
    bos = child.facts.special["bos"][1]
    assert child.facts.adds_bos and child.encode("a", add_special=True) == [bos, *child.encode("a")]


class Counting:
    """A tokenizer that counts how often its whole vocabulary is asked for."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.asked = 0

    def __getattr__(self, name):
        self.asked += name == "get_vocab"
        return getattr(self.tokenizer, name)


def test_the_library_writes_out_the_vocabulary_once(tmp_path, monkeypatch):
    """It takes seconds for a million tokens, each time."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers (extra tokenizers)")
    text = (toys.byte_level(tmp_path) / "tokenizer.json").read_text()
    counting = Counting(tokenizers.Tokenizer.from_str(text))
    monkeypatch.setattr(tokenizers, "Tokenizer", SimpleNamespace(from_str=lambda _: counting))
    loaded = TokenizerJson(text, ConfigFiles({}))
    assert loaded.facts()["size"] == len(loaded.tokens()[0]) > 256
    assert loaded.tokens()[0][10]
    assert counting.asked == 1
