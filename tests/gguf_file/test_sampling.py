"""Sampler settings of a GGUF: keys as in llama.cpp, names as in Ollama's types/model/generation.go."""

from __future__ import annotations

import json

from click.testing import CliRunner

from modelfile_kit.cli.inspect_command import command
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.gguf_file.sampling import sampling_defaults
from modelfile_kit.micro import build_pair

SETTINGS: dict[str, int | float | bool | str | None] = {
    "general.sampling.temp": 0.6,
    "general.sampling.top_k": 20,
    "general.sampling.top_p": 0.95,
    "general.sampling.typ_p": 0.5,
    "general.sampling.penalty_last_n": 64.9,
    "general.sampling.penalty_repeat": 1.05,
    "general.sampling.min_p": "0.1",
    "general.sampling.xtc_threshold": 0.1,
}
TYPES = {"general.sampling.min_p": "string"}


def test_the_names_are_those_of_parameter(tmp_path):
    pair = build_pair(tmp_path)
    assert sampling_defaults(read_header(pair.model)) == {}
    header = patch(pair.model, tmp_path / "m.gguf", SETTINGS, types=TYPES)
    assert sampling_defaults(header) == {
        "temperature": 0.6,
        "top_k": 20,
        "top_p": 0.95,
        "typical_p": 0.5,
        "repeat_last_n": 64,
        "repeat_penalty": 1.05,
    }


def test_inspect_shows_them(tmp_path):
    pair = build_pair(tmp_path)
    patch(pair.model, pair.model, {"general.sampling.temp": 0.6, "general.sampling.top_k": 20})
    shown = CliRunner().invoke(command, [str(pair.model)]).output
    assert "temperature 0.6, top_k 20" in shown and "0.33.3 and later" in shown
    data = json.loads(CliRunner().invoke(command, [str(pair.model), "--format", "json"]).output)
    assert data["cases"][0]["data"]["sampling"] == {"temperature": 0.6, "top_k": 20}
    assert "sampling" not in CliRunner().invoke(command, [str(pair.projector)]).output
