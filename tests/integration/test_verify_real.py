"""Every broken package that a real Ollama accepts without a word is named by `verify`."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from modelfile_kit.building.build import build
from modelfile_kit.core.conversation import Conversation, load_conversations
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.huggingface import Reference
from modelfile_kit.micro import CHAT_TEMPLATE, build_pair
from modelfile_kit.ollama.versions import Target, server_version
from modelfile_kit.publish import publish as publishing
from modelfile_kit.publish.expectation import Expectation
from modelfile_kit.publish.prompt_judge import with_images
from modelfile_kit.publish.verify import verify
from modelfile_kit.vision.colour_images import colour_probes

# These tests verify on their own, or look at what verification does not.
publish = functools.partial(publishing.publish, verify=False)

pytestmark = pytest.mark.server

TEMPLATE = """[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>
{{ .Content }}{{ end }}<|assistant|>
"""
MARKS = "{{ if .Images }}<|begin_of_image|><|image|><|end_of_image|>{{ end }}"


@pytest.fixture
def by_hand(ollama_process, ollama_server, tmp_path):
    """Publishes a Modelfile with the real `ollama create`, as somebody without the kit would."""

    def create(name, *lines, template=TEMPLATE):
        path = tmp_path / f"Modelfile.{name}"
        text = "\n".join(lines) + (f'\nTEMPLATE """{template}"""\n' if template else "\n")
        path.write_text(text, encoding="utf-8")
        ollama_process.run("create", name, "-f", str(path))
        return name

    return create


def findings(server, name, **more):
    report = verify(name, host=server.url, **more)
    return report, {d.code for d in report.diagnostics}


FAULTS = {"width": "MK412", "projector-type": "MK417", "no-rope-sections": "MK413"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_pair_is_named(fault, by_hand, ollama_server, tmp_path):
    pair = build_pair(tmp_path / "pair", fault=fault)
    name = by_hand(fault, f"FROM {pair.model}", f"FROM {pair.projector}")
    report, codes = findings(ollama_server, name)
    assert not report.ok
    assert FAULTS[fault] in codes


def test_a_projector_of_a_type_that_does_not_load_is_named(by_hand, ollama_server, tmp_path):
    pair = build_pair(tmp_path / "pair")
    data = pair.projector.read_bytes()
    # The same length, so that nothing else in the file moves.
    assert data.count(b"glm4v") >= 1
    place = data.index(b"clip.projector_type")
    changed = data[:place] + data[place:].replace(b"glm4v", b"ldpv2", 1)
    pair.projector.write_bytes(changed)
    name = by_hand("other-type", f"FROM {pair.model}", f"FROM {pair.projector}")
    report, codes = findings(ollama_server, name)
    assert not report.ok
    assert codes & {"MK417", "MK854"}


def test_a_blind_model_is_named(by_hand, ollama_server, micro_pair):
    name = by_hand("blind", f"FROM {micro_pair.model}")
    report, codes = findings(ollama_server, name)
    assert "MK436" in codes  # a warning: nobody said that it is to see
    assert report.ok
    report, codes = findings(ollama_server, name, expectation=Expectation(vision=True))
    assert "MK436" in codes
    assert not report.ok


def test_images_that_the_chat_template_does_not_know(by_hand, ollama_server, micro_pair, tmp_path):
    """The test images are asked about all the same, and the finding says that nothing else judges them."""
    jinja = "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
    jinja += "<|assistant|>{{ '\n' }}"
    bare = tmp_path / "bare.gguf"
    patch(micro_pair.model, bare, {"tokenizer.chat_template": jinja})
    name = by_hand("unproven", f"FROM {bare}", f"FROM {micro_pair.projector}")
    report, codes = findings(ollama_server, name)
    assert codes == {"MK662"}
    asked = [c.status for c in report.checks if c.name.startswith("image ")]
    assert asked and all(status == "ok" for status in asked), report
    compared = {c.name: c.status for c in report.checks if c.name.startswith("prompt ")}
    assert (compared["prompt one-turn"], compared["prompt image"]) == ("ok", "skip")


def test_doubled_image_tokens_are_named(by_hand, ollama_server, micro_pair, llama_cpp):
    template = TEMPLATE.replace("{{ .Content }}", MARKS + "{{ .Content }}")
    name = by_hand("twice", f"FROM {micro_pair.model}", f"FROM {micro_pair.projector}", template=template)
    report, codes = findings(ollama_server, name)
    assert not report.ok
    assert {"MK250", "MK833"} <= codes


def test_a_token_that_ends_nothing_is_named(by_hand, ollama_server, tmp_path):
    pair = build_pair(tmp_path / "pair")
    data = pair.model.read_bytes()
    assert data.count(b"tokenizer.ggml.eot_token_id") == 1
    pair.model.write_bytes(data.replace(b"tokenizer.ggml.eot_token_id", b"tokenizer.ggml.xxx_token_id"))
    name = by_hand("endless", f"FROM {pair.model}", f"FROM {pair.projector}")
    report, codes = findings(ollama_server, name)
    assert not report.ok
    assert "MK840" in codes


def test_a_stop_that_never_fires_does_in_a_patched_copy(by_hand, ollama_server, tmp_path):
    pair = build_pair(tmp_path / "pair")
    turn = read_header(pair.model).metadata["tokenizer.ggml.eot_token_id"]
    endless: dict[str, Any] = {"tokenizer.ggml.eot_token_id": None}
    ended = {**endless, "tokenizer.ggml.eom_token_id": turn}
    outcomes = []
    for name, changes in {"unseen": endless, "patched": ended}.items():
        patch(pair.model, tmp_path / name, changes)
        lines = (f"FROM {tmp_path / name}", f"FROM {pair.projector}", 'PARAMETER stop "<|user|>"')
        reply = ollama_server.chat(
            by_hand(name, *lines), [{"role": "user", "content": "hi"}], options={"num_predict": 30}
        )
        outcomes.append(reply.finish_reason)
    assert outcomes == ["length", "stop"]


def test_a_foreign_end_token_is_named_with_what_it_falls_apart_into(
    by_hand, ollama_server, micro_pair, llama_cpp
):
    template = TEMPLATE.replace("{{ .Content }}", "{{ .Content }}<|im_end|>")
    name = by_hand("foreign", f"FROM {micro_pair.model}", f"FROM {micro_pair.projector}", template=template)
    report, codes = findings(ollama_server, name)
    assert {"MK323", "MK833"} <= codes
    assert any("10 ordinary tokens" in d.message for d in report.diagnostics)


def test_what_works_is_not_complained_about(by_hand, ollama_server, micro_pair, llama_cpp):
    orders = {"first": [f"FROM {micro_pair.projector}", f"FROM {micro_pair.model}"]}
    if Target(server_version(ollama_server.version())).has("lora_adapters"):
        orders["adapter"] = [f"FROM {micro_pair.model}", f"ADAPTER {micro_pair.projector}"]
    for name, lines in orders.items():
        report, codes = findings(ollama_server, by_hand(name, *lines))
        assert report.ok, name
        assert codes == set(), name


def test_a_silently_unused_template_is_named(by_hand, ollama_server, tmp_path):
    # Ollama 0.33 prefers the GGUF's own template where it knows tools and the TEMPLATE does not.
    jinja = CHAT_TEMPLATE + "{% if tools %}{{ tools }}{% endif %}"
    pair = build_pair(tmp_path / "pair", chat_template=jinja)
    name = by_hand("unused", f"FROM {pair.model}", f"FROM {pair.projector}")
    report, codes = findings(ollama_server, name, expectation=Expectation(template=TEMPLATE))
    assert report.native
    assert "MK201" in codes


def test_native_rendering_is_held_to_the_same_reference(by_hand, ollama_server, tmp_path):
    # Another style, so that no engine of another test's model with the same files is used.
    pair = build_pair(tmp_path / "pair", style="think")
    name = by_hand("native", f"FROM {pair.model}", f"FROM {pair.projector}", template="")
    report, codes = findings(ollama_server, name)
    assert report.native
    # The whole proof says the same: all is right but images.
    assert "MK522" in codes
    [proof] = [c for c in report.checks if c.name == "native proof"]
    assert proof.detail.endswith("no difference for chat, some for images")
    right = [c.name for c in report.checks if c.name.startswith("prompt ") and c.status == "ok"]
    assert right == ["prompt one-turn", "prompt three-turns", "prompt system"]
    # Ollama 0.33 hands llama-server the words before the image, GLM wants the image first.
    assert any(d.code == "MK521" and "after the place" in d.message for d in report.diagnostics)


def test_an_engine_of_another_package_is_named(by_hand, ollama_server, tmp_path):
    pair = build_pair(tmp_path / "pair", extra_tokens=["<|mine|>"])
    files = (f"FROM {pair.model}", f"FROM {pair.projector}")
    templated, native = by_hand("templated", *files), by_hand("natural", *files, template="")
    ollama_server.chat(templated, [{"role": "user", "content": "hi"}], options={"num_predict": 1})
    report, codes = findings(ollama_server, native)
    assert "MK834" in codes
    assert "<|im_start|>" in next(d.message for d in report.diagnostics if d.code == "MK834")


def test_what_was_meant_and_is_not_there_is_named(by_hand, ollama_server, micro_pair):
    name = by_hand("other", f"FROM {micro_pair.model}", f"FROM {micro_pair.projector}", "PARAMETER top_k 3")
    meant = Expectation(
        template=TEMPLATE + " ",
        system="S",
        parameters={"top_k": 4},
        messages=({"role": "user", "content": "hi"},),
        capabilities=frozenset({"tools"}),
        native=True,
    )
    _, codes = findings(ollama_server, name, expectation=meant)
    assert {"MK520", "MK820", "MK821", "MK824"} <= codes


def test_the_report_is_plain_values(by_hand, ollama_server, micro_pair):
    steps: list[Any] = []
    report = verify(
        by_hand("plain", f"FROM {micro_pair.model}"), host=ollama_server.url, progress=steps.append
    )
    assert json.loads(json.dumps(report.to_dict()))["ok"] is True
    assert steps[-1].done == steps[-1].total


# -- prompts, byte for byte -----------------------------------------------------------------------


@pytest.fixture
def published(ollama_server, micro_pair, tmp_path):
    (tmp_path / "mkmodelfile.yaml").write_text(
        f"name: autoglm-phone-9b\nmodel: {micro_pair.model}\nprojector: {micro_pair.projector}\n"
    )
    built = build(tmp_path)
    publish(built, "autoglm-phone-9b", host=ollama_server.url)
    return built


def rendered(server, conversation):
    messages = with_images(conversation.messages, colour_probes())
    return server.render("autoglm-phone-9b", messages).prompt


def with_tags(text):
    """The reference as Ollama writes images; the marks are those of GLM-4.1V's template."""
    mark, n = "<|begin_of_image|><|image|><|end_of_image|>", 0
    while mark in text:
        text = text.replace(mark, f"[img-{n}]", 1)
        n += 1
    return text


def test_the_familys_own_conversations_are_rendered_as_the_chat_template_does(published, ollama_server):
    conversations = published.conversations()
    assert len(conversations) > 10
    reference = Reference(CHAT_TEMPLATE)
    for conversation in conversations:
        expected = with_tags(reference.render(conversation.messages))
        assert rendered(ollama_server, conversation) == expected, conversation.id


def test_every_visible_conversation_is_rendered_as_glm_4_1v_does(published, ollama_server, shared):
    template = (shared / "corpus" / "templates" / "GLM-4.1V-9B-Thinking.jinja").read_text(encoding="utf-8")
    reference = Reference(template)
    compared = 0
    for conversation in load_conversations(shared / "corpus" / "conversations.json"):
        if not expressible(conversation):
            continue
        expected = with_tags(reference.render(conversation.messages))
        assert rendered(ollama_server, conversation) == expected, conversation.id
        compared += 1
    assert compared >= 8


def expressible(conversation: Conversation) -> bool:
    """GLM-4.1V has neither tools nor a thinking switch; Ollama refuses requests with either."""
    return not conversation.tools and not conversation.think
