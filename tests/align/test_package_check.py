"""Real builds of the micro pair, whole and broken."""

from __future__ import annotations

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import build
from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.micro import build_model, build_pair
from modelfile_kit.ollama.prompt import render_prompt

pytestmark = pytest.mark.engine


def package(folder, *lines, fault=None):
    pair = build_pair(folder, fault=fault)
    text = [f"name: micro\nmodel: {pair.model.name}\nprojector: auto", *lines]
    (folder / "mkmodelfile.yaml").write_text("\n".join(text), encoding="utf-8")
    return build(folder)


@pytest.fixture(scope="module")
def micro(llama_cpp, tmp_path_factory):
    return package(tmp_path_factory.mktemp("package"), "system: Be kind.")


def errors(report):
    return [d for d in report.all_diagnostics if d.severity is Severity.ERROR]


def test_everything_is_equal_and_it_sees(micro):
    report = check_package(micro)
    assert report.ok, [str(d) for d in errors(report)]
    assert {c.status for c in report.conversations} == {"ok"}
    assert any(c.category == "images" for c in report.conversations)
    assert [s.answer for s in report.sights] == ["red", "green", "blue"]
    alone = [c for c in report.conversations if c.prompt.count("<|system|>") == 1]
    assert any("<|system|>\nBe kind.<|user|>" in (c.prompt or "") for c in alone)


@pytest.mark.parametrize("more", ["", 'end_token: "<|endoftext|>"'])
def test_the_packages_messages_stand_before_every_conversation(llama_cpp, tmp_path, more):
    first = "messages: [{role: user, content: Hi}, {role: assistant, content: Hello}]"
    report = check_package(package(tmp_path, "system: Be kind.", first, more), embedded=False)
    assert report.ok, [str(d) for d in errors(report)]
    end = "<|endoftext|>" if more else ""
    head = f"<|user|>\nHi{end}<|assistant|>\nHello{end}<|"
    assert {(c.prompt or "").count(head) for c in report.conversations} == {1}


def test_without_the_embedded_engine(micro):
    report = check_package(micro, embedded=False)
    assert (report.ok, report.tokens, report.sights) == (True, True, ())


def test_bytes_alone_need_no_llama_cpp(micro, monkeypatch):
    monkeypatch.setattr(
        "modelfile_kit.runtime.llama_cpp.child.require_llama_cpp", lambda: pytest.fail("asked for it")
    )
    report = check_package(micro, tokens=False, embedded=False)
    assert (report.ok, report.tokens) == (True, False)


def test_an_added_end_token_is_a_warning(llama_cpp, tmp_path):
    report = check_package(package(tmp_path, 'end_token: "<|endoftext|>"'), embedded=False)
    assert report.ok, [str(d) for d in errors(report)]
    assert "MK302" in {d.code for d in report.all_diagnostics}


def test_a_hand_written_template_that_is_wrong(llama_cpp, tmp_path):
    (tmp_path / "own.gotmpl").write_text(
        "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|im_end|>{{ end }}<|assistant|>\n",
        encoding="utf-8",
    )
    report = check_package(package(tmp_path, "template: own.gotmpl"), embedded=False)
    assert not report.ok
    assert "MK323" in {d.code for d in errors(report)}


def test_native_mode(llama_cpp, tmp_path):
    report = check_package(package(tmp_path, "mode: native"))
    # with a llama-server on this machine, and without
    assert {"MK732", "MK523"} & {d.code for d in report.all_diagnostics}
    assert [s.answer for s in report.sights] == ["red", "green", "blue"]


def test_a_pair_that_llama_cpp_refuses_is_a_finding(llama_cpp, tmp_path, micro):
    """The headers may agree and the tensors not; the embedded engine notices."""
    import dataclasses

    broken = build_pair(tmp_path, fault="projector-type")
    files = dataclasses.replace(micro.files, projector=broken.projector)
    report = check_package(dataclasses.replace(micro, files=files))
    assert [d.code for d in errors(report)] == ["MK417"]
    assert report.sights == ()


def test_thinking_that_servers_turn_on_is_no_difference(tmp_path):
    """Without `think` in a request, a server sets it; Hugging Face's default here is off. Both are right."""
    jinja = (
        "{% for m in messages %}<|{{ m.role }}|>\n{% if m.role == 'assistant' and m.reasoning_content %}"
        "<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% if enable_thinking | default(false) %}<think>"
        "{% else %}<think></think>{% endif %}{% endif %}"
    )
    build_model(tmp_path / "m.gguf", chat_template=jinja)
    (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: m.gguf\nprojector: none\nmode: go\n")
    built = build(tmp_path, write=False)
    hi = [{"role": "user", "content": "Hi"}]
    assert built.template is not None
    assert render_prompt(built.template, hi) == built.original(hi, think=True) != built.original(hi)
    checked = check_package(built, embedded=False)
    assert {c.status for c in checked.conversations} == {"ok"}
