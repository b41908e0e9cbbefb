"""Detection of known templates without their texts; with them it is held against Ollama itself."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.detection import detect


def test_far_from_all():
    found = detect("{% for m in messages %}" + "§" * 200)
    assert (found.name, found.certain, bool(found)) == ("", True, False)


def test_near_by_its_letters_is_not_certain():
    found = detect("{% for message in messages %}{{ message['role'] + message['content'] }}{% endfor %}" * 2)
    assert not found.certain
    assert found.candidates


def test_with_the_texts(tmp_path):
    known = "{% for m in messages %}" + "x" * 300
    index = [{"name": "chatml", "template": known}, {"name": "gemma3-instruct", "template": known + "y"}]
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert detect(known, folder=tmp_path).name == "chatml"
    assert detect(known, folder=tmp_path).stops == ("<|im_start|>", "<|im_end|>")
    assert detect(known + "y", folder=tmp_path).name == "gemma3-instruct"
    assert detect(known + "y", "0.5.13", folder=tmp_path).name == "chatml"
    assert detect(known + "z" * 99, folder=tmp_path).name == "chatml"
    assert detect(known + "z" * 100, folder=tmp_path).name == ""
    assert detect(known + "y" + "z" * 99, folder=tmp_path).name == "gemma3-instruct"
    assert detect("z" + known[2:], folder=tmp_path).name == "chatml"


def test_a_wrong_folder(tmp_path):
    with pytest.raises(UsageError, match="template folder"):
        detect("x", folder=tmp_path)
