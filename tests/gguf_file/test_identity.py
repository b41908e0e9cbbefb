"""Whose file is this: names as hubs and quantizers write them."""

from __future__ import annotations

import pytest

from modelfile_kit.gguf_file.identity import Relation, identify, relation, spelling
from tests.gguf_file.handmade import Typed, model, projector


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gemma_3_4B_it-Q4_K_M.gguf", "mmproj-gemma-3-4b-it-f16.gguf"),
        ("medgemma-4b-it.i1-Q4_K_M.gguf", "medgemma-4b-it.mmproj-f16.gguf"),
        ("GLM-4.5V-UD-Q4_K_XL-00001-of-00002.gguf", "GLM 4.5V"),
        ("llava-v1.6-mistral-7b.Q5_K_S.gguf", "mmproj-llava-1.6-mistral-7b-BF16.gguf"),
        ("granite-vision-3.2-2b.imatrix-IQ2_XXS.gguf", "Granite 3.2 2b"),
    ],
)
def test_one_name_in_several_spellings(one, other):
    assert spelling(one) == spelling(other) != ""


@pytest.mark.parametrize(
    "name",
    [
        "mmproj-F16.gguf",
        "mmproj-Q8_0.gguf",
        "mmproj-model-f16.gguf",
        "ggml-model-Q4_K_M.gguf",
        "sha256-" + "ab" * 32,
        "vision_encoder.gguf",
        "",
    ],
)
def test_names_that_name_nothing(name):
    assert spelling(name).replace("sha256", "") == ""


def named(text):
    return {"general__name": Typed("string", text)} if text else {}


def base(text):
    return {
        "general__base_model__count": Typed("uint32", 1),
        "general__base_model__0__name": Typed("string", text),
    }


@pytest.mark.parametrize(
    ("text", "eye", "found"),
    [
        (("Qwen2.5-VL-7B-Q4_K_M.gguf", named("x")), ("mmproj-Qwen2.5-VL-7B-F16.gguf", {}), Relation.SAME),
        (("a.gguf", named("Gemma 3 4b It")), ("mmproj.gguf", named("gemma-3-4b-it")), Relation.SAME),
        (("UI-TARS-7B.gguf", base("Qwen2 VL 7B")), ("mmproj.gguf", named("Qwen2-VL-7B")), Relation.BASE),
        (("UI-TARS-7B.gguf", {}), ("mmproj.gguf", named("Qwen2-VL-7B")), Relation.OTHER),
        (("Qwen2.5-7B.gguf", {}), ("mmproj-Qwen2.5-VL-7B.gguf", {}), Relation.OTHER),
        (("Mistral-7B.gguf", {}), ("mmproj.gguf", base("Mistral 7B")), Relation.UNNAMED),
        (("model.gguf", {}), ("mmproj-llava-7b.gguf", {}), Relation.UNNAMED),
    ],
)
def test_relations(header, text, eye, found):
    one = identify(header(model(**text[1]), name=text[0]))
    other = identify(header(projector(**eye[1]), name=eye[0]))
    assert relation(one, other) is found


def test_the_repository_in_hugging_faces_cache_is_a_name(header, tmp_path):
    inside = header(model(), name="m.gguf")
    place = "/c/models--org--SmolVLM-256M-GGUF/snapshots/0123/model.gguf"
    assert spelling("SmolVLM 256M") in identify(inside, place).own
