"""What the files beside a tokenizer say."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.reference_tokenizer.formats.config_files import ConfigFiles
from modelfile_kit.reference_tokenizer.reference import AddedToken
from modelfile_kit.runtime.frames import Refused


def files(tmp_path, **contents):
    named = {}
    for name, content in contents.items():
        path = tmp_path / f"{name}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        named[path.name] = str(path)
    return ConfigFiles(named)


def test_special_tokens_as_texts_and_objects(tmp_path):
    config = files(
        tmp_path,
        tokenizer_config={"bos_token": {"content": "<s>"}, "eos_token": None},
        special_tokens_map={"bos_token": "<other>", "eos_token": "</s>", "pad_token": {}},
    )
    assert config.special == {"bos": "<s>", "eos": "</s>"}


def test_added_tokens_in_the_order_of_their_ids(tmp_path):
    decoder = {"9": {"content": "b", "special": True}, "7": {"content": "a", "rstrip": True}}
    config = files(tmp_path, tokenizer_config={"added_tokens_decoder": decoder}, added_tokens={"c": 8})
    assert config.added == [
        AddedToken(7, "a", rstrip=True),
        AddedToken(8, "c"),
        AddedToken(9, "b", special=True),
    ]
    assert config.origin(config.added[1]) == "added_tokens.json"


def test_flags(tmp_path):
    config = files(tmp_path, tokenizer_config={"add_bos_token": True, "legacy": "yes"})
    assert (config.flag("add_bos_token"), config.flag("legacy"), config.flag("x")) == (True, None, None)
    assert ConfigFiles({}).special == {} and ConfigFiles({}).added == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{,}", "tokenizer_config.json: broken JSON in line 1, column 2"),
        ("[]", "holds list, expected a JSON object"),
        ({"added_tokens_decoder": {"x": {"content": "a"}}}, "'x' is not a token with an id"),
        ({"added_tokens_decoder": {"1": "a"}}, "'1' is not a token with an id"),
    ],
)
def test_broken_files_are_named(tmp_path, content, text):
    with pytest.raises(Refused, match=text):
        _ = files(tmp_path, tokenizer_config=content).added
