"""Detection of known templates without their texts; with them it is held against Ollama itself."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.detection import detect


def test_far_from_all():
    found = detect("{% for m in messages %}" + "§" * 200)
    assert (found.name, found.certain, bool(found)) == ("", True, False)


def test_a_chatml_of_another_spelling_is_recognised():
    """A real Ollama 0.33.0 put its own template in the place of this one (27 November 2026)."""
    found = detect(
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    assert (found.name, found.certain, found.stops) == ("chatml", True, ("<|im_start|>", "<|im_end|>"))


def test_the_same_letters_in_another_order_are_far():
    found = detect("{% endfor %}{{ message['role'] + message['content'] }}{% for message in messages %}" * 2)
    assert (found.name, found.certain) == ("", True)


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
