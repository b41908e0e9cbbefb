"""Quantizations of one model have the same shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.gguf_file import Header, read_header
from modelfile_kit.gguf_file.same_model import other_model, value_text
from tests.gguf_file.handmade import Typed, gguf

KEYS: dict[str, Any] = {
    "general.architecture": Typed("string", "llama"),
    "llama.block_count": Typed("uint32", 32),
    "llama.embedding_length": Typed("uint32", 4096),
    "llama.feed_forward_length": Typed("int32[]", [1, 2]),
    "general.file_type": Typed("uint32", 15),
}


def header(folder: Path, **changes: Any) -> Header:
    path = folder / "a.gguf"
    path.write_bytes(gguf({**KEYS, **{k.replace("__", "."): v for k, v in changes.items()}}))
    return read_header(path)


def test_other_weights_and_names_are_the_same_model(tmp_path: Path) -> None:
    main = header(tmp_path)
    assert other_model(header(tmp_path, general__file_type=Typed("uint32", 7)), main) == ""
    assert other_model(header(tmp_path, general__name=Typed("string", "b")), main) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"general__architecture": Typed("string", "qwen3")}, "its architecture is qwen3, not llama"),
        ({"llama__block_count": Typed("uint32", 33)}, "llama.block_count is 33, not 32"),
        ({"llama__embedding_length": Typed("uint64", 5120)}, "llama.embedding_length is 5120, not 4096"),
        (
            {"llama__feed_forward_length": Typed("int32[]", [1, 3])},
            "length is [1, 3], not [1, 2]",
        ),
        ({"llama__expert_count": Typed("uint32", 8)}, "llama.expert_count is 8, not missing"),
    ],
)
def test_another_shape(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in other_model(header(tmp_path, **change), header(tmp_path))


def test_a_type_of_number_is_no_difference(tmp_path: Path) -> None:
    assert other_model(header(tmp_path, llama__block_count=Typed("uint64", 32)), header(tmp_path)) == ""


def test_long_values_are_cut() -> None:
    assert len(value_text("a" * 1000)) == 60
