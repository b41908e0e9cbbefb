"""/api/generate of models with a RENDERER: the prompts that a real server renders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from modelfile_kit.core.errors import PromptError
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.renderer_prompt import RendererPrompts
from modelfile_kit.ollama.versions import Target, server_version
from modelfile_kit.runtime.ollama.client import OllamaServer
from tests.ollama_process import OllamaProcess

pytestmark = pytest.mark.server

# Fills gaps; its chats are not used beside a RENDERER.
TEMPLATE = "{{ if .Suffix }}<pre>{{ .Prompt }}<suf>{{ .Suffix }}<mid>{{ else }}{{ .Prompt }}{{ end }}"
OWN = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"system": "Be long."},
    {"think": True},
    {"think": False},
    {"suffix": "the end"},
    {"suffix": "the end", "template": "{{ .Suffix }}|{{ .Prompt }}"},
    {"template": "[{{ .System }}]{{ .Prompt }}"},
    {"raw": True},
    {"raw": True, "system": "Be long."},
)


@pytest.mark.parametrize("renderer", ["qwen3-coder", "qwen3.5", "glm-4.7", "gemma4-small", "cohere"])
@pytest.mark.parametrize("template", [TEMPLATE, None])
def test_the_prompts_are_those_of_the_server(
    renderer: str,
    template: str | None,
    either_process: OllamaProcess,
    either_server: OllamaServer,
    tmp_path: Path,
) -> None:
    parser = renderer.removesuffix("-small")
    model = build_model(tmp_path / "m.gguf")
    lines = [f"FROM {model}", f"RENDERER {renderer}", f"PARSER {parser}", "SYSTEM Be brief."]
    lines += [f"MESSAGE {m['role']} {m['content']}" for m in OWN]
    lines += [f'TEMPLATE """{template}"""'] if template else []
    (tmp_path / "Modelfile").write_text("\n".join(lines), encoding="utf-8")
    either_process.run("create", "asked", "-f", str(tmp_path / "Modelfile"))
    mine = RendererPrompts(
        renderer,
        parser=parser,
        target=Target(server_version(either_server.version())),
        system="Be brief.",
        messages=OWN,
        name="asked",
        family="glm4",
        template=template or "{{ .Prompt }}",
    )
    for request in REQUESTS:
        body = {"model": "asked", "prompt": "Who & <why>?", "stream": False, "_debug_render_only": True}
        found = httpx.post(f"{either_server.url}/api/generate", json={**body, **request}, timeout=120)
        try:
            expected: Any = mine.render_generate("Who & <why>?", **request)
        except PromptError as error:
            assert found.status_code == error.status, (request, error.message, found.text)
            continue
        assert found.status_code == 200, (request, found.text)
        assert found.json()["_debug_info"]["rendered_template"] == expected, request
