from __future__ import annotations

from typing import Any

import pytest

from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.identity import stem
from modelfile_kit.gguf_file.inputs import model_input, projector_type
from modelfile_kit.gguf_file.pairing import (
    FileKind,
    check_pair,
    check_together,
    classify,
    has_rope_sections,
    input_width,
    projection_width,
)
from modelfile_kit.micro import build_pair, build_projector
from tests.gguf_file.handmade import Typed, model, projector, tensor

SECTIONS: dict[str, Any] = {"own__rope__dimension_sections": Typed("int32[]", [8, 12, 12, 0])}
MARKS = ("<|begin_of_image|>", "<|end_of_image|>", "a")
PICTURES: dict[str, Any] = {"tokenizer__chat_template": Typed("string", "{% if part.type == 'image' %}")}


@pytest.fixture
def glm(header):
    def glm(tokens=MARKS, types=(3, 3, 1), name="AutoGLM-Phone-9B-Q4_K_M.gguf", **more):
        return header(model(tokens=tokens, types=types, **{**SECTIONS, **more}), name=name)

    return glm


@pytest.fixture
def eye(header):
    def eye(*args, tensors=(), name="mmproj.gguf", **more):
        return header(projector(*args, **more), tensors, bytes(4096), name=name)

    return eye


def told(found):
    return [(d.code, str(d.severity)) for d in found]


# what a file is


def test_a_projector_by_each_of_ollamas_rules(header, eye, glm):
    plain = {"general.architecture": Typed("string", "clip")}
    assert classify(glm()) is FileKind.MODEL
    assert classify(eye()) is FileKind.PROJECTOR
    assert classify(header({"general.type": Typed("string", "projector")})) is FileKind.PROJECTOR
    assert classify(header({"general.type": Typed("string", "adapter")})) is FileKind.ADAPTER
    sees = {**plain, "clip.vision.block_count": Typed("uint32", 4)}
    assert classify(header(sees)) is FileKind.PROJECTOR
    assert classify(header({**sees, "clip.block_count": Typed("uint32", 4)})) is FileKind.MODEL
    assert classify(header({**plain, "clip.has_audio_encoder": Typed("bool", 1)})) is FileKind.PROJECTOR
    assert classify(header({**plain, "clip.has_vision_encoder": Typed("bool", 0)})) is FileKind.MODEL
    assert classify(header(plain)) is FileKind.MODEL
    assert classify(header({})) is FileKind.MODEL


def test_only_a_uint32_counts_for_ollama(header):
    entries = {"general.architecture": Typed("string", "x"), "x.vision.block_count": Typed("uint64", 4)}
    assert classify(header(entries)) is FileKind.MODEL


# facts


def test_width_is_that_of_the_tensor_llama_cpp_asks(eye):
    assert projection_width(eye("glm4v", 128)) == 128
    assert projection_width(eye("glm4v", 128, tensors=[tensor("mm.down.weight", (16, 64))])) == 64
    assert projection_width(eye("gemma3", 128, tensors=[tensor("mm.input_projection.weight", (32, 8))])) == 32
    deep = [tensor("mm.2.bias", (8,)), tensor("v.deepstack.8.norm.weight", (8,), offset=32)]
    deep += [
        tensor("v.deepstack.8.fc1.weight", (8,), offset=64),
        tensor("v.deepstack.9.norm.weight", (8,), offset=96),
    ]
    assert projection_width(eye("qwen3vl_merger", 8, tensors=deep)) == 24
    assert projection_width(eye("tomorrow", 128)) == 128
    assert projection_width(eye("tomorrow", None)) is None


def test_width_that_a_model_takes(header):
    assert input_width(header(model("qwen3vl", own__n_deepstack_layers=Typed("uint32", 2)))) == 3 * 128
    assert input_width(header(model("glm4"))) == 128
    assert input_width(header({})) is None


def test_rope_sections_need_two_that_are_not_zero(glm):
    assert has_rope_sections(glm())
    for value in (Typed("int32[]", [8, 0, 0, 0]), Typed("int32[]", [8]), Typed("uint32", 8)):
        assert not has_rope_sections(glm(own__rope__dimension_sections=value))


