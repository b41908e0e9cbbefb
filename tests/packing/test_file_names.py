"""Names of files, by which the hub finds a quantization and tells a projector from a model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.packing.file_names import hub_names, plain_names, quantization_label

# Written after the documentation of huggingface.js's parseGGUFQuantLabel: the last label of a name counts.
LABELS = {
    "Llama-3.2-1B-Instruct-Q4_K_M.gguf": "Q4_K_M",
    "llama-3.2-1b-instruct-q8_0.gguf": "Q8_0",
    "model-IQ2_XXS.gguf": "IQ2_XXS",
    "Qwen3-8B-UD-Q4_K_XL.gguf": "UD-Q4_K_XL",
    "gpt-oss-20b-MXFP4.gguf": "MXFP4",
    "model-F16-Q4_0.gguf": "Q4_0",
    "Meta-Llama-3-8B-BF16.gguf": "BF16",
    "MiMo-Q3_K_L.gguf": "Q3_K_L",
    "some-model.gguf": "",
}


@pytest.mark.parametrize(("name", "label"), LABELS.items())
def test_labels(name: str, label: str) -> None:
    assert quantization_label(name) == label


def test_a_name_without_quantization_gets_that_of_the_file(seeing, micro_pair) -> None:
    built = seeing()
    assert sorted(hub_names(built).values()) == ["micro-glm4v-F32.gguf", "mmproj-micro-glm4v.gguf"]
    assert plain_names(built)[micro_pair.model] == "micro-glm4v.gguf"


def test_what_the_hub_would_misread(seeing, micro_pair, tmp_path: Path) -> None:
    odd = tmp_path / "my mmproj [v1]?.gguf"
    patch(micro_pair.model, odd, {"general.file_type": 15})
    # Before globs came, FROM could name such a file.
    built = seeing("target: 0.33.0\n", model=odd)
    names = hub_names(built)
    assert names[odd] == "my-model--v1---Q4_K_M.gguf"
    assert not re.search(r"[\s*?\[\]\\]", "".join(plain_names(built).values()))


def test_a_blob_of_ollamas_store_is_called_like_the_package(seeing, micro_pair, tmp_path: Path) -> None:
    store = tmp_path / "sha256-0123456789"
    store.write_bytes(micro_pair.model.read_bytes())
    assert hub_names(seeing(name="org/demo:v2", model=store))[store] == "org-demo-v2-F32.gguf"


def test_two_files_of_one_name(seeing, micro_pair, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    projector = tmp_path / "sub" / "a.gguf"
    model = tmp_path / "a.gguf"
    model.write_bytes(micro_pair.model.read_bytes())
    projector.write_bytes(micro_pair.projector.read_bytes())
    (tmp_path / "mkmodelfile.yaml").write_text(f"name: demo\nmodel: {model}\nprojector: {projector}\n")
    built = build(tmp_path)
    assert plain_names(built) == {model: "a.gguf", projector: "a-2.gguf"}
    assert hub_names(built) == {model: "a-F32.gguf", projector: "mmproj-a-2.gguf"}
