"""Estimated quantizations, held against llama-quantize's own plan (--dry-run)."""

from __future__ import annotations

import re
import subprocess

import pytest

from modelfile_kit.fit.quantization import TYPES, quantized
from modelfile_kit.fit.shape import shape_of
from modelfile_kit.fit.sources import open_model

from .real_models import MODELS, write

PLANNED = re.compile(r"quant size\s*=\s*([\d.]+) MiB")
MIB = 1 << 20

# llama-quantize --dry-run of llama.cpp 0c1e570 on these shapes in F16: MiB of the tensors.
RECORDED: dict[str, dict[str, float]] = {
    "Llama-3.2-1B": {
        "F16": 2357.26,
        "Q8_0": 1252.41,
        "Q6_K": 967.0,
        "Q5_K_M": 861.81,
        "Q4_K_M": 762.81,
        "Q4_0": 727.75,
        "Q3_K_M": 651.37,
    },
    "Phi-3-mini-4k": {
        "F16": 7288.51,
        "Q8_0": 3872.38,
        "Q6_K": 2989.88,
        "Q5_K_M": 2626.78,
        "Q4_K_M": 2285.03,
        "Q4_0": 2074.66,
        "Q3_K_M": 1870.93,
    },
    "Granite-4.0-H-Micro": {
        "F16": 6089.21,
        "Q8_0": 3236.87,
        "Q6_K": 2500.01,
        "Q5_K_M": 2164.73,
        "Q4_K_M": 1849.16,
        "Q4_0": 1766.15,
        "Q3_K_M": 1480.0,
    },
    "Qwen3-30B-A3B": {
        "F16": 58259.8,
        "Q8_0": 30973.4,
        "Q6_K": 23924.41,
        "Q5_K_M": 20713.44,
        "Q4_K_M": 17691.34,
        "Q4_0": 16497.15,
        "Q3_K_M": 14024.62,
    },
    "DeepSeek-V2-Lite": {
        "F16": 29964.48,
        "Q8_0": 15924.95,
        "Q6_K": 13418.04,
        "Q5_K_M": 11300.17,
        "Q4_K_M": 9883.84,
        "Q4_0": 8488.76,
        "Q3_K_M": 7749.91,
    },
    "Gemma-3-4B": {
        "F16": 7401.72,
        "Q8_0": 3932.82,
        "Q6_K": 3036.69,
        "Q5_K_M": 2692.37,
        "Q4_K_M": 2368.31,
        "Q4_0": 2247.78,
        "Q3_K_M": 1995.01,
    },
}


def sizes(path) -> dict[str, float]:
    model = open_model(path)
    shape = shape_of(model.header, model.tensors)
    plans = {name: quantized(model.tensors, shape, name) for name in TYPES}
    return {name: sum(tensor.size or 0 for tensor in plan) / MIB for name, plan in plans.items()}


@pytest.mark.parametrize("name", RECORDED)
def test_sizes_are_those_of_llama_quantize(name, tmp_path):
    found = sizes(write(tmp_path / "m.gguf", MODELS[name], "F16", words=False))
    assert found == pytest.approx({**found, **RECORDED[name]}, rel=0.001)


@pytest.mark.server
@pytest.mark.parametrize("name", ["Llama-3.2-1B"])
def test_the_program_plans_the_same(name, tmp_path, engine):
    path = write(tmp_path / "m.gguf", MODELS[name], "F16")
    found = sizes(path)
    for kind in ("Q4_K_M", "Q8_0", "Q3_K_M"):
        command = [engine / "llama-quantize", "--dry-run", path, kind]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        planned = PLANNED.search(done.stdout + done.stderr)
        assert planned, done.stderr[-500:]
        assert found[kind] == pytest.approx(float(planned[1]), rel=0.001)
