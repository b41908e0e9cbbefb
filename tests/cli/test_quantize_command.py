"""`mkmodelfile quantize` with the real llama-quantize, and with llama-cpp-python's library."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import gguf
import pytest

from modelfile_kit.micro import build_pair
from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine
from modelfile_kit.runtime.llama_server import LlamaServer
from modelfile_kit.vision.ask_colour import ask_colours
from tests.ollama_process import find_ollama
from tests.quantizable import write_quantizable

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return build_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(params=["program", "library"])
def options(request, monkeypatch):
    """Words that make the command use Ollama's llama-quantize, or the library."""
    if request.param == "library":
        pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
        monkeypatch.setattr("modelfile_kit.runtime.llama_quantize._places", lambda url: iter(()))
        return []
    ollama, reason = find_ollama()
    if ollama is None:
        pytest.skip(reason)
    return ["--llama-quantize", str(ollama.resolve().parents[1] / "lib" / "ollama" / "llama-quantize")]


def prompt(messages):
    return f"[gMASK]<sop><|user|>\n[img-0]{messages[0]['content']}<|assistant|>\n"


def test_the_files_are_of_the_type_and_see_as_before(options, pair, mkmodelfile, tmp_path, llama_cpp):
    done = mkmodelfile("quantize", pair.model, "q8_0,Q4_0,BF16", "-o", tmp_path, *options)
    assert done.code == 0, done.err
    made = [Path(line) for line in done.out.splitlines()]
    types = ("Q8_0", "Q4_0", "BF16")
    assert [p.name for p in made] == [f"micro-glm4v-{t}.gguf" for t in types]
    for path, wanted in zip(made, types, strict=True):
        # The second reader is that of the package gguf.
        found = {t.name: t.tensor_type.name for t in gguf.GGUFReader(path).tensors}
        assert found["blk.0.attn_q.weight"] == wanted
        assert found["output_norm.weight"] == "F32"
        assert f"{path.name}: 0." in done.err
    # The micro model's weights reach 12000 beside 1, which needs 16 bits.
    with EmbeddedEngine(made[2], pair.projector) as engine:
        assert all(sample.ok for sample in ask_colours(engine, prompt))
    into = ["-o", tmp_path / "again.gguf", *options]
    again = mkmodelfile("quantize", made[0], "Q4_0", *into)
    assert (again.code, "MK462" in again.err) == (2, True)
    again = mkmodelfile("quantize", made[0], "Q4_0", "--allow-requantize", *into)
    assert again.code == 0, again.err


def test_glm_4v_in_four_bits_works_as_text_and_says_why_it_does_not_see(
    options, mkmodelfile, tmp_path, monkeypatch, llama_cpp
):
    """The way of examples/glm-4v-9b with a small model of the same architecture."""
    example = Path(__file__).parents[2] / "examples" / "glm-4v-9b"
    [stand_in] = mkmodelfile("micro", example, "-o", tmp_path / "micro").out.splitlines()
    reply = ["<|assistant|>", "R", "a", "i", "n", "<|user|>"]
    full = write_quantizable(tmp_path / "glm-4v-9b-F16.gguf", Path(stand_in), reply)
    done = mkmodelfile("quantize", full, "Q4_K_M", *options)
    assert done.out.splitlines() == [str(tmp_path / "glm-4v-9b-Q4_K_M.gguf")], done.err
    small = tmp_path / "glm-4v-9b-Q4_K_M.gguf"
    kinds = {t.name: t.tensor_type.name for t in gguf.GGUFReader(small).tensors}
    assert (kinds["token_embd.weight"], kinds["blk.0.attn_output.weight"]) == ("Q4_K", "Q4_K")
    built = mkmodelfile("build", example, "--model", small, "-o", tmp_path / "build", "-v")
    assert built.code == 0, built.err
    assert "MK418" in built.err
    assert "chatglm" in built.err
    checked = mkmodelfile("check", example, "--model", small)
    assert (checked.code, "check: ok" in checked.out) == (0, True), checked.out
    program = find_ollama()[0]
    if program is None:
        return
    # Some builds of llama.cpp set up AMX with a configuration that they never filled, and crash with every
    # quantized model on a processor that has it. Without repacking, those kernels are not used.
    monkeypatch.setenv("LLAMA_ARG_REPACK", "0")
    beside = program.resolve().parents[1] / "lib" / "ollama" / "llama-server"
    with LlamaServer(beside, small) as server:
        [answer] = server.chat({"messages": [{"role": "user", "content": "Hi"}], "temperature": 0})
    assert answer["choices"][0]["message"]["content"] == "Rain"


def test_what_it_refuses_itself_is_explained(options, pair, mkmodelfile, tmp_path, llama_cpp):
    # Rows of 256, so that two bits a weight are possible at all.
    wide = tmp_path / "wide.gguf"
    write_wide(wide)
    done = mkmodelfile("quantize", wide, "IQ2_XXS", *options)
    assert (done.code, "MK465" in done.err) == (1, True), done.err
    assert [p.name for p in tmp_path.iterdir()] == ["wide.gguf"]


def test_an_importance_matrix_that_is_none(pair, mkmodelfile, tmp_path):
    ollama, reason = find_ollama()
    if ollama is None:
        pytest.skip(reason)
    program = ollama.resolve().parents[1] / "lib" / "ollama" / "llama-quantize"
    text = tmp_path / "imatrix.gguf"
    text.write_text("no matrix")
    model = Path(shutil.copyfile(pair.model, tmp_path / "m.gguf"))
    done = mkmodelfile("quantize", model, "Q4_0", "--imatrix", text, "--llama-quantize", program)
    assert (done.code, "MK465" in done.err) == (1, True), done.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that interrupts another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(number, pair, tmp_path):
    model = Path(shutil.copyfile(pair.model, tmp_path / "m.gguf"))
    slow = tmp_path / "slow"
    slow.write_text(
        "#!/bin/sh\nif [ $1 = --dry-run ]; then exit 0; fi\n"
        f'echo half > "$2"; echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 61\n'
    )
    slow.chmod(0o755)
    ours = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    ours += "from modelfile_kit.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", ours, "quantize", str(model), "Q8_0", "--llama-quantize", str(slow)],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "pid").exists():
        assert process.poll() is None, process.stderr.read()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "interrupted" in err) == (130, True), err
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.gguf", "pid", "slow"]


def write_wide(path: Path) -> None:
    """A llama of one layer with rows of 256 numbers."""
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(256)
    writer.add_block_count(1)
    writer.add_feed_forward_length(256)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)
    words = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % n for n in range(256))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([2, 3, 3, *([6] * 256)])
    matrix = np.ones((256, 256), dtype=np.float32)
    names = [f"blk.0.{n}" for n in ("attn_q", "attn_k", "attn_v", "attn_output")]
    names += [f"blk.0.{n}" for n in ("ffn_gate", "ffn_up", "ffn_down")]
    for name in names:
        writer.add_tensor(f"{name}.weight", matrix)
    for name in ("token_embd", "output"):
        writer.add_tensor(f"{name}.weight", np.ones((len(words), 256), dtype=np.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(256, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
