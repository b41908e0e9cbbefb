"""A renderer held to a chat template: what it writes itself, and small changes of that."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from modelfile_kit.ollama.prompt import PromptTemplate
from modelfile_kit.ollama.renderer_prompt import RendererPrompts
from modelfile_kit.prover.renderer import RendererProof, prove_renderer

# What the renderers lfm2 and glm-4.7 write for chats, as chat templates.
LFM2 = (
    "<|startoftext|>{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{{ '\\n' }}"
    "{% endfor %}"
    "{{ '<|im_start|>assistant\\n' }}"
)


class Source(NamedTuple):
    text: str
    bos_token: str | None = "<|startoftext|>"
    eos_token: str | None = "<|im_end|>"


def proof(
    text: str, *, renderer: str = "lfm2", kinds: tuple[str, ...] = ("chat",), go: str = ""
) -> RendererProof:
    releases = [RendererPrompts(renderer, parser=renderer, target=t) for t in ("0.30.4", "0.34.4")]
    template = PromptTemplate(go) if go else None
    return prove_renderer(Source(text), releases, kinds, template=template)


def test_the_same_prompts_are_exact() -> None:
    # An empty system message is none for the renderer.
    said = "{% if m.content or m.role != 'system' or not loop.first %}"
    same = LFM2.replace("<|im_start|>{{", said + "<|im_start|>{{").replace(
        "{% endfor", "{% endif %}{% endfor"
    )
    found = proof(same)
    assert (found.coverage["chat"], found.coverage["tools"], found.differences) == ("exact", "absent", ())
    assert found.exact() == {"chat"}
    assert found.conversations > 10


@pytest.mark.parametrize(
    "change", [("\n{{ m.content }}", "\n\n{{ m.content }}"), ("m.content", "m.content|trim")]
)
def test_another_byte_is_a_difference_with_its_release(change: tuple[str, str]) -> None:
    found = proof(LFM2.replace(*change))
    assert found.coverage["chat"] == "partial"
    assert found.differences[0].startswith("RENDERER lfm2 (Ollama 0.30.4 and 0.34.4), chat: not exact")
    assert "renderer:" in found.differences[0]


GLM_47 = (
    "[gMASK]<sop>{% for m in messages %}{% if m.role == 'assistant' %}<|assistant|>"
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}{% endif %}</think>{{ m.content }}"
    "{% elif m.role in ('user', 'system') %}<|{{ m.role }}|>{{ m.content }}{% endif %}{% endfor %}"
    "<|assistant|>{{ '</think>' if enable_thinking is defined and not enable_thinking else '<think>' }}"
)


def test_one_difference_of_several_kinds_is_told_once() -> None:
    found = proof(GLM_47.replace("<sop>", "<sop>\n"), renderer="glm-4.7", kinds=("chat", "thinking", "tools"))
    assert (found.coverage["chat"], found.coverage["thinking"]) == ("partial", "partial")
    told = [d for d in found.differences if "chat" in d.partition(":")[0]]
    assert len(told) == 1
    assert told[0].startswith("RENDERER glm-4.7 (Ollama 0.30.4 and 0.34.4), chat, thinking")
    assert not [d for d in found.differences if ": thinking" in d or "), thinking" in d]


def test_prompts_by_chance_are_not_exact() -> None:
    tools = (
        "{% if tools %}{% for t in tools %}{{ t | tojson }}{% endfor %}{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    )
    found = proof(tools, renderer="qwen3-coder", kinds=("chat", "tools"))
    assert found.coverage["tools"] == "partial"


def test_both_ways_are_counted() -> None:
    turns = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    found = proof(LFM2.replace("m.content", "m.content|trim"), go=f"{turns}<|im_start|>assistant\n")
    count = found.counts["chat"]
    assert 0 < count.native <= count.of
    assert 0 < count.template <= count.of
