from __future__ import annotations

import json

import pytest

from modelfile_kit.core.errors import GGUFError, GoTemplateError, KitError, ModelfileError, UsageError
from modelfile_kit.diff.open_side import open_side
from modelfile_kit.diff.rendering import ByJinja, BySending
from modelfile_kit.micro import CHAT_TEMPLATE, build_model, build_pair

JINJA = "{% for m in messages %}{{ m.content }}{% endfor %}"
GO = "{{ range .Messages }}{{ .Content }}{{ end }}"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.jinja", JINJA, "chat template"),
        ("a.txt", JINJA, "chat template"),
        ("a.txt", "{{ messages[0].content }}", "chat template"),
        ("a.txt", GO, "Go template"),
        ("a.gotmpl", "{{ .Prompt }}", "Go template"),
        ("a.txt", "{{- if .System }}x{{ end }}", "Go template"),
        ("Modelfile", f"FROM ./m.gguf\nTEMPLATE {GO}", "Modelfile"),
        ("a.txt", f"# a comment\nfrom ./m.gguf\nTEMPLATE {GO}", "Modelfile"),
        ("my.Modelfile", f"FROM llama3\nTEMPLATE {GO}", "Modelfile"),
        ("tokenizer_config.json", json.dumps({"chat_template": JINJA, "bos_token": "<s>"}), "chat template"),
    ],
)
def test_what_a_text_is_is_told_by_its_content(name, content, kind, side):
    found = side(name, content)
    assert found.kind == kind
    assert isinstance(found.rendering, ByJinja if kind == "chat template" else BySending)


def test_a_gguf_and_its_named_templates(tmp_path, side):
    from modelfile_kit.gguf_file.patch import patch

    model = build_model(tmp_path / "m.gguf")
    patch(model, model, {"tokenizer.chat_template.tool_use": JINJA})
    found = side("m.gguf")
    assert found.texts == {"chat template": CHAT_TEMPLATE, "chat template tool_use": JINJA}
    assert found.rendering == ByJinja(CHAT_TEMPLATE, "<|endoftext|>", "<|endoftext|>")


def test_a_package_and_a_folder_of_hugging_face(tmp_path, side):
    build_pair(tmp_path / "p")
    (tmp_path / "p" / "mkmodelfile.yaml").write_text("name: tiny\nmodel: micro-glm4v.gguf\n")
    for name in ("p", "p/mkmodelfile.yaml"):
        found = side(name)
        assert (found.kind, set(found.texts)) == ("package", {"TEMPLATE", "chat template"})
        assert found.header is not None
        assert found.projector is not None
    assert not (tmp_path / "p" / "build").exists()
    side("hf/chat_template.jinja", JINJA)
    found = side("hf")
    assert (found.kind, found.tokens_known) == ("chat template", False)


def test_a_modelfile_finds_its_model_and_says_who_makes_its_prompts(tmp_path, side):
    build_model(tmp_path / "m.gguf")
    native = side("Modelfile", "FROM ./m.gguf\nSYSTEM s\n")
    assert isinstance(native.rendering, ByJinja)
    assert native.rendering.system == "s"
    assert native.header is not None
    other = side("Modelfile", "FROM qwen3\nSYSTEM s\n")
    assert other.rendering is None
    assert other.why_not


def test_unknown_tokens_are_the_other_sides(tmp_path, side):
    build_model(tmp_path / "m.gguf")
    model, jinja = side("m.gguf"), side("a.jinja", "{{ bos_token }}" + JINJA)
    known = jinja.with_tokens_of(model)
    assert known.rendering.bos_token == "<|endoftext|>"
    assert model.with_tokens_of(jinja) == model


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("none", None, UsageError, "ollama://NAME"),
        ("a.bin", b"\xff\xfe\x00", KitError, "UTF-8"),
        ("a.gguf", b"GGUF\x03\x00\x00\x00", GGUFError, ""),
        ("a.bin", bytes((64 << 20) + 1), UsageError, "64 MiB"),
        ("a.gotmpl", "{{ range .Messages }}", GoTemplateError, ""),
        ("Modelfile", "FROM ./m.gguf\nTEMPLATE {{ range }}", GoTemplateError, ""),
        ("Modelfile", "FRM x", ModelfileError, ""),
        ("empty/x", "", UsageError, "empty"),
    ],
)
def test_bad_input(name, content, kind, said, side):
    with pytest.raises(kind) as caught:
        side(name, content)
    assert said in f"{caught.value.message} {caught.value.help}"
    assert str(caught.value.span)


@pytest.mark.parametrize("name", ["x.jinja2", "x.J2"])
def test_a_chat_template_by_its_name(name, side):
    """Its text could be either kind of template."""
    assert side(name, "Hello").kind == "chat template"


def test_a_text_that_begins_with_the_magic(side):
    assert side("x", "GGUF is what {{ messages[0].content }} is about").kind == "chat template"


def test_a_packages_folder_with_the_shorter_ending(tmp_path, side):
    build_model(tmp_path / "m.gguf")
    (tmp_path / "mkmodelfile.yml").write_text("name: x\nmodel: m.gguf\nprojector: none\n")
    assert side(".").kind == "package"


def test_standard_input(tmp_path):
    found = open_side("-", server=lambda: pytest.fail("no server"), stdin=lambda: JINJA.encode())
    assert (found.name, found.kind) == ("<stdin>", "chat template")


def test_names_of_a_hub_are_read_there_and_nothing_is_stored(hub, tmp_path, side):
    pytest.importorskip("huggingface_hub", reason="needs huggingface_hub (the extra hub)")
    model = build_model(tmp_path / "tiny-Q4_K_M.gguf").read_bytes()
    files = {"tiny-Q4_K_M.gguf": model, "chat_template.jinja": JINJA.encode(), "chat.gotmpl": GO.encode()}
    hub.add("org/repo", files)
    known = {path for path in tmp_path.rglob("*") if path.is_file()}
    asked = ("hf.co/org/repo", "hf.co/org/repo/chat_template.jinja", "hf.co/org/repo/chat.gotmpl")
    found = [open_side(name, server=lambda: pytest.fail("no server"), stdin=bytes) for name in asked]
    assert [s.kind for s in found] == ["GGUF", "chat template", "Go template"]
    assert [s.name for s in found] == list(asked)
    assert found[0].texts == {"chat template": CHAT_TEMPLATE}
    assert known == {path for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(KitError, match="has no file"):
        open_side("hf.co/org/repo/none.jinja", server=lambda: pytest.fail("no server"), stdin=bytes)
