from __future__ import annotations

import shutil

import pytest

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file.projector_choice import find_projector
from modelfile_kit.micro import build_model, build_pair, build_projector
from tests.gguf_file.handmade import Typed, model, projector, tensor


@pytest.fixture
def model_file(tmp_path):
    return build_model(tmp_path / "Micro-9B-Q4_K_M.gguf")


def told(choice):
    return [(d.code, str(d.severity)) for d in choice.diagnostics]


def eye(header, name, kind, width=128, **more):
    """A glm4v projector whose numbers are held in ggml type `kind` (0 F32, 1 F16, 8 Q8_0, 30 BF16)."""
    weight = tensor("mm.down.weight", (32, width), kind)
    return header(projector("glm4v", None, **more), [weight], bytes(4 * 32 * width), name=name)


def test_the_only_one_is_taken(model_file, tmp_path):
    path = build_projector(tmp_path / "eyes.gguf")
    choice = find_projector(model_file)
    assert choice.path == path
    assert "eyes.gguf, type glm4v, F32, width 128: the only projector beside the model" in choice.reason
    assert (choice.diagnostics, choice.rejected) == ((), ())


def test_what_a_file_is_decides_its_header_not_its_name(model_file, tmp_path):
    real = build_projector(tmp_path / "model-part.gguf")
    shutil.copy(model_file, tmp_path / "mmproj-Micro-9B.gguf")
    choice = find_projector(model_file)
    assert choice.path == real
    assert choice.rejected == ((tmp_path / "mmproj-Micro-9B.gguf", "is a model"),)


def test_none_there(model_file):
    choice = find_projector(model_file)
    assert choice.path is None
    assert choice.reason == "no projector beside the model"
    assert told(choice) == [("MK436", "error")]


def test_the_one_that_fits_is_taken_and_the_others_explained(model_file, tmp_path):
    build_projector(tmp_path / "a-wide.gguf", fault="width")
    build_projector(tmp_path / "b-type.gguf", fault="projector-type")
    fits = build_projector(tmp_path / "c-fits.gguf")
    choice = find_projector(model_file)
    assert choice.path == fits
    assert told(choice) == []
    reasons = {p.name: why for p, why in choice.rejected}
    assert "the projector outputs 256" in reasons["a-wide.gguf"]
    assert "type's tensor mm.2.weight is missing" in reasons["b-type.gguf"]


def test_one_that_does_not_fit_is_not_taken_but_told(model_file, tmp_path):
    build_projector(tmp_path / "wide.gguf", fault="width")
    choice = find_projector(model_file)
    assert choice.path is None
    assert choice.reason == "none of the projectors around the model fits (1 looked at)"
    assert told(choice) == [("MK412", "error"), ("MK436", "error")]


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ({"mmproj-Q8_0": 8, "mmproj-F16": 1, "mmproj-BF16": 30, "mmproj-F32": 0}, "mmproj-F16"),
        ({"mmproj-Q8_0": 8, "mmproj-BF16": 30, "mmproj-F32": 0}, "mmproj-BF16"),
        ({"mmproj-Q8_0": 8, "mmproj-F32": 0}, "mmproj-F32"),
        ({"mmproj-Q8_0": 8, "mmproj-Q5_0": 6}, "mmproj-Q8_0"),
        ({"mmproj-model-F16": 1, "mmproj-F16": 1}, "mmproj-F16"),
        ({"mmproj-F16": 1, "mmproj-micro-9b-Q8_0": 8}, "mmproj-micro-9b-Q8_0"),
        ({"x-F16": 1, "mmproj_Micro_9B-Q8_0": 8}, "mmproj_Micro_9B-Q8_0"),
    ],
)
def test_which_of_several_that_fit(model_file, header, there, taken):
    for name, kind in there.items():
        eye(header, f"{name}.gguf", kind)
    choice = find_projector(model_file)
    assert choice.path.name == f"{taken}.gguf"
    assert told(choice) == [("MK419", "info")]
    assert len(choice.rejected) == len(there) - 1
    assert all("fits too" in why for _, why in choice.rejected)
    assert taken in choice.diagnostics[0].message


def test_one_of_another_name_is_taken_with_a_warning_that_names_both(model_file, header):
    eye(header, "mmproj-somebody-9b-F16.gguf", 1)
    choice = find_projector(model_file)
    assert choice.path.name == "mmproj-somebody-9b-F16.gguf"
    assert told(choice) == [("MK426", "warning")]
    assert "micro GLM-4.1V" in choice.diagnostics[0].message
    assert "somebody-9b" in choice.diagnostics[0].message


