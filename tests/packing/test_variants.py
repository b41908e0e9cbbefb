"""Variants share one repository of a hub, and one OCI image layout."""

from __future__ import annotations

import json
from pathlib import Path

from modelfile_kit.building.variants import build_variants
from modelfile_kit.packing.variants import pack_for_hub, pack_for_registry
from tests.variant_files import write_variants

OTHER = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>\n"
KINDS = ["Q8_0", "Q4_K_M", "F16"]


def test_one_repository_has_all_of_them(tmp_path: Path) -> None:
    write_variants(tmp_path / "p", KINDS)
    done = pack_for_hub(build_variants(tmp_path / "p", write=False), tmp_path / "repo")
    assert [(tag, one.error) for tag, one in done.items()] == [
        ("q8_0", None),
        ("q4_k_m", None),
        ("f16", None),
    ]
    names = {p.name for p in (tmp_path / "repo").glob("*.gguf")}
    assert names == {*(f"M-{kind}.gguf" for kind in KINDS), "mmproj-micro-glm4v.gguf"}
    assert "M-Q8_0.gguf" in (tmp_path / "repo" / "Modelfile").read_text(encoding="utf-8")


def test_one_that_needs_another_template_is_left_out_and_told(tmp_path: Path) -> None:
    write_variants(tmp_path / "p", KINDS, {"Q4_K_M": {"tokenizer.chat_template": OTHER}})
    done = pack_for_hub(build_variants(tmp_path / "p", write=False), tmp_path / "repo")
    assert [tag for tag, one in done.items() if one.error is not None] == ["q4_k_m"]
    error = done["q4_k_m"].error
    assert error is not None
    assert error.code == "MK540"
    assert "needs another `template" in error.message
    assert "--variant q4_k_m" in error.help
    assert not (tmp_path / "repo" / "M-Q4_K_M.gguf").exists()
    assert (tmp_path / "repo" / "M-F16.gguf").exists()


def test_one_layout_has_an_artifact_for_each(tmp_path: Path) -> None:
    write_variants(tmp_path / "p", KINDS)
    done = pack_for_registry(build_variants(tmp_path / "p", write=False), tmp_path / "oci")
    assert all(one.error is None for one in done.values())
    index = json.loads((tmp_path / "oci" / "index.json").read_text(encoding="utf-8"))
    tags = [m["annotations"]["org.opencontainers.image.ref.name"] for m in index["manifests"]]
    assert tags == ["q8_0", "q4_k_m", "f16"]
    manifests = [
        json.loads((tmp_path / "oci" / "blobs" / m["digest"].replace(":", "/")).read_text(encoding="utf-8"))
        for m in index["manifests"]
    ]
    layers = [{layer["digest"] for layer in manifest["layers"]} for manifest in manifests]
    assert layers[0] & layers[1] & layers[2]  # the projector
