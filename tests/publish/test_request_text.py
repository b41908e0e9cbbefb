from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.core.errors import ModelfileError, UsageError
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama.grammar import parse_modelfile
from modelfile_kit.publish.create_request import CreateRequest, make_request
from modelfile_kit.publish.request_text import modelfile_of


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    pair = build_pair(folder)
    for name in ("adapter.gguf", "draft.gguf"):
        shutil.copyfile(pair.model, folder / name)
    return folder


def read(text, folder):
    return make_request(parse_modelfile(text), folder)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "TEMPLATE x",
        'TEMPLATE """{{ .Prompt }}\n  two lines\n"""\nSYSTEM "  padded  "',
        'PARAMETER stop <|user|>\nPARAMETER stop "  a"\nPARAMETER temperature 0.5\nPARAMETER num_ctx 4096',
        "PARAMETER penalize_newline true\nMESSAGE user 你好\nMESSAGE assistant hi",
        "LICENSE a\nLICENSE b\nRENDERER qwen3-vl-instruct\nPARSER qwen3\nREQUIRES 0.30.0",
        "ADAPTER ./adapter.gguf\nDRAFT ./draft.gguf",
    ],
)
def test_the_text_is_read_back_as_the_same_request(rest, files):
    """The reader is the one for Modelfiles of people, which is held against Ollama's own parser."""
    meant = read(f"FROM ./micro-glm4v.gguf\nFROM mmproj-micro-glm4v.gguf\n{rest}\n", files)
    text = modelfile_of(meant, patterns=True)
    elsewhere = Path("/")
    assert read(text, elsewhere) == replace(meant, diagnostics=())


def test_a_model_of_the_server_stays_one(files):
    meant = read("FROM llama3.2\nSYSTEM s\n", files)
    assert modelfile_of(meant, patterns=True) == "FROM llama3.2\nSYSTEM s\n"


def test_a_folder_of_safetensors_is_named_as_the_folder(tmp_path):
    for name in ("model-00001-of-00001.safetensors", "config.json"):
        (tmp_path / name).write_bytes(b"{}")
    meant = read("FROM .\n", tmp_path)
    assert modelfile_of(meant, patterns=True) == f"FROM {tmp_path}\n"


def test_a_path_that_is_a_pattern_is_refused_where_it_would_be_one(tmp_path):
    build_pair(tmp_path / "ab")  # which the name of the other folder means, as a pattern
    pair = build_pair(tmp_path / "a[b]")
    meant = CreateRequest(files=make_request(parse_modelfile(f"FROM {pair.model}"), tmp_path).files)
    with pytest.raises(UsageError, match="read it as a pattern") as e:
        modelfile_of(meant, patterns=True)
    assert e.value.code == "MK439"
    assert modelfile_of(meant, patterns=False) == f"FROM {pair.model}\n"


def test_a_text_that_no_modelfile_holds_is_refused(files):
    meant = replace(read("FROM ./micro-glm4v.gguf\n", files), system="a\u200bb")
    with pytest.raises(ModelfileError, match=r"U\+200B"):
        modelfile_of(meant, patterns=True)
