from __future__ import annotations

from typing import Any

import gguf
import pytest

from modelfile_kit.core.errors import GGUFError, UsageError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.micro import FAULTS, MODEL_NAME, PROJECTOR_NAME, build_model, build_pair, build_projector


def test_the_pair_as_gguf_reads_it(tmp_path):
    pair = build_pair(tmp_path / "new" / "folder")
    assert (pair.model.name, pair.projector.name) == (MODEL_NAME, PROJECTOR_NAME)
    text, eye = gguf.GGUFReader(pair.model), gguf.GGUFReader(pair.projector)
    assert text.fields["general.architecture"].contents() == "glm4"
    assert eye.fields["general.architecture"].contents() == "clip"
    assert eye.fields["clip.projector_type"].contents() == "glm4v"
    value = {k.removeprefix("glm4."): f.contents() for k, f in text.fields.items()}
    assert value["attention.head_count"] * value["attention.key_length"] == value["embedding_length"]
    assert sum(value["rope.dimension_sections"]) == value["rope.dimension_count"] // 2
    assert eye.fields["clip.vision.projection_dim"].contents() == value["embedding_length"]


@pytest.mark.parametrize("fault", [None, "text-llama"])
def test_tensors_have_the_names_llama_cpp_looks_for(tmp_path, fault):
    header = read_header(build_model(tmp_path / "m.gguf", fault=fault))
    arch = next(a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == header.architecture)
    names = {gguf.TENSOR_NAMES[t] for t in gguf.MODEL_TENSORS[arch]}
    known = {n.format(bid=i) for n in names for i in range(2)}
    assert {t.name.rsplit(".", 1)[0] for t in header.tensors} <= known


def test_the_same_every_time(tmp_path):
    first, second = build_pair(tmp_path / "a"), build_pair(tmp_path / "b")
    assert first.model.read_bytes() == second.model.read_bytes()
    assert first.projector.read_bytes() == second.projector.read_bytes()


def test_nothing_else_is_left_in_the_folder(tmp_path):
    build_pair(tmp_path)
    build_pair(tmp_path, fault="truncated")
    assert sorted(p.name for p in tmp_path.iterdir()) == [MODEL_NAME, PROJECTOR_NAME]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = build_model(tmp_path / "m.gguf")
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modelfile_kit.core.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        build_model(path, style="think")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.gguf"]


def test_each_fault_is_what_it_says(tmp_path):
    def build(fault):
        pair = build_pair(tmp_path / fault, fault=fault)
        return pair.model, pair.projector

    assert read_header(build("width")[1]).metadata["clip.vision.projection_dim"] == 256
    assert read_header(build("projector-type")[1]).metadata["clip.projector_type"] == "mlp"
    assert "glm4.rope.dimension_sections" not in read_header(build("no-rope-sections")[0]).metadata
    assert build("no-projector")[1] is None
    llama, none = build("text-llama")
    assert (read_header(llama).architecture, none) == ("llama", None)
    with pytest.raises(GGUFError, match="the file ends"):
        read_header(build("truncated")[0])
    model, cut = build("truncated-projector")
    assert read_header(model).tensors
    with pytest.raises(GGUFError, match="the file ends"):
        read_header(cut)
    assert set(FAULTS) == {p.name for p in tmp_path.iterdir()}


def test_old_conversions_arrange_their_weights_in_another_way(tmp_path):
    """As convert_hf_to_gguf.py does (conversion/glm.py, normal_to_neox), so text works without sections."""
    new, old = (
        {t.name: t.data for t in gguf.GGUFReader(build_model(tmp_path / f"{f}.gguf", fault=f)).tensors}
        for f in (None, "no-rope-sections")
    )
    heads = new["blk.0.attn_k.bias"].reshape(4, 32), old["blk.0.attn_k.bias"].reshape(4, 32)
    assert (heads[0][0, :16].reshape(2, 8) == heads[1][0, :16].reshape(8, 2).T).all()
    assert new["blk.0.attn_k.bias"].any()


def test_unknown_choices_name_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match="unknown fault 'broken'") as e:
        build_pair(tmp_path, fault="broken")
    assert "no-rope-sections" in e.value.help
    with pytest.raises(UsageError, match="unknown style 'loud'") as e:
        build_model(tmp_path / "m.gguf", style="loud")
    assert "think" in e.value.help
    with pytest.raises(UsageError):
        build_projector(tmp_path / "p.gguf", fault="broken")
    assert list(tmp_path.iterdir()) == []


def test_tokens_and_template_of_another_family(tmp_path):
    extra = ["<|im_start|>", "<|im_end|>", "<|user|>", "<|im_end|>", "[gMASK]"]
    path = build_model(tmp_path / "m.gguf", chat_template="{{ messages }}", extra_tokens=extra)
    vocabulary = Vocabulary.from_header(read_header(path))
    assert vocabulary.chat_templates == {"default": "{{ messages }}"}
    control = vocabulary.control_tokens()
    assert list(control)[-2:] == ["<|im_start|>", "<|im_end|>"]
    tokens: Any = read_header(path).metadata["tokenizer.ggml.tokens"]
    assert len(set(tokens)) == len(vocabulary)
    assert vocabulary.eot_id is not None
    assert vocabulary.token(vocabulary.eot_id) == "<|user|>"
    bare = build_model(tmp_path / "bare.gguf", chat_template="")
    assert Vocabulary.from_header(read_header(bare)).chat_templates == {}
