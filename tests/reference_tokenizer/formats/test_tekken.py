"""tekken.json, compared with mistral-common."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.core.errors import EngineError
from tests.real_tokenizers import part
from tests.reference_tokenizer import toys


def test_ids_are_ranks_behind_the_special_tokens(opened, tmp_path):
    child = opened(toys.tekken(tmp_path / "tekken.json"))
    assert child.encode("hello[INST]hello w") == [22 + 259, 3, 22 + 259, 22 + 260]
    assert child.vocabulary.texts[22 + 260] == "Ġw"
    assert child.facts.special["bos"] == ("<s>", 1) and child.facts.size == 261 + 22
    assert child.vocabulary.texts[21] == "<SPECIAL_21>" and child.vocabulary.kinds[21] == "control"


def test_a_list_of_special_tokens(opened, tmp_path):
    rows = [
        {"rank": 0, "token_str": "<unk>", "is_control": True},
        {"rank": 1, "token_str": "<s>", "is_control": True},
        {"rank": 2, "token_str": "[THINK]", "is_control": False},
    ]
    child = opened(toys.tekken(tmp_path / "tekken.json", config={"version": "v13"}, special_tokens=rows))
    assert child.vocabulary.texts[2] == "[THINK]" and child.vocabulary.kinds[2] == "user-defined"


def test_only_the_default_size_is_used(opened, tmp_path):
    child = opened(toys.tekken(tmp_path / "tekken.json", config={"default_vocab_size": 22 + 258}))
    assert child.facts.size == 280 and child.vocabulary.id_of("hello") is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"config": {"version": "v13"}}, "of version v13 and has no list of special tokens"),
        ({"config": {"default_vocab_size": 10**12}}, "says 1000000000000 tokens"),
        ({"config": {"pattern": "(("}}, "pattern or its tokens cannot be used"),
        ({"vocab": []}, "256 of the 256 single bytes"),
        ({"vocab": [{"rank": "x"}]}, "not a tekken.json"),
        ({"config": {"default_vocab_size": float("inf")}}, "not a tekken.json"),
        ({"special_tokens": [{"rank": 0, "token_str": "\ud800"}]}, "half of a pair of surrogates"),
    ],
)
def test_broken_files(opened, tmp_path, changes, text):
    with pytest.raises(EngineError, match=text) as caught:
        opened(toys.tekken(tmp_path / "tekken.json", **changes))
    assert caught.value.code == "MK741"


def test_mistrals_own_files(opened):
    """Token texts that mistral-common writes beside the bytes are a second source for the ids."""
    path = part("mistral-common") / "tekken_240911.json"
    rows = json.loads(path.read_text())["vocab"]
    child = opened(path)
    words = [r for r in rows[5000:130_000:997] if r["token_str"] and r["token_str"].strip().isalpha()]
    assert len(words) > 50
    for row in words:
        assert child.encode(row["token_str"]) == [row["rank"] + 1000]
