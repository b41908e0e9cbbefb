"""What Ollama tells its llama-server beside the files, as far as it changes how many tokens a prompt has."""

from __future__ import annotations

_QWEN_VL = frozenset({"qwen2vl", "qwen25vl", "qwen3vl", "qwen3vlmoe"})


def least_image_tokens(architecture: str) -> int | None:
    """How many tokens an image has at least (`--image-min-tokens`); None where the projector decides.

    A smaller image is enlarged. Since Ollama 0.30 (llm/llama_server.go, qwenVLServerArgs).
    """
    return 1024 if architecture in _QWEN_VL else None
