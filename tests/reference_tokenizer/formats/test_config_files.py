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
        tokenizer_config={"bos_token": {"content": "<s>"}, "unk_token": "<unk>", "eos_token": None},
        special_tokens_map={"bos_token": "<other>", "eos_token": "</s>", "pad_token": {}},
    )
    # transformers, tokenization_utils_base.py: special_tokens_map.json has the last word.
    assert config.special == {"bos": "<other>", "eos": "</s>", "unk": "<unk>"}


def test_a_list_of_added_tokens_replaces_the_other_files(tmp_path):
    """As transformers has it: with an added_tokens_decoder it reads nothing else."""
    config = files(
        tmp_path,
        tokenizer_config={"bos_token": "<s>", "added_tokens_decoder": {"7": {"content": "a"}}},
        special_tokens_map={"bos_token": "<other>", "eos_token": "</s>"},
        added_tokens={"c": 8},
    )
    assert config.special == {"bos": "<s>"}
    assert config.added == [AddedToken(7, "a")]
    assert config.origin == "tokenizer_config.json"


def test_special_tokens_that_are_named(tmp_path):
    config = files(
        tmp_path,
        tokenizer_config={
            "eos_token": {"content": "</s>", "lstrip": True},
            "additional_special_tokens": ["<a>", {"content": "<b>", "rstrip": True}, 7, "</s>"],
            "extra_special_tokens": {"image_token": "<image>"},
        },
    )
    assert config.named == [
        AddedToken(-1, "</s>", special=True, lstrip=True),
        AddedToken(-1, "<a>", special=True),
        AddedToken(-1, "<b>", special=True, rstrip=True),
        AddedToken(-1, "<image>", special=True),
    ]


def test_added_tokens_in_the_order_of_their_ids(tmp_path):
    decoder = {"9": {"content": "b", "special": True}, "7": {"content": "a", "rstrip": True}}
    config = files(tmp_path, tokenizer_config={"added_tokens_decoder": decoder})
    assert config.added == [AddedToken(7, "a", rstrip=True), AddedToken(9, "b", special=True)]
    config = files(tmp_path, tokenizer_config={"eos_token": "b"}, added_tokens={"b": 9, "a": 7})
    assert config.added == [AddedToken(7, "a", normalized=True), AddedToken(9, "b", special=True)]
    assert config.origin == "added_tokens.json"


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
        ({"added_tokens_decoder": {"2000000": {"content": "a"}}}, "gives 'a' the id 2000000, ids from 0"),
        ('{"eos_token": "\\ud800"}', "half of a pair of surrogates"),
        ('{"x": 1' + "0" * 5000 + "}", "tokenizer_config.json: its JSON cannot be read: Exceeds the limit"),
        ("[" * 100_000, "tokenizer_config.json: its JSON is nested too deeply"),
    ],
)
def test_broken_files_are_named(tmp_path, content, text):
    with pytest.raises(Refused, match=text):
        _ = files(tmp_path, tokenizer_config=content).added


@pytest.mark.parametrize("number", ["-1", "true", "2000000", "1e3", '"7"'])
def test_an_id_that_is_none(tmp_path, number):
    """A negative one would stand at the end of the vocabulary."""
    with pytest.raises(Refused, match=r"added_tokens.json: '<a>' has the id .*, ids from 0 to"):
        _ = files(tmp_path, added_tokens=f'{{"<a>": {number}}}').added
