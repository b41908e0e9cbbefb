"""`end_token` against chat templates and the micro model's vocabulary."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelfile_kit.building.end_token import EndToken, decide_end_token, text_after_turn
from modelfile_kit.building.sources import ModelTemplate
from modelfile_kit.core.diagnostics import Span
from modelfile_kit.core.errors import MissingDependencyError
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.micro import build_model
from modelfile_kit.package.families import load_family

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GLM = load_family("glm4v").chat_template


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("m") / "m.gguf")


@pytest.fixture(scope="module")
def chatml_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("c") / "m.gguf", extra_tokens=["<|im_start|>", "<|im_end|>"])


def decide(asked: str, template: str, model: Path) -> EndToken:
    vocabulary = Vocabulary.from_header(read_header(model))
    return decide_end_token(asked, ModelTemplate(template, "gguf"), vocabulary, model, Span("f", 3, 4))


def codes(end: EndToken) -> list[tuple[str, str]]:
    return [(d.code, str(d.severity)) for d in end.diagnostics]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (GLM, ""),
        (CHATML, "<|im_end|>\n"),
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", None),
        ("{{ raise_exception('no') }}", None),
    ],
)
def test_what_the_chat_template_writes_after_a_turn(template: str, text: str | None) -> None:
    assert text_after_turn(ModelTemplate(template, "gguf")) == text


def test_auto(model: Path, chatml_model: Path) -> None:
    assert decide("auto", GLM, model) == EndToken("auto", "")
    assert decide("auto", CHATML, chatml_model) == EndToken("auto", "<|im_end|>\n")


def test_auto_with_another_models_chat_template(model: Path) -> None:
    end = decide("auto", CHATML, model)
    assert codes(end) == [("MK323", "warning")]
    assert "'<|im_end|>'" in end.diagnostics[0].message


def test_none(model: Path, chatml_model: Path) -> None:
    assert decide("none", GLM, model) == EndToken("none", "")
    assert codes(decide("none", CHATML, chatml_model)) == [("MK303", "error")]


def test_the_text_that_is_written_anyway(chatml_model: Path) -> None:
    for asked in ("<|im_end|>", "<|im_end|>\n"):
        end = decide(asked, CHATML, chatml_model)
        assert (end.added, codes(end)) == ("", [])


def test_another_text_than_the_one_that_is_written(chatml_model: Path) -> None:
    end = decide("<|endoftext|>", CHATML, chatml_model)
    assert (end.added, codes(end)) == ("", [("MK303", "error")])


def test_a_token_that_is_not_written(model: Path) -> None:
    end = decide("<|endoftext|>", GLM, model)
    assert end.added == "<|endoftext|>"
    assert end.id == Vocabulary.from_header(read_header(model)).id_of("<|endoftext|>")
    assert codes(end) == [("MK302", "warning")]
    assert "1 more token per turn" in end.diagnostics[0].message
    assert end.diagnostics[0].span == Span("f", 3, 4)


@pytest.mark.parametrize("text", ["<|im_end|>", "<|end|>", "no", "\n", "<|user|>\n"])
def test_what_is_no_special_token(model: Path, text: str) -> None:
    end = decide(text, GLM, model)
    assert (end.added, codes(end)) == ("", [("MK323", "error")])
    assert repr(text) in end.diagnostics[0].message


@pytest.mark.engine
@pytest.mark.parametrize(("text", "pieces"), [("<|im_end|>", "<|im_end|>"), ("<|end|>", "<|end|>")])
def test_the_tokens_that_it_splits_into(model: Path, text: str, pieces: str) -> None:
    pytest.importorskip("llama_cpp", reason="the extra align is not installed")
    message = decide(text, GLM, model).diagnostics[0].message
    vocabulary = Vocabulary.from_header(read_header(model))
    # The micro model's vocabulary has the single bytes of ASCII as tokens and none of these as words.
    shown = ", ".join(f"{vocabulary.id_of(c)} {c!r}" for c in pieces)
    assert f"{len(pieces)} ordinary tokens: {shown}" in message


def test_without_llama_cpp_it_is_an_error_all_the_same(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise MissingDependencyError("no llama-cpp-python", help='pip install "modelfile-kit[align]"')

    monkeypatch.setattr("modelfile_kit.building.end_token.open_tokenizer", missing)
    end = decide("<|im_end|>", GLM, model)
    assert codes(end) == [("MK323", "error")]
    assert 'pip install "modelfile-kit[align]"' in end.diagnostics[0].message
