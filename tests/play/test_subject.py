from __future__ import annotations

import pytest

from modelfile_kit.core.errors import KitError, UsageError
from modelfile_kit.core.files import MAX_TEXT_BYTES
from modelfile_kit.play.subject import Asked, open_subject

JINJA = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}<|assistant|>"


def ways(subject):
    return [(way.name, way.chosen) for way in subject.ways]


def test_a_package_has_its_template_and_the_models_tokens(good):
    subject = open_subject(Asked(str(good)))
    assert ways(subject) == [("TEMPLATE", True)]
    assert (subject.title, subject.system) == ("tiny", "Be brief.")
    assert subject.model == good / "micro-glm4v.gguf"
    assert "answer" in (subject.spoken or {})


def test_a_package_may_have_the_shorter_ending(good):
    (good / "mkmodelfile.yaml").rename(good / "mkmodelfile.yml")
    assert Asked(str(good)).is_package


def test_a_package_with_a_renderer_shows_the_template_that_it_could_have_too(good):
    file = good / "renderer.yaml"
    file.write_text(
        "name: r\nmodel: micro-glm4v.gguf\nmode: renderer\n"
        "renderer: qwen3-vl-instruct\nparser: qwen3-vl-instruct\n"
    )
    subject = open_subject(Asked(str(file)))
    assert ways(subject) == [("TEMPLATE", False), ("RENDERER qwen3-vl-instruct", True)]


def test_a_package_in_native_mode_has_that_way(good):
    file = good / "native.yaml"
    file.write_text("name: n\nmodel: micro-glm4v.gguf\nmode: native\n")
    assert ways(open_subject(Asked(str(file)))) == [("TEMPLATE", False), ("native", True)]


def test_a_gguf_and_a_chat_template_are_compiled(good, tmp_path):
    gguf = open_subject(Asked(str(good / "micro-glm4v.gguf")))
    assert ways(gguf) == [("TEMPLATE", True)]
    assert gguf.vocabulary is not None
    file = tmp_path / "chat_template.jinja"
    file.write_text(JINJA)
    subject = open_subject(Asked(str(file), eos="<|end|>"))
    assert ways(subject) == [("TEMPLATE", True)]
    assert subject.ways[0].sources is not None
    assert "<|end|>" in (subject.ways[0].sources.template or "")
    assert (subject.vocabulary, subject.no_tokens) == (None, "a template alone has no vocabulary")


def test_a_chat_template_that_does_not_compile_is_still_rendered(tmp_path):
    file = tmp_path / "chat_template.jinja"
    file.write_text("{% for m in messages %}{{ m.content | wordwrap(3) }}{% endfor %}")
    subject = open_subject(Asked(str(file)))
    assert subject.reference is not None
    assert subject.notes


@pytest.mark.parametrize("name", ["chat.gotmpl", "chat.tmpl", "chat.txt"])
def test_a_go_template_stands_alone(tmp_path, name):
    file = tmp_path / name
    file.write_text("{{ range .Messages }}{{ .Content }}{{ end }}")
    subject = open_subject(Asked(str(file)))
    assert ways(subject) == [("TEMPLATE", True)]
    assert subject.reference is None


def test_a_go_template_is_never_cut_off(tmp_path):
    file = tmp_path / "chat.gotmpl"
    file.write_text("{{ range .Messages }}{{ .Content }}{{ end }}")
    with file.open("r+b") as out:
        out.truncate(MAX_TEXT_BYTES + 1)
    with pytest.raises(UsageError, match="expected a template"):
        open_subject(Asked(str(file)))


@pytest.mark.parametrize("more", [{"eos": "x"}, {"bos": "x"}, {"name": "tool_use"}])
def test_options_of_a_template_are_refused_for_a_package(good, more):
    with pytest.raises(UsageError, match="are for a template"):
        open_subject(Asked(str(good), **more))


@pytest.mark.parametrize("more", [{"model": "x"}, {"projector": "x"}, {"variant": "q8_0"}])
def test_options_of_a_package_are_refused_for_a_template(good, more):
    with pytest.raises(UsageError, match="are for a package"):
        open_subject(Asked(str(good / "micro-glm4v.gguf"), **more))


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises((KitError, FileNotFoundError)):
        open_subject(Asked(str(tmp_path / "none.jinja")))