def test_the_first_llavas_name_no_type(eye, header):
    assert projector_type(eye(clip__projector_type=Typed("string", None))) == "mlp"
    assert projector_type(header({"general.type": Typed("string", "mmproj")})) == ""
    two = {
        "clip__projector_type": Typed("string", None),
        "clip__vision__projector_type": Typed("string", "gemma4v"),
    }
    assert projector_type(eye(**two)) == "gemma4v"


@pytest.mark.parametrize(
    "name",
    [
        "AutoGLM-Phone-9B-Q4_K_M.gguf",
        "mmproj-AutoGLM-Phone-9B-Q8_0.gguf",
        "AutoGLM-Phone-9B.mmproj-f16.gguf",
        "AutoGLM-Phone-9B-UD-IQ2_XXS.gguf",
        "/models/AutoGLM-Phone-9B-BF16-00001-of-00003.gguf",
        "AutoGLM-Phone-9B.GGUF",
    ],
)
def test_a_models_bare_name(name):
    assert stem(name) == "AutoGLM-Phone-9B"


# pairs


def test_a_pair_that_fits(glm, eye):
    assert check_pair(glm(), eye()) == []


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        (None, []),
        ("width", ["MK412"]),
        ("projector-type", ["MK411", "MK417"]),
        ("no-rope-sections", ["MK413"]),
        ("no-projector", ["MK436"]),
        ("text-llama", ["MK436"]),
    ],
)
def test_the_faults_of_the_micro_pair_are_found_in_the_headers(tmp_path, fault, codes):
    pair = build_pair(tmp_path, fault=fault)
    found = check_pair(read_header(pair.model), read_header(pair.projector) if pair.projector else None)
    assert [d.code for d in found] == codes
    assert all(d.help and d.span.file for d in found)


def test_a_sound_projector_beside_a_text_model(tmp_path):
    text = build_pair(tmp_path, fault="text-llama").model
    found = check_pair(read_header(text), read_header(build_projector(tmp_path / "eye.gguf")))
    assert told(found) == [("MK411", "warning")]
    assert "'glm4v' is made for 'glm4' or 'glm4moe', the model is 'llama'" in found[0].message


def test_swapped_files(glm, eye):
    (found,) = check_pair(eye(), glm())
    assert (found.code, found.message) == ("MK415", "model and projector are swapped")
    assert "the model is AutoGLM-Phone-9B-Q4_K_M.gguf, the projector mmproj.gguf" in found.help


def test_wrong_kinds(glm, eye, header):
    adapter = header({"general.type": Typed("string", "adapter")}, name="lora.gguf")
    assert check_pair(eye(), None)[0].message == "this is a projector, not a model"
    assert check_pair(adapter, eye())[0].message == "this is an adapter, not a model"
    assert check_pair(glm(), adapter)[0].message == "this is an adapter, not a projector"
    (found,) = check_pair(glm(), glm(name="other.gguf"))
    assert found.message == "this is another model, not a projector"
    assert "mmproj-AutoGLM-Phone-9B-F16.gguf" in found.help
    assert found.span.file.endswith("other.gguf")


def test_a_missing_projector_says_what_to_get(glm):
    (found,) = check_pair(glm(), None)
    assert told([found]) == [("MK436", "error")]
    assert "mmproj-AutoGLM-Phone-9B-F16.gguf" in found.help
    assert "convert_hf_to_gguf.py --mmproj" in found.help
    assert "projector: none" in found.help


def test_how_sure_it_is_that_a_projector_is_missing(header, glm):
    assert check_pair(header(model("glm4")), None) == []
    assert check_pair(header(model("llama")), None) == []
    assert told(check_pair(header(model("qwen2vl")), None)) == [("MK436", "error")]
    assert told(check_pair(header(model("llama", **PICTURES)), None)) == [("MK436", "warning")]
    old = {**PICTURES, "own__rope__dimension_sections": Typed("int32[]", [0, 0, 0, 0])}
    assert told(check_pair(glm(**old), None)) == [("MK436", "warning"), ("MK413", "error")]


def test_glm_4v_is_refused_with_the_way_out(header, eye):
    chatglm = header(model("chatglm", **PICTURES), name="glm-4v-9b-Q4_K_M.gguf")
    assert check_pair(header(model("chatglm")), None) == []
    assert told(check_pair(chatglm, None)) == [("MK418", "warning")]
    found = check_pair(chatglm, eye())
    assert told(found) == [("MK418", "warning")]
    assert "GLM-4.1V-9B" in found[0].help
    assert check_pair(chatglm, eye("adapter")) == []  # GLM-Edge-V


