"""Quantizations by name and header, as files of the hub are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.quantization import contradiction, quantization_in_name, quantization_of, tag_of
from tests.gguf_file.handmade import Typed, gguf


@pytest.mark.parametrize(
    ("name", "quantization", "tag"),
    [
        ("Qwen3-VL-8B-Instruct-Q4_K_M.gguf", "Q4_K_M", "q4_K_M"),
        ("gemma-3-4b-it-UD-Q4_K_XL.gguf", "UD-Q4_K_XL", "ud-q4_K_XL"),
        ("model.IQ3_XXS.gguf", "IQ3_XXS", "iq3_XXS"),
        ("qwen2.5-7b-instruct-q8_0-00001-of-00003.gguf", "q8_0", "q8_0"),
        ("gpt-oss-20b-mxfp4.gguf", "mxfp4", "mxfp4"),
        ("Llama-BF16.gguf", "BF16", "bf16"),
        ("sub/folder/a-f16.gguf", "f16", "f16"),
        ("no-quantization.gguf", "", ""),
    ],
)
def test_of_a_name(name: str, quantization: str, tag: str) -> None:
    assert quantization_in_name(name) == quantization
    assert tag_of(quantization) == tag


def write(folder: Path, name: str, file_type: int | None) -> Path:
    path = folder / name
    keys = {"general.architecture": Typed("string", "llama")}
    if file_type is not None:
        keys["general.file_type"] = Typed("uint32", file_type)
    path.write_bytes(gguf(keys))
    return path


def test_the_name_is_finer_than_the_header(tmp_path: Path) -> None:
    assert quantization_of(read_header(write(tmp_path, "a-UD-Q4_K_XL.gguf", 15))) == "UD-Q4_K_XL"
    assert quantization_of(read_header(write(tmp_path, "a.gguf", 7))) == "Q8_0"
    assert quantization_of(read_header(write(tmp_path, "b.gguf", None))) == ""


@pytest.mark.parametrize(
    ("tag", "file_type", "says"),
    [
        ("q4_K_M", 15, ""),
        ("Q4_K", 15, ""),
        ("fp16", 1, ""),
        ("q4_K_M", 7, "Q8_0"),
        ("ud-q4_K_XL", 15, ""),  # a mixture of its own, not a type of llama.cpp
        ("small", 7, ""),
        ("q4_K_M", None, ""),
    ],
)
def test_a_tag_that_the_header_denies(tag: str, file_type: int | None, says: str, tmp_path: Path) -> None:
    assert contradiction(read_header(write(tmp_path, "a.gguf", file_type)), tag) == says
