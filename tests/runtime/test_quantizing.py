"""What is refused before anything is written, what a failure leaves, and what is compared afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from modelfile_kit.core.errors import EngineError, UsageError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_pair
from modelfile_kit.runtime.llama_quantize import Quantizer, Run
from modelfile_kit.runtime.quantizing import quantize, quantized_name, read_types, same_model
from tests.more_files import write_lora
from tests.zoo.writer import text_model


class Copying(Quantizer):
    """Stands in for llama-quantize: copies, with what a test changes; the real one runs in tests/cli."""

    def __init__(self, **changes) -> None:
        super().__init__(("copying",))
        self.changes = changes
        self.size: int | None = 1000
        self.fault: Exception | None = None

    def rehearse(self, model, to, *, again=False, imatrix=None):
        return None if self.size is None else Run(size=self.size)

    def run(self, model, output, to, *, again=False, imatrix=None, threads=0, told=None):
        if self.fault:
            output.write_bytes(b"half")
            raise self.fault
        patch(model, output, {"general.file_type": 15, **self.changes})
        return Run()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return build_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def model(pair, tmp_path):
    return Path(shutil.copyfile(pair.model, tmp_path / "micro-F32.gguf"))


def files(folder):
    return sorted(p.name for p in folder.iterdir())


def refusal(path, types="Q4_K_M", program=None, **more):
    before = files(path.parent)
    with pytest.raises(UsageError) as e:
        quantize(path, read_types(types), program or Copying(), **more)
    assert files(path.parent) == before
    assert e.value.help
    return e.value.code, e.value.message


def test_each_type_is_a_file_beside_the_model(model):
    made = quantize(model, read_types("q4_k_m,Q8_0,q4_k"), Copying())
    assert [m.path.name for m in made] == ["micro-Q4_K_M.gguf", "micro-Q8_0.gguf"]
    assert files(model.parent) == ["micro-F32.gguf", "micro-Q4_K_M.gguf", "micro-Q8_0.gguf"]
    assert [m.size for m in made] == [m.path.stat().st_size for m in made]


def test_another_place(model, tmp_path):
    (tmp_path / "out").mkdir()
    [made] = quantize(model, ("Q8_0",), Copying(), output=tmp_path / "out")
    assert made.path == tmp_path / "out" / "micro-Q8_0.gguf"
    [made] = quantize(model, ("Q8_0",), Copying(), output=tmp_path / "other.gguf")
    assert made.path == tmp_path / "other.gguf"
    assert "is not a folder" in refusal(model, "Q8_0,F16", output=tmp_path / "nowhere")[1]
    assert "neither a folder nor" in refusal(model, "Q8_0", output=tmp_path / "nowhere")[1]
    assert "is not a folder" in refusal(model, "Q8_0", output=tmp_path / "nowhere" / "a.gguf")[1]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("AutoGLM-Phone-9B-F16.gguf", "AutoGLM-Phone-9B-Q4_K_M.gguf"),
        ("model.bf16.gguf", "model-Q4_K_M.gguf"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "Qwen3-8B-Q4_K_M.gguf"),
        ("glm-4-9b.gguf", "glm-4-9b-Q4_K_M.gguf"),
    ],
)
def test_the_type_in_the_name_is_replaced(name, result):
    assert quantized_name(Path(name), "Q4_K_M") == result


@pytest.mark.parametrize(
    ("text", "words"), [("Q4_K_N", "Q4_K_M"), ("", "known are"), ("Q8_0,,F16", "known are")]
)
def test_a_type_that_there_is_not_is_refused(text, words):
    with pytest.raises(UsageError, match="no type of quantization") as e:
        read_types(text)
    assert words in e.value.help


def test_a_projector_keeps_eight_bits(pair, tmp_path):
    projector = Path(shutil.copyfile(pair.projector, tmp_path / "mmproj-F32.gguf"))
    assert refusal(projector, "Q8_0,Q4_K_M")[0] == "MK461"
    assert [m.path.name for m in quantize(projector, ("Q8_0",), Copying())] == ["mmproj-Q8_0.gguf"]


def test_what_is_no_model_is_refused(tmp_path):
    write_lora(tmp_path / "lora.gguf")
    assert refusal(tmp_path / "lora.gguf")[0] == "MK461"
    text_model(tmp_path / "vocabulary.gguf", tensors=False)
    assert "no tensors" in refusal(tmp_path / "vocabulary.gguf")[1]
    part = tmp_path / "m-00001-of-00002.gguf"
    text_model(part, keys={"split.no": 0, "split.count": 2}, tensors=False)
    code, message = refusal(part)
    assert (code, "part 1 of 2" in message) == ("MK461", True)
    assert refusal(tmp_path / "nowhere.gguf")[0] == "MK402"
    assert refusal(tmp_path)[0] == "MK402"


def test_what_is_quantized_already_is_refused_unless_asked_for(pair, tmp_path):
    # A type of this size that every reader takes: the micro model as Q8_0, by gguf's own quantizer.
    source = quantized_by_gguf(pair.model, tmp_path / "micro-Q8_0.gguf")
    code, message = refusal(source, "Q4_0")
    assert code == "MK462"
    assert "Q8_0" in message
    assert len(quantize(source, ("Q4_0",), Copying(), again=True)) == 1


def test_what_exists_is_not_overwritten(model):
    (model.parent / "micro-Q8_0.gguf").write_bytes(b"mine")
    assert "exists already" in refusal(model, "F16,Q8_0")[1]
    assert (model.parent / "micro-Q8_0.gguf").read_bytes() == b"mine"


def test_room_is_looked_at_before_anything_is_written(model, monkeypatch):
    program = Copying()
    program.size = 1 << 60
    code, message = refusal(model, program=program)
    assert (code, "GB free" in message) == ("MK903", True)
    # One that does not say what it will need: F16 is two bytes a weight.
    program.size = None
    header = read_header(model)
    weights = sum(t.size or 0 for t in header.tensors) // 4
    free = header.data_offset + 2 * weights
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    assert len(quantize(model, ("F16",), program)) == 1
    free -= 1
    assert refusal(model, "BF16", program)[0] == "MK903"


@pytest.mark.parametrize("fault", [EngineError("no"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(fault, model):
    program = Copying()
    program.fault = fault
    with pytest.raises(type(fault)):
        quantize(model, ("Q8_0",), program)
    assert files(model.parent) == [model.name]


def test_a_result_with_other_metadata_is_not_kept(model):
    program = Copying(**{"tokenizer.ggml.add_bos_token": True, "quantize.imatrix.file": "x"})
    with pytest.raises(EngineError, match=r"tokenizer\.ggml\.add_bos_token") as e:
        quantize(model, ("Q8_0",), program)
    assert e.value.code == "MK464"
    assert files(model.parent) == [model.name]


def test_a_result_with_other_tensors_is_another_model(pair, tmp_path):
    other = text_model(tmp_path / "other.gguf")
    assert same_model(read_header(pair.model), read_header(pair.model)) == ""
    assert same_model(read_header(pair.model), read_header(other))


def test_an_importance_matrix_has_to_be_there_and_be_taken(model, tmp_path):
    assert "was not found" in refusal(model, imatrix=tmp_path / "no.gguf")[1]
    program = Copying()
    program.imatrix = False
    assert "takes no importance matrix" in refusal(model, program=program, imatrix=model)[1]


def quantized_by_gguf(source: Path, path: Path) -> Path:
    """The same GGUF with its matrices as Q8_0, by the quantizer of the package gguf."""
    import gguf

    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(path, "glm4")
    for field in reader.fields.values():
        if field.name.startswith(("GGUF.", "general.architecture")):
            continue
        kind, *of = field.types
        writer.add_key_value(field.name, field.contents(), kind, sub_type=of[-1] if of else None)
    for tensor in reader.tensors:
        data, kind = tensor.data, gguf.GGMLQuantizationType.F32
        if len(tensor.shape) > 1:
            kind = gguf.GGMLQuantizationType.Q8_0
            data = gguf.quants.quantize(data, kind)
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
