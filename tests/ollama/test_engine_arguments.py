"""What Ollama tells llama-server; test_examples_real.py counts the tokens of an image on a real server."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.engine_arguments import least_image_tokens


# The rows of TestQwenVLServerArgs (Ollama 0.30.4 to 0.34.4, llm/llama_server_test.go).
@pytest.mark.parametrize(
    ("architecture", "least"),
    [("qwen2vl", 1024), ("qwen25vl", 1024), ("qwen3vl", 1024), ("qwen3vlmoe", 1024), ("llama", None)],
)
def test_images_of_qwen_are_enlarged(architecture: str, least: int | None) -> None:
    assert least_image_tokens(architecture) == least
