"""Package files for several GGUFs of one model; those of one are tried in tests/zoo and tests/cli."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_pair
from modelfile_kit.package.draft import draft_variants
from modelfile_kit.package.package import Package, load_package
from tests.gguf_file.handmade import Typed, gguf, tensor
from tests.variant_files import TYPES


def drafted(folder: Path, *names: str) -> Package:
    draft = draft_variants([folder / name for name in names], folder=folder)
    (folder / "mkmodelfile.yaml").write_text(draft.text, encoding="utf-8")
    return load_package(folder)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    pair = build_pair(tmp_path)
    for name, kind in (("a-F16", 1), ("a-Q4_K_M", 15), ("a-UD-Q4_K_XL", 15), ("plain", 7)):
        patch(pair.model, tmp_path / f"{name}.gguf", {"general.file_type": kind})
    return tmp_path


def test_tags_by_name_and_by_header_and_the_main_one(files: Path) -> None:
    found = drafted(
        files, "mmproj-micro-glm4v.gguf", "a-F16.gguf", "a-UD-Q4_K_XL.gguf", "plain.gguf", "a-Q4_K_M.gguf"
    )
    assert [(v.tag, v.model.name) for v in found.variants] == [
        ("f16", "a-F16.gguf"),
        ("ud-q4_K_XL", "a-UD-Q4_K_XL.gguf"),
        ("q8_0", "plain.gguf"),
        ("q4_K_M", "a-Q4_K_M.gguf"),
    ]
    assert found.name == "a"
    assert found.model.name == "a-Q4_K_M.gguf"
    assert found.projector == files / "mmproj-micro-glm4v.gguf"


def test_without_q4_k_m_the_first_is_the_main_one(files: Path) -> None:
    assert drafted(files, "plain.gguf", "a-F16.gguf").model.name == "plain.gguf"


def test_a_model_and_its_projector_are_one_package(files: Path) -> None:
    found = drafted(files, "a-F16.gguf", "mmproj-micro-glm4v.gguf")
    assert found.variants == ()
    assert found.projector == files / "mmproj-micro-glm4v.gguf"


def test_two_files_of_one_quantization(files: Path) -> None:
    (files / "b-Q4_K_M.gguf").write_bytes((files / "a-Q4_K_M.gguf").read_bytes())
    with pytest.raises(UsageError, match=r"b-Q4_K_M.gguf and a-Q4_K_M.gguf are both Q4_K_M"):
        drafted(files, "a-Q4_K_M.gguf", "b-Q4_K_M.gguf")


def test_another_model_is_refused(files: Path) -> None:
    patch(
        files / "a-F16.gguf",
        files / "b-Q8_0.gguf",
        {"glm4.block_count": 9, "general.file_type": TYPES["Q8_0"]},
    )
    with pytest.raises(UsageError) as caught:
        drafted(files, "a-F16.gguf", "b-Q8_0.gguf")
    assert (
        "b-Q8_0.gguf is another model than a-F16.gguf: glm4.block_count is 9, not 2" in caught.value.message
    )
    assert "once for each model" in caught.value.help


def test_a_split_model_is_one_variant(files: Path) -> None:
    for number in (0, 1):
        keys = {
            "general.architecture": Typed("string", "glm4"),
            "split.no": Typed("uint16", number),
            "split.count": Typed("uint16", 2),
        }
        name = files / f"s-Q8_0-0000{number + 1}-of-00002.gguf"
        name.write_bytes(gguf(keys, [tensor("blk.0.attn_q.weight")], bytes(32)))
    names = ("s-Q8_0-00001-of-00002.gguf", "s-Q8_0-00002-of-00002.gguf")
    draft = draft_variants([files / n for n in names], folder=files)
    assert "variants" not in draft.text
    assert "model: s-Q8_0-00001-of-00002.gguf" in draft.text
    assert "model: s-Q8_0-00001-of-00002.gguf" in draft_variants([files / names[1]], folder=files).text