@pytest.mark.parametrize(
    ("architecture", "kind", "code"),
    [
        ("glm4", "qwen2vl_merger", ("MK411", "warning")),
        ("glm4", "mlp", ("MK411", "warning")),
        ("qwen2vl", "glm4v", ("MK411", "warning")),
        ("llama", "glm4v", ("MK411", "warning")),
        ("granite", "granite_speech", None),
        ("granite", "mlp", None),  # Granite Vision
        ("llama", "qwen2.5vl_merger", None),  # Sarashina2-Vision
        ("falcon", "mlp", None),  # LLaVA's projector on a model that has none of its own
        ("qwen3", "mlp", ("MK411", "warning")),  # LLaVA's projector was put on many
        ("glm7", "glm4v", ("MK411", "warning")),
        ("glm4", "glm9v", ("MK416", "warning")),
    ],
)
def test_type_and_architecture(header, eye, architecture, kind, code):
    more = SECTIONS if architecture == "glm4" else {}
    text = header(model(architecture, MARKS, (3, 3, 1), **more), name="t.gguf")
    found = [f for f in told(check_pair(text, eye(kind))) if f[0] != "MK414"]
    assert found == ([code] if code else [])


def hear(kind="ultravox", **more):
    """A projector for sound alone."""
    return {
        "clip__has_vision_encoder": Typed("bool", None),
        "clip__has_audio_encoder": Typed("bool", 1),
        "clip__projector_type": Typed("string", kind),
        **more,
    }


def test_sound_is_an_input_like_images(eye, header):
    ultravox = eye(width=None, **hear(), clip__audio__projection_dim=Typed("uint32", 128))
    llama = header(model("llama"), name="t.gguf")
    assert check_pair(llama, ultravox) == []
    assert model_input(llama, ultravox) == ("text", "audio")
    wide = eye(width=None, **hear(), clip__audio__projection_dim=Typed("uint32", 64))
    assert told(check_pair(llama, wide)) == [("MK412", "error")]
    assert told(check_pair(llama, eye(clip__has_vision_encoder=Typed("bool", 0)))) == [
        ("MK421", "error"),
        ("MK411", "warning"),
    ]


def test_a_projector_with_both_encoders_has_one_width(eye, header):
    omni = {
        "clip__projector_type": Typed("string", None),
        "clip__vision__projector_type": Typed("string", "gemma4v"),
        "clip__audio__projector_type": Typed("string", "gemma4a"),
        "clip__has_audio_encoder": Typed("bool", 1),
    }
    marks = ("<|image>", "<image|>", "<|audio>", "<audio|>")
    gemma = header(model("gemma4", marks, (3, 3, 3, 3)), name="t.gguf")
    both = eye(**omni, clip__audio__projection_dim=Typed("uint32", 128))
    assert check_pair(gemma, both) == []
    assert model_input(gemma, both) == ("text", "image", "audio")
    (found,) = check_pair(gemma, eye(**omni, clip__audio__projection_dim=Typed("uint32", 64)))
    assert told([found]) == [("MK412", "error")]
    assert "different widths (128 and 64)" in found.message


def test_speech_is_refused_with_that_word(glm, eye):
    (found,) = check_pair(glm(), eye("qwen3tts_gen"))
    assert told([found]) == [("MK421", "error")]
    assert "only generates speech" in found.message


def test_vision_in_the_models_own_file(header):
    inside = [tensor("v.patch_embed.weight", (4,))]
    for architecture, said in (("qwen3vl", []), ("gemma3", []), ("qwen2", [("MK425", "warning")])):
        whole = header(model(architecture, **PICTURES), inside, bytes(64), name="t.gguf")
        assert told(check_pair(whole, None)) == said
        assert model_input(whole) == ("text", "image")


def test_widths_of_granite_4_vision(header, eye):
    mapping = Typed("int32[]", [-1, 0, -1, 1])
    text = header(model("granite", own__deepstack_mapping=mapping), name="t.gguf")
    assert input_width(text) == 3 * 128
    layers = Typed("int32[]", [3, 7, 11])
    assert projection_width(eye("granite4_vision", 128, clip__vision__feature_layer=layers)) == 3 * 128
    assert projection_width(eye("granite4_vision", 128)) == 128


