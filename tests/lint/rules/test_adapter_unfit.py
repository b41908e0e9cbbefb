from __future__ import annotations

from modelfile_kit.micro import build_model
from tests.lint.helpers import rule_catches, rule_catches_not
from tests.more_files import write_lora

CODE = "MK445"


def test_an_adapter_of_another_model(tmp_path):
    """Ollama 0.33.0 created the first and could not start its engine (27 November 2026)."""
    build_model(tmp_path / "model.gguf")
    write_lora(tmp_path / "other.gguf", architecture="llama")
    found = rule_catches(CODE, "ADAPTER ./other.gguf\n", base=tmp_path, target="0.33.0")
    assert "architecture llama, the model is glm4" in found.message
    write_lora(tmp_path / "wide.gguf", width=64)
    rule_catches(CODE, "ADAPTER ./wide.gguf\n", base=tmp_path, target="0.33.0")
    write_lora(tmp_path / "own.gguf")
    rule_catches_not(CODE, "ADAPTER ./own.gguf\n", base=tmp_path, target="0.33.0")
    rule_catches_not(CODE, "ADAPTER ./model.gguf\n", base=tmp_path, target="0.33.0")
    rule_catches_not(CODE, "ADAPTER ./other.gguf\n", target="0.33.0")
