"""A package's system text, and user turns, that the chat template refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.building.build import build
from modelfile_kit.building.plan import BuildError
from modelfile_kit.building.system_message import in_first_turn
from modelfile_kit.micro import build_model

# Of its own length and letters, so that create takes it for none of the templates it knows.
REST = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}" + "~" * 110
)
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}" + REST
NO_USER = (
    "{% for m in messages %}{% if m.role == 'user' %}<|user|>{{ m.payload.body }}{% endif %}{% endfor %}"
    + "~" * 110
)


def package(folder: Path, jinja: str, **keys: Any) -> Path:
    build_model(folder / "m.gguf", chat_template=jinja)
    lines = {"name": "p", "model": "m.gguf", "projector": "none", "target": "0.33.0", **keys}
    path = folder / "mkmodelfile.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return path


@pytest.mark.parametrize("mode", ["auto", "go"])
def test_a_refused_system_text_is_an_error(tmp_path: Path, mode: str) -> None:
    with pytest.raises(BuildError) as caught:
        build(package(tmp_path, REFUSES, system="Be brief.", mode=mode))
    (found,) = (d for d in caught.value.diagnostics if d.severity == "error")
    assert found.code == "MK526"
    assert "no system here" in found.message
    assert "mode: native" in found.help
    assert found.span.line == 5


def test_without_a_system_text_it_builds(tmp_path: Path) -> None:
    built = build(package(tmp_path, REFUSES))
    assert built.compiled.coverage["chat"] == "exact"
    assert "MK526" not in {d.code for d in built.diagnostics}


def test_a_system_text_that_is_rendered_is_fine(tmp_path: Path) -> None:
    built = build(package(tmp_path, REST, system="Be brief."))
    assert "MK526" not in {d.code for d in built.diagnostics}


def test_native_mode_has_it_in_the_first_user_turn(tmp_path: Path) -> None:
    """Ollama 0.33.0 rendered such a chat template so (27 November 2026; tests/integration asks again)."""
    built = build(package(tmp_path, REFUSES, system="Be brief.", mode="native"))
    (found,) = (d for d in built.diagnostics if d.code == "MK526")
    assert found.severity == "info"
    prompt = built.expected([{"role": "user", "content": "Hi"}])
    assert prompt.startswith("<|user|>Be brief.\nHi<|assistant|>")
    report = check_package(built, tokens=False, embedded=False)
    assert report.ok
    assert report.counts()["refused"] == 0


@pytest.mark.parametrize("mode", ["auto", "go", "native"])
def test_no_user_turn_is_an_error_in_every_mode(tmp_path: Path, mode: str) -> None:
    with pytest.raises(BuildError) as caught:
        build(package(tmp_path, NO_USER, mode=mode))
    assert "MK658" in {d.code for d in caught.value.diagnostics}


def test_the_first_turn() -> None:
    system, user = {"role": "system", "content": "S"}, {"role": "user", "content": "U", "images": 1}
    assert in_first_turn([system, user, user]) == [{**user, "content": "S\nU"}, user]
    assert in_first_turn([user]) == [user]
    assert in_first_turn([system]) == [system]