def test_tensors_of_another_type(glm, eye):
    (found,) = check_pair(glm(), eye(tensors=[tensor("mm.2.weight", (4, 4))]))
    assert told([found]) == [("MK417", "error")]
    assert "that type's tensor mm.down.weight is missing" in found.message


def test_yis_variant_of_mlp_is_whole(header, eye):
    text = header(model("llama"), name="t.gguf")
    assert check_pair(text, eye("mlp", tensors=[tensor("mm.3.bias", (128,))])) == []


def test_marks_that_are_no_tokens(glm, eye):
    (found,) = check_pair(glm(tokens=("<|begin_of_image|>", "b", "a")), eye())
    assert told([found]) == [("MK414", "warning")]
    assert "<|end_of_image|> is not a special token" in found.message
    (found,) = check_pair(glm(types=(1, 1, 1)), eye())
    assert "<|begin_of_image|> and <|end_of_image|> are not special tokens" in found.message


def test_marks_around_a_sound(header, eye):
    voxtral = eye(width=None, **hear("voxtral"), clip__audio__projection_dim=Typed("uint32", 128))
    (found,) = check_pair(header(model("llama"), name="t.gguf"), voxtral)
    assert told([found]) == [("MK414", "warning")]
    assert "llama.cpp puts [BEGIN_AUDIO] around a sound" in found.message
    marked = header(model("llama", ("[BEGIN_AUDIO]",), (3,)), name="t.gguf")
    assert check_pair(marked, voxtral) == []


@pytest.mark.parametrize("newlines", ["ĊĊ", "\n\n"])  # byte-level, and plain in a control token
def test_tokens_that_the_engine_writes_itself(header, eye, newlines):
    """Seen on Ollama 0.34.4 and its llama-server: without them every image is HTTP 400 "Invalid token"."""
    tokens = ("Ċ", newlines, "<fake_token_around_image>", "<global-img>")
    smol = eye("idefics3")
    assert check_pair(header(model("llama", tokens, (1, 3, 3, 3)), name="t.gguf"), smol) == []
    # any type of token will do, and a single character may be a byte
    byte = ("<0x0A>", *tokens[1:])
    assert check_pair(header(model("llama", byte, (6, 1, 1, 1)), name="t.gguf"), smol) == []
    (found,) = check_pair(header(model("llama", tokens[:3], (1, 1, 3)), name="t.gguf"), smol)
    assert told([found]) == [("MK409", "warning")]
    assert "writes <global-img> as a token with every image, and it is not a token" in found.message
    (found,) = check_pair(header(model("llama", ("a",)), name="t.gguf"), smol)
    assert "'\\n\\n' and <fake_token_around_image> and <global-img>" in found.message
    (found,) = check_pair(header(model("llama", tokens[1:], (3, 3, 3)), name="t.gguf"), smol)
    assert "with every image that it cuts into parts (large ones)" in found.message


def test_gemma_3ns_ear_alone(header, eye):
    ear = eye(width=None, **hear("gemma3na"), clip__audio__projection_dim=Typed("uint32", 128))
    found = check_pair(header(model("gemma3n"), name="t.gguf"), ear)
    assert told(found) == [("MK421", "error")]
    assert "llama.cpp cannot use projector type 'gemma3na'" in found[0].message


def test_a_model_without_a_vocabulary(header, eye):
    entries = model(**SECTIONS)
    del entries["tokenizer.ggml.tokens"]
    assert told(check_pair(header(entries, name="t.gguf"), eye())) == [("MK407", "error")]


def test_a_url_gives_its_files_name(glm):
    from dataclasses import replace

    far = replace(glm(), source="https://hub.example/r/resolve/main/Auto%20GLM-Q4_K_M.gguf?download=true")
    assert "mmproj-Auto GLM-F16.gguf" in check_pair(far, None)[0].help


def test_only_a_model_with_projectors_is_a_pair(glm, eye):
    assert check_together([glm(), eye()]) == tuple(check_pair(glm(), eye()))
    assert check_together([eye(), glm()]) == tuple(check_pair(glm(), eye()))
    assert check_together([glm()]) is None
    assert check_together([eye()]) is None
    assert check_together([glm(), glm(), eye()]) is None
