"""The chat template of a GGUF on a hub beside the original model's, with the real huggingface_hub."""

from __future__ import annotations

import json

import pytest

from modelfile_kit.core.severity import Severity
from modelfile_kit.drafting.upstream import hold_to_upstream
from modelfile_kit.sources import places
from modelfile_kit.sources.resolve import place_of
from tests.gguf_file.handmade import Typed, gguf, tensor
from tests.hub_server import ModelScopeServer

TEXT = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}<|assistant|>"
# The same prompts, by another way of writing it.
SAME = "{%- for one in messages -%}<|{{ one.role }}|>{{ one.content ~ eos_token }}{%- endfor -%}<|assistant|>"
OTHER = TEXT.replace("<|assistant|>", "{% if add_generation_prompt %}<|assistant|>\n{% endif %}")
CONFIG = {"bos_token": None, "eos_token": {"content": "</s>"}}


def model(template: str | None = TEXT, **more: str) -> bytes:
    keys = {
        "general.architecture": Typed("string", "llama"),
        "tokenizer.ggml.model": Typed("string", "gpt2"),
        "tokenizer.ggml.tokens": Typed("string[]", ["a", "b", "</s>"]),
        "tokenizer.ggml.token_type": Typed("int32[]", [1, 1, 3]),
        "tokenizer.ggml.eos_token_id": Typed("uint32", 2),
        **{key.replace("__", "."): Typed("string", value) for key, value in more.items()},
    }
    if template is not None:
        keys["tokenizer.chat_template"] = Typed("string", template)
    return gguf(keys, [tensor("token_embd.weight", (8, 3))], bytes(96))


def original(template: str = TEXT) -> dict[str, bytes]:
    return {"chat_template.jinja": template.encode(), "tokenizer_config.json": json.dumps(CONFIG).encode()}


@pytest.fixture
def held(hub, monkeypatch):
    """Puts a GGUF and a card onto the hub, and holds the one to what the other names."""
    places._REMOTE.clear()

    def call(card: str = "---\nbase_model: org/original\n---\n", data: bytes | None = None):
        hub.add("org/m-GGUF", {"m-Q8_0.gguf": data or model(), "README.md": card.encode()})
        return hold_to_upstream(place_of("hf.co/org/m-GGUF"))

    return call


def test_the_same_text_is_said_to_be_the_original(hub, held) -> None:
    hub.add("org/original", original())
    found = held()
    assert found.diagnostic.code == "MK276"
    assert "that of hf.co/org/original/chat_template.jinja" in found.diagnostic.message
    assert found.lines == ()


def test_another_text_with_the_same_prompts(hub, held) -> None:
    hub.add("org/original", original(SAME))
    found = held()
    assert found.diagnostic.code == "MK276" and "every prompt is the same" in found.diagnostic.message
    assert any(line.strip().startswith("- {%- for one in messages") for line in found.lines), found.lines


def test_other_prompts_are_shown_by_a_conversation(hub, held) -> None:
    hub.add("org/original", original(OTHER))
    found = held()
    assert (found.diagnostic.code, found.diagnostic.severity) == ("MK275", Severity.WARNING)
    assert "prompts differ (chat" in found.diagnostic.message
    example = found.diagnostic.message.partition(", for ")[2]
    shown, _ = json.JSONDecoder().raw_decode(example)
    messages = shown["messages"] if isinstance(shown, dict) else shown
    assert len(messages) == 1
    assert any("add_generation_prompt" in line for line in found.lines)


def test_a_chat_template_in_tokenizer_config(hub, held) -> None:
    config = json.dumps({**CONFIG, "chat_template": TEXT}).encode()
    hub.add("org/original", {"tokenizer_config.json": config})
    found = held()
    assert found.diagnostic.code == "MK276"
    assert "hf.co/org/original/tokenizer_config.json" in found.diagnostic.message


def test_named_chat_templates_that_the_gguf_lacks(hub, held) -> None:
    named = [{"name": "default", "template": TEXT}, {"name": "tool_use", "template": OTHER}]
    config = json.dumps({**CONFIG, "chat_template": named}).encode()
    hub.add("org/original", {"tokenizer_config.json": config})
    found = held()
    assert found.diagnostic.code == "MK275" and "tool_use" in found.diagnostic.message


def test_a_gguf_without_a_chat_template(hub, held) -> None:
    hub.add("org/original", original())
    found = held(data=model(None))
    assert found.diagnostic.code == "MK275" and "the GGUF has no chat template" in found.diagnostic.message


def test_the_gguf_says_what_it_was_made_of(hub, held) -> None:
    hub.add("org/original", original())
    data = model(general__base_model__0__repo_url="https://huggingface.co/org/original")
    for card in ("about", "---\nlicense: mit\n---\n", "---\nbase_model: [org/m-GGUF]\n---\n"):
        found = held(card, data)
        assert found.diagnostic.code == "MK276"
        assert "general.base_model.0.repo_url of the GGUF" in found.diagnostic.message


def test_the_next_is_tried_where_the_first_has_none(hub, held) -> None:
    hub.add("org/base", {"config.json": b"{}"})
    hub.add("org/original", original())
    found = held("---\nbase_model:\n- org/base\n- org/original\n---\n")
    assert found.diagnostic.code == "MK276" and "org/original" in found.diagnostic.message


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("about", "neither the model card nor the GGUF names"),
        ("---\nbase_model: org/original\nbase_model_relation: finetune\n---\n", "neither the model card"),
        ("---\nbase_model: [\n---\n", "neither the model card"),
        ("---\nbase_model: ../../etc\n---\n", "neither the model card"),
        ("---\nbase_model: org/gone\n---\n", "hf.co/org/gone (`base_model` of the card): "),
        ("---\nbase_model: org/gated\n---\n", "gated"),
        ("---\nbase_model: org/nothing\n---\n", "none of chat_template.jinja"),
        ("---\nbase_model: org/plain\n---\n", "its tokenizer_config.json has no chat template"),
        ("---\nbase_model: org/broken\n---\n", "tokenizer_config.json"),
    ],
)
def test_what_could_not_be_had_is_said(hub, held, card, said) -> None:
    hub.add("org/gated", original(), gated=True)
    hub.add("org/nothing", {"config.json": b"{}"})
    hub.add("org/plain", {"tokenizer_config.json": b"{}"})
    hub.add("org/broken", {"tokenizer_config.json": b'{"chat_template": 3}'})
    found = held(card)
    assert found.diagnostic.code == "MK277"
    assert said in found.diagnostic.message, found.diagnostic.message


def test_a_file_of_this_machine_is_not_compared(tmp_path) -> None:
    (tmp_path / "m.gguf").write_bytes(model())
    assert hold_to_upstream(tmp_path / "m.gguf") is None


def test_modelscope(hub, monkeypatch) -> None:
    places._REMOTE.clear()
    server = ModelScopeServer()
    monkeypatch.setenv("MODELSCOPE_DOMAIN", server.url)
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    try:
        server.add("org/original", original())
        card = b"---\nbase_model: org/original\n---\n"
        server.add("org/m-GGUF", {"m-Q8_0.gguf": model(), "README.md": card})
        found = hold_to_upstream(place_of("ms://org/m-GGUF"))
    finally:
        server.close()
    assert found is not None and found.diagnostic.code == "MK276"
    assert "modelscope.cn/org/original/chat_template.jinja" in found.diagnostic.message
