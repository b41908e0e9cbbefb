"""The system text in the first user turn, where the chat template refuses system messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit import render_prompt, render_reference
from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import Build, build
from modelfile_kit.building.first_turn_text import with_text
from modelfile_kit.core.errors import PackageError
from modelfile_kit.micro import build_model
from modelfile_kit.testing.golden_run import golden_cases

REFUSAL = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
# Of its own length, so that create takes it for none of the templates it knows.
TURNS = (
    "{# " + "~" * 150 + " #}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns') }}{% endif %}"
    "<|{{ message['role'] }}|>{{ message['content'] | trim }}<|end|>{% endfor %}<|assistant|>"
)
USER = {"role": "user", "content": " Hi \n"}
CHAT = [USER, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye"}]


def package(folder: Path, jinja: str, **keys: Any) -> Build:
    build_model(folder / "m.gguf", chat_template=jinja)
    given = {"system": "Be brief.", "system_in": "user", **keys}
    lines = {"name": "p", "model": "m.gguf", "projector": "none", "target": "0.33.0", **given}
    path = folder / "mkmodelfile.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None))
    return build(path)


def findings(build: Build) -> dict[str, str]:
    return {d.code: d.severity.value for d in build.diagnostics}


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        ("{% for m in messages %}<{{ m.content }}>{% endfor %}", "<S'\\\n Hi \n><Hello.><Bye>"),
        ('{%- for m in messages -%}\n <{{ m["content"] }}>\n{%- endfor %}', "<S'\\\n Hi \n><Hello.><Bye>"),
        (
            "{% for m in messages %}{% set c = m['content'] | trim %}<{{ c }}>{% endfor %}",
            "<S'\\\n Hi><Hello.><Bye>",
        ),
        (  # an inner loop sees the message of the outer one, and hides its own name
            "{% for m in messages %}{% for x in 'ab' %}{{ m.content }}{{ x }}{% endfor %}{% endfor %}",
            "S'\\\n Hi \naS'\\\n Hi \nbHello.aHello.bByeaByeb",
        ),
        (
            "{% for m in messages %}{{ 'm.content }}' }}{# m.content #}"
            "{% raw %}{{ m.content }}{% endraw %}{{ m.content_type }}|{{ m.content }}{% endfor %}",
            "m.content }}{{ m.content }}|S'\\\n Hi \nm.content }}{{ m.content }}|Hello."
            "m.content }}{{ m.content }}|Bye",
        ),
    ],
)
def test_the_text_stands_before_the_first_content(source: str, prompt: str) -> None:
    assert render_reference(with_text(source, "S'\\\n"), CHAT) == prompt


@pytest.mark.parametrize(
    "source", ["{{ messages[0].content }}", "{% for m in messages %}{{ m.role }}{% endfor %}", "x"]
)
def test_a_template_without_such_a_loop_stays(source: str) -> None:
    assert with_text(source, "S") == source


def test_a_package_has_it_in_its_template(tmp_path: Path) -> None:
    built = package(tmp_path, REFUSAL + TURNS)
    assert built.plan.mode.chosen == "go"
    assert built.modelfile.last("system") is None
    assert findings(built)["MK526"] == "info"
    assert built.report["system_in"] == "user"
    template = built.template
    assert template is not None
    # By hand: what llama-server writes in native mode (see test_system_message), trimmed by the template.
    first = "<|user|>Be brief.\n Hi<|end|>"
    assert render_prompt(template, [USER]) == f"{first}<|assistant|>"
    assert render_prompt(template, CHAT) == (
        f"{first}<|assistant|>Hello.<|end|><|user|>Bye<|end|><|assistant|>"
    )
    assert built.expected([USER]) == f"{first}<|assistant|>"
    report = check_package(built, tokens=False, embedded=False)
    assert report.ok
    assert report.counts()["mismatch"] == 0
    assert {c.status.value for c in golden_cases(built, tokenizer=None, update=True)} == {"passed"}


def test_a_requests_own_system_message_is_refused_as_before(tmp_path: Path) -> None:
    built = package(tmp_path, REFUSAL + TURNS)
    with pytest.raises(Exception, match="no system here"):
        render_prompt(str(built.template), [{"role": "system", "content": "x"}, USER])


def test_before_the_packages_own_messages(tmp_path: Path) -> None:
    own = "[{role: user, content: Q}, {role: assistant, content: A}]"
    built = package(tmp_path, REFUSAL + TURNS, messages=own)
    prompt = render_prompt(str(built.template), built.with_system([USER]))
    assert prompt == ("<|user|>Be brief.\nQ<|end|><|assistant|>A<|end|><|user|>Hi<|end|><|assistant|>")
    assert built.expected([USER]) == prompt


def test_natively_llama_server_does_it(tmp_path: Path) -> None:
    built = package(tmp_path, REFUSAL + TURNS, mode="native")
    assert built.modelfile.last("system") == "Be brief."
    assert built.expected([USER]) == "<|user|>Be brief.\n Hi<|end|><|assistant|>"


def test_without_the_key_the_error_names_it(tmp_path: Path) -> None:
    with pytest.raises(PackageError) as caught:
        package(tmp_path, REFUSAL + TURNS, system_in=None)
    assert caught.value.code == "MK526"
    assert "`system_in: user`" in caught.value.help


def test_a_template_that_takes_system_messages_keeps_them(tmp_path: Path) -> None:
    built = package(
        tmp_path, "{# " + "~" * 150 + " #}" + "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    assert findings(built)["MK531"] == "warning"
    assert built.modelfile.last("system") == "Be brief."
    assert built.report["system_in"] == "system"


@pytest.mark.parametrize(
    "rest",
    [
        "{{ messages[0].content }}",
        "{% for m in messages[1:] %}{{ m.content }}{% endfor %}",
        "{% for m in messages | reverse %}{{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content }}{% endfor %}{{ messages[0].content }}",
    ],
)
def test_where_it_has_no_place(tmp_path: Path, rest: str) -> None:
    with pytest.raises(PackageError) as caught:
        package(tmp_path, f"{{# {'~' * 150} #}}{REFUSAL}{rest}", mode="go")
    assert caught.value.code == "MK304"
    assert "mode: native" in caught.value.help
    assert caught.value.span.line == 6


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"system": None}, "there is no `system`"),
        ({"template": "t.gotmpl"}, "hand-written TEMPLATE"),
        ({"system_in": "assistant"}, "expected system or user"),
    ],
)
def test_keys_that_cannot_be(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    with pytest.raises(PackageError, match=said):
        package(tmp_path, REFUSAL + TURNS, **keys)


@pytest.mark.parametrize("name", ["corpus/templates/google-gemma-2-2b-it", "cases/templates/refuses-system"])
def test_real_templates(tmp_path: Path, shared: Path, name: str) -> None:
    jinja = (shared / f"{name}.jinja").read_text(encoding="utf-8")
    built = package(tmp_path, jinja)
    assert built.compiled is not None
    assert built.compiled.coverage["chat"] == "exact"
    report = check_package(built, tokens=False, embedded=False)
    assert report.counts()["mismatch"] == 0
    assert "<start_of_turn>user\nBe brief.\nHi<end_of_turn>" in render_prompt(
        str(built.template), [{"role": "user", "content": "Hi"}]
    )
