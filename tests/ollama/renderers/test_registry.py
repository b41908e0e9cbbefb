"""Which renderer a name means, and which names are refused."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.ollama.builtin import RENDERERS
from modelfile_kit.ollama.renderers import MAKERS, make_renderer, resolve_name
from modelfile_kit.ollama.versions import Target

LATEST = Target.parse("latest")


def test_every_name_has_its_renderer() -> None:
    assert sorted(MAKERS) == sorted(RENDERERS)
    for name in MAKERS:
        assert make_renderer(name, LATEST).name == name


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("qwen4", "latest", "no renderer of Ollama has the name 'qwen4'"),
        ("glimmer", "0.32.5", "came with Ollama 0.33.0"),
        ("qwen3-coder", "0.24.0", "which prompts Ollama 0.24.0 makes with RENDERER qwen3-coder is not known"),
    ],
)
def test_what_is_not_known_is_an_error(name: str, target: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        make_renderer(name, Target.parse(target))
    assert caught.value.help


@pytest.mark.parametrize(
    ("model", "parameters", "renderer"),
    [
        ("gemma-4-E4B-it", 31 * 10**9, "gemma4-small"),
        ("gemma-4:26b", 0, "gemma4-large"),
        ("mine", 11_940_000_000, "gemma4-small"),
        ("mine", 11_960_000_000, "gemma4-large"),
        ("mine", 0, "gemma4-small"),
    ],
)
def test_gemma4_is_small_or_large(model: str, parameters: int, renderer: str) -> None:
    assert resolve_name("gemma4", model, parameters) == renderer
    assert resolve_name("glm-ocr", model, parameters) == "glm-ocr"
