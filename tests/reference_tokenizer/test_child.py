"""The process that holds a tokenizer: hostile files cost that process and nothing else."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError, MissingDependencyError
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import Found

from . import toys


def change(folder: Path, edit) -> Path:
    path = folder / "tokenizer.json"
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))
    return path


def test_requests_and_their_answers(tmp_path, opened):
    child = opened(toys.byte_level(tmp_path))
    text = "<|im_start|>user\nIt's 123<|im_end|>"
    ids = child.encode(text)
    texts = [child.vocabulary.texts[i] for i in ids]
    assert texts[0] == "<|im_start|>" and texts[-1] == "<|im_end|>"
    assert "".join(texts[1:-1]).replace("Ġ", " ").replace("Ċ", "\n") == "user\nIt's 123"
    assert child.encode_many([]) == [] and child.encode_many([""]) == [[]]
    assert child.split_many(["a 12", ""]) == [["a", " ", "1", "2"], []]


def test_half_a_surrogate_is_a_replacement_character(tmp_path, opened):
    child = opened(toys.byte_level(tmp_path))
    assert child.encode("a\ud800b") == child.encode("a\ufffdb")


@pytest.mark.parametrize(
    ("module", "kind"),
    [("tokenizers", "tokenizer.json"), ("sentencepiece", "tokenizer.model"), ("tiktoken", "tiktoken")],
)
def test_a_missing_library_is_named_with_the_way_to_get_it(tmp_path, monkeypatch, module, kind):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))
    with pytest.raises(MissingDependencyError, match=module) as caught:
        ReferenceChild(Found(kind, tmp_path / "x"))
    assert 'pip install "modelfile-kit[tokenizers]"' in caught.value.help


PANICS = json.dumps(
    {
        "version": "1.0",
        "added_tokens": [],
        "model": {
            "type": "BPE",
            "continuing_subword_prefix": "##",
            "vocab": {"a": 0, "b": 1, "ab": 2},
            "merges": [["a", "b"]],
        },
    }
)
"""The library cuts the prefix off the second half without a look."""


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "broken JSON in line 1, column 2"),
        ('{"model": 7}', "no tokenizer.json"),
        ('{"version": "1.0"}', "no tokenizer.json"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}', "cannot read it"),
        ('{"model": {"type": "BPE", "vocab": {"a": 4294967295}, "merges": []}}', "has the id 4294967295"),
        ('{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}', "cannot read it"),
        ('{"model": {"type": "Wonder", "vocab": {}}}', "cannot read it"),
        (PANICS, "the library `tokenizers` fails on it: "),
    ],
)
def test_a_broken_tokenizer_json_is_named_with_its_fault(tmp_path, opened, content, text):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(EngineError, match=text) as caught:
        opened(tmp_path)
    assert caught.value.code == "MK741"
    assert str(tmp_path / "tokenizer.json") in caught.value.message


def test_a_slow_regular_expression_ends_its_process_alone(tmp_path, opened):
    """Oniguruma gives up on most such expressions by a panic that ends the process."""
    folder = toys.byte_level(tmp_path, pattern=r"(?:x+x+)+y")
    child = opened(folder)
    with pytest.raises(EngineError, match="retry-limit-in-match") as caught:
        child.encode("x" * 4000 + "!")
    assert caught.value.code == "MK742"
    assert str(folder / "tokenizer.json") in caught.value.message


def test_a_stopped_library_is_ended(tmp_path, opened):
    import signal

    child = opened(toys.byte_level(tmp_path))
    os.kill(child.pid, signal.SIGSTOP)
    child.timeout = 0.2
    with pytest.raises(EngineError, match=r"more than 0\.2 s to answer \(encode\)") as caught:
        child.encode("a")
    assert caught.value.code == "MK742"


def test_a_dead_library_is_a_finding(tmp_path, opened):
    import signal

    child = opened(toys.byte_level(tmp_path))
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="ended its process") as caught:
        child.encode("a")
    assert caught.value.code == "MK742"


def test_memory_has_a_bound(tmp_path, libraries, monkeypatch):
    """A vocabulary that needs more than its process may take ends that process."""
    text = (
        "from modelfile_kit.reference_tokenizer import worker; worker.MEMORY_BYTES = 512 * 1024**2; "
        "worker.limit_memory(); bytearray(1024**3)"
    )
    import subprocess
    import sys

    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert "MemoryError" in run.stderr


MANY = 1_000_000 if os.environ.get("MKMODELFILE_SOAK") == "1" else 100_000


def test_many_tokens_are_read(tmp_path, opened):
    """A million of them with `make soak`."""
    folder = toys.byte_level(tmp_path)

    def grow(data):
        size = len(data["model"]["vocab"])
        data["model"]["vocab"] |= {f"t{n}": size + n for n in range(MANY)}
        for token in data["added_tokens"]:
            token["id"] += MANY

    change(folder, grow)
    child = opened(folder)
    assert child.facts.size > MANY
    assert child.vocabulary.texts[-6] == f"t{MANY - 1}" and len(child.vocabulary) == child.facts.size
