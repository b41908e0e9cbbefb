"""Adapter, draft and quantization against the model: what a real server refused or could not load."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.building.create_files import check_create_files
from modelfile_kit.building.sources import open_files
from modelfile_kit.core.errors import PackageError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_model
from modelfile_kit.package.package import Package
from tests.more_files import write_f16, write_lora


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tmp_path / "f", "a", build_model(tmp_path / "m.gguf"), projector="none", target="0.33.0")


def findings(package: Package) -> list[tuple[str, str]]:
    found = check_create_files(package, open_files(package))
    assert all(d.severity == "error" for d in found)
    return [(d.code, d.message) for d in found]


def test_an_adapter_of_this_model(package: Package, tmp_path: Path) -> None:
    assert findings(replace(package, adapters=(write_lora(tmp_path / "l.gguf"),))) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"architecture": "llama"}, "architecture llama, the model is glm4"),
        ({"width": 64}, "has the width 64, the model's blk.0.attn_q.weight has 128"),
        ({"tensor": "blk.9.attn_q.weight"}, "no tensor blk.9.attn_q.weight"),
        ({"kind": "model"}, "not a LoRA adapter"),
    ],
)
def test_an_adapter_of_another(package: Package, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """0.33.0 created the first two and could not start the engine (27 November 2026)."""
    ((code, message),) = findings(replace(package, adapters=(write_lora(tmp_path / "l.gguf", **change),)))
    assert code == "MK445"
    assert said in message


def test_an_ordinary_model_is_no_draft(package: Package, tmp_path: Path) -> None:
    """0.33.0 and 0.34.4 created it and answered every chat with HTTP 500 (27 November 2026)."""
    small = build_model(tmp_path / "small.gguf")
    ((code, message),) = findings(replace(package, draft=small))
    assert code == "MK446"
    assert "glm4.nextn_predict_layers" in message


def test_the_model_itself_is_no_draft(package: Package) -> None:
    ((code, message),) = findings(replace(package, draft=package.model.parent / "." / "m.gguf"))
    assert code == "MK446"
    assert "the same file" in message


def test_a_draft_with_mtp_layers(package: Package, tmp_path: Path) -> None:
    patch(package.model, tmp_path / "mtp.gguf", {"glm4.nextn_predict_layers": 1})
    assert findings(replace(package, draft=tmp_path / "mtp.gguf")) == []


@pytest.mark.parametrize("kind", [0, 1, 32])
def test_what_can_be_quantized(package: Package, tmp_path: Path, kind: int) -> None:
    write_f16(tmp_path / "f16.gguf", package.model, file_type=kind)
    assert findings(replace(package, model=tmp_path / "f16.gguf", quantize="q8_0")) == []


@pytest.mark.parametrize(("kind", "said"), [(7, "file type 7"), (None, "no file type")])
def test_what_can_not(package: Package, tmp_path: Path, kind: int | None, said: str) -> None:
    patch(package.model, tmp_path / "x.gguf", {"general.file_type": kind})
    ((code, message),) = findings(replace(package, model=tmp_path / "x.gguf", quantize="q8_0"))
    assert code == "MK447"
    assert said in message


def test_a_file_that_is_missing(package: Package, tmp_path: Path) -> None:
    for change in ({"adapters": (tmp_path / "no.gguf",)}, {"draft": tmp_path / "no.gguf"}):
        with pytest.raises(PackageError) as caught:
            check_create_files(replace(package, **change), open_files(package))
        assert caught.value.code == "MK430"
