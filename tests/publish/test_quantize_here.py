"""Where the model of a package is quantized before it is sent, and what is left of that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError, UsageError
from modelfile_kit.core.progress import Step
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_pair
from modelfile_kit.publish import quantize_here
from modelfile_kit.publish.create_request import CreateRequest, LocalFile
from modelfile_kit.publish.quantize_here import only_here, quantized_here
from modelfile_kit.runtime.llama_quantize import Quantizer, Run


class Patching(Quantizer):
    """Stands in for llama-quantize; the real one is asked in tests/integration."""

    fault: Exception | None = None

    def rehearse(self, model, to, *, again=False, imatrix=None):
        return Run(size=1)

    def run(self, model, output, to, *, again=False, imatrix=None, threads=0, told=None):
        if self.fault:
            raise self.fault
        if told:
            told(1, 2, "a.weight")
        patch(model, output, {"general.file_type": 15})
        return Run()


@pytest.fixture
def program(monkeypatch):
    made = Patching(("patching",))
    monkeypatch.setattr(quantize_here, "find_llama_quantize", lambda url: made)
    return made


@pytest.fixture
def request_of_pair(tmp_path):
    pair = build_pair(tmp_path)
    assert pair.projector is not None
    files = (LocalFile(pair.model, "micro.gguf"), LocalFile(pair.projector, "mmproj.gguf"))
    return CreateRequest(files=files, template="x", quantize="q4_K_M")


def test_the_model_is_another_file_for_as_long_as_it_is_sent(request_of_pair, program, tmp_path):
    before = sorted(tmp_path.iterdir())
    steps: list[Step] = []
    with quantized_here(request_of_pair, "http://127.0.0.1:9", steps.append) as sent:
        model, projector = sent.files
        assert model.path.is_file() and model.path.parent.parent == tmp_path
        assert model.name == "micro.gguf"
        assert projector == request_of_pair.files[1]
        assert (sent.quantize, sent.template) == (None, "x")
    assert [(s.stage, s.subject, s.done, s.total) for s in steps] == [("quantize", "a.weight", 1, 2)]
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("fault", [EngineError("no"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(fault, request_of_pair, program, tmp_path):
    before = sorted(tmp_path.iterdir())
    program.fault = fault
    with pytest.raises(type(fault)), quantized_here(request_of_pair, "http://127.0.0.1:9", None):
        pass
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("kind", "here"), [(0, True), (1, False), (32, False), (None, False)])
def test_no_server_quantizes_f32(kind, here, request_of_pair, tmp_path):
    model, projector = request_of_pair.files
    patch(model.path, tmp_path / "kind.gguf", {"general.file_type": kind})
    files = (projector, LocalFile(tmp_path / "kind.gguf", "m.gguf"))
    assert only_here(replace(request_of_pair, files=files)) == here
    assert not only_here(CreateRequest(from_model="llama3.2", quantize="q4_K_M"))


def test_there_has_to_be_a_model_here(program):
    request = CreateRequest(from_model="llama3.2", quantize="q4_K_M")
    with pytest.raises(UsageError, match="no FROM names one"), quantized_here(request, "", None):
        pass
    missing = CreateRequest(files=(LocalFile(Path("/nowhere/m.gguf"), "m.gguf"),), quantize="q4_K_M")
    with pytest.raises(UsageError, match="no FROM names one"), quantized_here(missing, "", None):
        pass