def text_model(header, name, **more):
    """A glm4 text model: its vocabulary has the marks, its metadata says nothing of images."""
    return header(model("glm4", ("<|begin_of_image|>", "<|end_of_image|>"), (3, 3), **more), name=name)


def test_a_foreign_projector_beside_a_text_model_is_no_fault(header, tmp_path):
    text_model(header, "GLM-4-9B-0414-Q4_K_M.gguf")
    eye(header, "mmproj-GLM-4.1V-9B-Thinking-F16.gguf", 1)
    eye(header, "mmproj-wide-F16.gguf", 1, width=64)
    choice = find_projector(tmp_path / "GLM-4-9B-0414-Q4_K_M.gguf")
    assert choice.path is None
    assert told(choice) == [("MK426", "info")]
    reasons = {p.name: why for p, why in choice.rejected}
    own = "is of GLM-4.1V-9B-Thinking, the model is GLM-4-9B-0414"
    assert reasons["mmproj-GLM-4.1V-9B-Thinking-F16.gguf"] == own
    assert "the projector outputs 64" in reasons["mmproj-wide-F16.gguf"]


def test_a_nameless_projector_is_of_the_only_model_in_its_folder(header, tmp_path):
    text_model(header, "GLM-4-9B-Q4_K_M.gguf")
    text_model(header, "GLM-4-9B-Q8_0.gguf")
    eye(header, "mmproj-F16.gguf", 1)
    assert find_projector(tmp_path / "GLM-4-9B-Q8_0.gguf").path is not None
    text_model(header, "Other-7B-Q8_0.gguf")
    choice = find_projector(tmp_path / "GLM-4-9B-Q8_0.gguf")
    assert choice.path is None
    assert "nothing says that it is this model's" in choice.diagnostics[0].message


def test_a_model_with_its_vision_inside_needs_none(header, tmp_path):
    inside = [tensor("v.patch_embed.weight", (4,))]
    header(model("qwen3vl"), inside, bytes(32), name="qwen3-vl.gguf")
    eye(header, "mmproj-qwen3-vl-F16.gguf", 1)
    choice = find_projector(tmp_path / "qwen3-vl.gguf")
    assert (choice.path, choice.diagnostics) == (None, ())
    assert "its vision part" in choice.reason


def test_the_name_inside_counts_too(model_file, header):
    eye(header, "mmproj-a-F16.gguf", 1)
    eye(header, "b-Q8_0.gguf", 8, general__name=Typed("string", "micro glm-4.1v"))
    choice = find_projector(model_file)
    assert choice.path.name == "b-Q8_0.gguf"
    assert "named as the model is" in choice.reason


def test_a_broken_projector_is_told(model_file, tmp_path):
    build_projector(tmp_path / "mmproj-Micro-9B.gguf", fault="truncated-projector")
    choice = find_projector(model_file)
    assert choice.path is None
    assert told(choice) == [("MK404", "error"), ("MK436", "error")]
    assert "download it again" in choice.diagnostics[0].help
    build_projector(tmp_path / "whole.gguf")
    assert find_projector(model_file).path.name == "whole.gguf"


def test_other_broken_files_are_not_in_the_way(model_file, tmp_path):
    (tmp_path / "notes.gguf").write_text("hello")
    (tmp_path / "folder.gguf").mkdir()
    build_projector(tmp_path / "eyes.gguf")
    choice = find_projector(model_file)
    assert choice.path.name == "eyes.gguf"
    assert told(choice) == []
    assert {p.name for p, _ in choice.rejected} == {"notes.gguf", "folder.gguf"}


def test_what_is_wrong_with_the_model_does_not_speak_against_its_projector(tmp_path):
    pair = build_pair(tmp_path, fault="no-rope-sections")
    choice = find_projector(pair.model)
    assert choice.path == pair.projector
    assert told(choice) == [("MK413", "error")]


def test_parts_of_a_split_model_are_not_candidates(header, tmp_path):
    part = {"split.no": Typed("uint16", 0), "split.count": Typed("uint16", 2)}
    header(part, name="m-00001-of-00002.gguf")
    header({**part, "split.no": Typed("uint16", 1)}, name="m-00002-of-00002.gguf")
    assert find_projector(tmp_path / "m-00001-of-00002.gguf").rejected == ()


def test_a_projector_in_place_of_the_model(tmp_path):
    pair = build_pair(tmp_path)
    choice = find_projector(pair.projector or "")
    assert choice.path is None
    assert told(choice) == [("MK433", "error")]


def test_a_model_that_cannot_be_read(tmp_path):
    with pytest.raises(GGUFError):
        find_projector(tmp_path / "none.gguf")
