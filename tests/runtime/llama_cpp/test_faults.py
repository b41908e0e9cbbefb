"""What llama.cpp wrote (texts as they came from it, paths shortened) and what is made of it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError
from modelfile_kit.runtime.llama_cpp import faults
from modelfile_kit.runtime.llama_cpp.faults import Failure, death, last_words, refusal, timed_out

MODEL, PROJECTOR = Path("model.gguf"), Path("mmproj.gguf")

ROWS = [
    (
        "MK412",
        "projector",
        "mtmd_init_from_file: error: mismatch between text model (n_embd = 64) and mmproj (n_embd = 128)\n"
        "hint: you may be using wrong mmproj\n",
        ["mmproj.gguf", "width", "expects 64", "outputs 128"],
    ),
    (
        "MK416",
        "projector",
        "clip_init: failed to load model 'mmproj.gguf': load_hparams: unknown projector type: bogus\n",
        ["mmproj.gguf", "bogus"],
    ),
    (
        "MK417",
        "projector",
        "load_tensors: ffn up/down are swapped\n"
        "clip_init: failed to load model 'mmproj.gguf': operator(): unable to find tensor mm.0.weight\n",
        ["mmproj.gguf", "mm.0.weight", "clip.projector_type"],
    ),
    (
        "MK433",
        "open",
        "llama_model_load: error loading model: CLIP cannot be used as main model, use it with --mmproj\n",
        ["model.gguf", "projector"],
    ),
    (
        "MK421",
        "projector",
        "mtmd_init_from_file: error: Failed to load CLIP model from mmproj.gguf\n",
        ["mmproj.gguf", "not a projector"],
    ),
    (
        "MK404",
        "open",
        "llama_model_load: error loading model: tensor 'blk.1.ffn_down.weight' data is not within the file "
        "bounds, model is corrupted or incomplete\n",
        ["model.gguf", "cut short"],
    ),
    (
        "MK404",
        "projector",
        "clip_init: failed to load model 'm.gguf': load_tensors: failed to seek for tensor mm.up.weight\n",
        ["mmproj.gguf", "cut short"],
    ),
    (
        "MK403",
        "open",
        "gguf_init_from_reader: invalid magic characters: '?PNG', expected 'GGUF'\n",
        ["model.gguf", "?PNG", "not a GGUF"],
    ),
    (
        "MK717",
        "open",
        "llama_model_load: error loading model: unknown model architecture: 'future'\n",
        ["model.gguf", "future"],
    ),
    (
        "MK717",
        "open",
        "llama_model_load: error loading model: error loading model vocabulary: unknown pre-tokenizer type: "
        "'newish'\n",
        ["model.gguf", "newish"],
    ),
    (
        "MK718",
        "context",
        "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 68719476736\n",
        ["model.gguf", "memory"],
    ),
]


@pytest.mark.parametrize(("code", "stage", "stderr", "words"), ROWS)
def test_refusals(code, stage, stderr, words):
    error = refusal("llama.cpp cannot load this", Failure(stage, stderr, MODEL, PROJECTOR))
    assert error.code == code
    assert error.help
    assert error.stderr == stderr
    for word in words:
        assert word in str(error)


def test_an_abort_with_its_reason():
    stderr = "/build/src/models/glm4.cpp:84: This GGUF does not support multimodal. Please reconvert it.\n"
    error = death(-signal.SIGABRT, Failure("generate", stderr, MODEL, PROJECTOR))
    assert (error.code, "model.gguf" in str(error)) == ("MK413", True)
    assert "rope.dimension_sections" in str(error)
    assert "convert the model again" in error.help


def test_a_segmentation_fault_while_loading_a_projector():
    error = death(
        -signal.SIGSEGV, Failure("projector", "load_tensors: ffn up/down are swapped\n", MODEL, PROJECTOR)
    )
    assert error.code == "MK417"
    assert "mmproj.gguf: llama.cpp's process died of SIGSEGV" in str(error)
    assert "clip.projector_type" in str(error)


@pytest.mark.parametrize(
    ("status", "words"), [(-9, "SIGKILL"), (-4, "SIGILL"), (1, "exit status 1"), (None, "exit status None")]
)
def test_other_deaths(status, words):
    error = death(status, Failure("open", "", MODEL, None))
    assert error.code == "MK710"
    assert words in str(error)
    assert str(error).startswith("model.gguf: ")


def test_an_unknown_refusal_shows_the_last_words():
    error = refusal(
        "llama.cpp cannot load this model", Failure("open", "info: x\nerror: no such luck\ny\n", MODEL, None)
    )
    assert (error.code, str(error)) == (
        "MK710",
        "model.gguf: llama.cpp cannot load this model: error: no such luck",
    )


def test_a_time_out_names_what_was_asked():
    error = timed_out(1.5, Failure("projector", "", MODEL, PROJECTOR))
    assert str(error) == "mmproj.gguf: llama.cpp did not answer within 1.5 s, asked to load the projector"
    assert isinstance(error, EngineError)


def test_last_words_are_short():
    assert last_words("") == ""
    assert last_words("all is well\n") == ""
    assert len(last_words("error " * 1000)) == 300


def test_every_stage_can_be_named():
    """A stage without words would be a KeyError in the middle of a time-out."""
    import re

    folder = Path(faults.__file__).parent
    asked = set()
    for path in [folder / "engine.py", folder / "child.py", folder.parent / "tokenizer.py"]:
        asked |= set(re.findall(r'"op": "(\w+)"', path.read_text(encoding="utf-8")))
    assert asked == set(faults._DOING)
