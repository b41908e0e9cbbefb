"""Folders with weights: what has to be called to get a GGUF, and a package that builds once it is there."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from modelfile_kit.core.errors import KitError, UsageError
from modelfile_kit.drafting.folder import draft_folder, ggufs_in
from modelfile_kit.package.package import load_package

TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}"


def folder_of(path: Path, **files: object) -> Path:
    path.mkdir()
    whole = {"config.json": {"model_type": "glm4", "dtype": "bfloat16"}, "tokenizer.json": {}, **files}
    whole.setdefault("model.safetensors", b"\x08\0\0\0\0\0\0\0{}      ")
    for name, data in whole.items():
        if data is not None:
            text = data if isinstance(data, (str, bytes)) else json.dumps(data)
            (path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def commands(draft) -> list[list[str]]:
    lines = [line for line in draft.text.splitlines() if line.startswith("#   ")]
    return [shlex.split(line[4:]) for line in lines]


def test_a_text_model(tmp_path) -> None:
    folder = folder_of(tmp_path / "my model", **{"chat_template.jinja": TEMPLATE})
    draft = draft_folder(folder, folder)
    out = str(folder / "my-model-BF16.gguf")
    assert commands(draft) == [
        ["python", "convert_hf_to_gguf.py", str(folder), "--outfile", out, "--outtype", "bf16"]
    ]
    assert any("convert_hf_to_gguf.py" in fact for fact in draft.facts)
    (folder / "mkmodelfile.yaml").write_text(draft.text)
    package = load_package(folder)
    assert package.model == Path(out) and package.projector == "none"
    assert package.chat_template == folder / "chat_template.jinja"
    assert package.tokenizer == folder and draft.diagnostics == ()


@pytest.mark.parametrize("key", ["vision_config", "audio_config"])
def test_a_model_that_sees_or_hears_has_a_second_line(tmp_path, key) -> None:
    config = {key: {"hidden_size": 8}, "text_config": {"torch_dtype": "float16"}}
    folder = folder_of(tmp_path / "m", **{"config.json": config})
    draft = draft_folder(folder, tmp_path)
    first, second = commands(draft)
    assert first[4:] == [str(folder / "m-F16.gguf"), "--outtype", "f16"]
    assert second[1:5] == ["convert_hf_to_gguf.py", str(folder), "--mmproj", "--outfile"]
    assert second[5] == str(folder / "mmproj-m-F16.gguf") != first[4]
    assert "\nmodel: m/m-F16.gguf\nprojector: auto\n" in draft.text


@pytest.mark.parametrize(
    ("base", "more"),
    [("org/base", []), (None, ["--base-model-id", "ORG/MODEL"])],
)
def test_an_adapter(tmp_path, base, more) -> None:
    files = {
        "config.json": None,
        "tokenizer.json": None,
        "model.safetensors": None,
        "adapter_config.json": {"base_model_name_or_path": base},
        "adapter_model.safetensors": b"x" * 40,
    }
    folder = tmp_path / "lora"
    folder_of(folder, **{k: v for k, v in files.items() if k != "model.safetensors"})
    (folder / "model.safetensors").unlink()
    draft = draft_folder(folder, folder)
    out = str(folder / "lora-lora-F16.gguf")
    line = ["python", "convert_lora_to_gguf.py", str(folder), "--outfile", out, "--outtype", "f16", *more]
    named = "base.gguf" if base else "base-model.gguf"
    merged = str(folder / "lora-merged.gguf")
    assert commands(draft) == [line, ["llama-export-lora", "-m", named, "--lora", out, "-o", merged]]
    (folder / "mkmodelfile.yaml").write_text(draft.text)
    assert load_package(folder).model == Path(merged)
    assert any(
        f"{named} stands for a GGUF of {base or 'the model that was trained'}" in f for f in draft.facts
    )


def test_an_adapter_of_a_model_in_a_folder(tmp_path) -> None:
    base = folder_of(tmp_path / "base")
    config = {"base_model_name_or_path": str(base)}
    files = {"adapter_config.json": config, "adapter_model.safetensors": b"x"}
    folder = folder_of(tmp_path / "lora", **files)
    assert commands(draft_folder(folder, folder))[0][-2:] == ["--base", str(base)]


def test_the_chat_template_of_tokenizer_config(tmp_path) -> None:
    config = {"chat_template": TEMPLATE, "eos_token": "</s>"}
    folder = folder_of(tmp_path / "m", **{"tokenizer_config.json": config})
    assert "\nchat_template: tokenizer_config.json\n" in draft_folder(folder, folder).text


def test_a_folder_without_a_chat_template(tmp_path) -> None:
    folder = folder_of(tmp_path / "m", **{"tokenizer_config.json": {"eos_token": "</s>"}})
    draft = draft_folder(folder, folder)
    assert [d.code for d in draft.diagnostics] == ["MK562"]
    assert "\nchat_template: gguf\n" in draft.text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config.json": None}, "config.json is missing"),
        ({"config.json": "[1"}, "is no JSON"),
        ({"tokenizer.json": None}, "no tokenizer is here"),
        ({"model.safetensors": b"version https://git-lfs.github.com/spec/v1\n"}, "Git LFS pointer"),
        (
            {"model.safetensors.index.json": {"weight_map": {"a": "model-2.safetensors"}}},
            "model-2.safetensors is not here",
        ),
    ],
)
def test_what_cannot_be_converted_is_refused(tmp_path, files, said) -> None:
    folder = folder_of(tmp_path / "m", **files)
    with pytest.raises(UsageError) as caught:
        draft_folder(folder, folder)
    assert said in caught.value.message and "convert_hf_to_gguf.py" in caught.value.help


def test_a_folder_of_checkpoints_names_the_last(tmp_path) -> None:
    for number in (500, 1500, 1000):
        (tmp_path / f"checkpoint-{number}").mkdir()
    with pytest.raises(UsageError) as caught:
        draft_folder(tmp_path, tmp_path)
    assert "3 checkpoints" in caught.value.message and "checkpoint-1500" in caught.value.help


def test_folders_without_a_model(tmp_path) -> None:
    with pytest.raises(KitError, match="without a GGUF file"):
        draft_folder(tmp_path, tmp_path)
    with pytest.raises(KitError, match="cannot be read"):
        ggufs_in(tmp_path / "gone")
    (tmp_path / "b.gguf").touch()
    (tmp_path / "a.GGUF").touch()
    assert [p.name for p in ggufs_in(tmp_path)] == ["a.GGUF", "b.gguf"]
