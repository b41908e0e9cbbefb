"""Projectors of real shape, held against the buffer that llama-server reserves for an image."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from pathlib import Path

import pytest

from modelfile_kit.fit.projector import projector_memory
from modelfile_kit.gguf_file import read_header

from ..gguf_file.handmade import Typed, gguf
from ..gguf_file.handmade import projector as keys
from ..zoo.pairs import pairs, small, text_model_of
from .real_projectors import EYES, write_projector
from .record import _free_port

MIB = 1 << 20
WITHIN = 0.1

# llama-server of llama.cpp 0c1e570, November 2026: "reserve_compute_meta: CPU compute buffer size", and the
# image that it was reserved for.
RESERVED = {
    "gemma3": (896, 121.25),
    "mlp": (336, 17.05),
    "internvl": (448, 28.03),
    "qwen2.5vl_merger": (1288, 433.04),
    "pixtral": (224, 16.08),
    "glm4v": (1288, 1444.93),
}


@pytest.mark.parametrize("kind", EYES)
def test_the_image_and_its_buffer_are_llama_cpps(kind, tmp_path):
    header = read_header(write_projector(tmp_path / "mmproj.gguf", kind))
    found = projector_memory(header)
    side, size = RESERVED[kind]
    assert found.image_size == side
    assert found.compute / MIB == pytest.approx(size, rel=WITHIN)
    assert found.weights == sum(tensor.size or 0 for tensor in header.tensors)


@pytest.mark.server
@pytest.mark.parametrize("kind", EYES if "MKMODELFILE_SOAK" in os.environ else ["gemma3"])
def test_a_running_llama_server_reserves_the_same(kind, tmp_path, engine):
    pair = next(pair for pair in pairs() if pair.kind == kind)
    model = text_model_of(
        tmp_path / "m.gguf", pair.architecture, keys=small(kind).text_keys, width=small(kind).width
    )
    projector = write_projector(tmp_path / "mmproj.gguf", kind)
    reserved = ask(engine / "llama-server", model, projector)
    assert projector_memory(read_header(projector)).compute / MIB == pytest.approx(reserved, rel=WITHIN)


def ask(program: Path, model: Path, projector: Path) -> float:
    command = [
        *(str(program), "-m", str(model), "--mmproj", str(projector), "--port", str(_free_port())),
        *(
            "-c",
            "256",
            "-np",
            "1",
            "--offline",
            "-fit",
            "off",
            "-ngl",
            "0",
            "-t",
            "1",
            "--log-verbosity",
            "4",
        ),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = threading.Timer(120, process.kill)
    end.start()
    lines = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"reserve_compute_meta:.*compute buffer size =\s+([\d.]+)", line):
                return float(found[1])
    finally:
        end.cancel()
        process.kill()
        process.wait()
    raise AssertionError("".join(lines[-20:]))


@pytest.mark.parametrize("size", [0, 1 << 31, 7])
def test_a_nonsense_image_size_gives_weights_alone(size, tmp_path):
    path = tmp_path / "mmproj.gguf"
    path.write_bytes(gguf({**keys("mlp"), "clip.vision.image_size": Typed("uint32", size)}))
    assert projector_memory(read_header(path)).compute == 0
