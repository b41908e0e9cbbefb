from __future__ import annotations

from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_model
from tests.lint.helpers import rule_catches, rule_catches_not

CODE = "MK446"


def test_an_ordinary_model_is_no_draft(tmp_path):
    """Ollama 0.33.0 and 0.34.4 created it and answered every chat with HTTP 500 (27 November 2026)."""
    build_model(tmp_path / "model.gguf")
    found = rule_catches(CODE, "DRAFT ./model.gguf\n", base=tmp_path)
    assert "glm4.nextn_predict_layers" in found.message
    patch(tmp_path / "model.gguf", tmp_path / "mtp.gguf", {"glm4.nextn_predict_layers": 1})
    rule_catches_not(CODE, "DRAFT ./mtp.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "DRAFT ./gone.gguf\n", base=tmp_path)
    rule_catches_not(CODE, "DRAFT ./model.gguf\n")
