"""Words of users that become special tokens: tried on prompts, not guessed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from modelfile_kit.align.package_check import check_package
from modelfile_kit.align.user_texts import UserTexts, user_texts
from modelfile_kit.building.build import build
from modelfile_kit.core.errors import PromptError
from modelfile_kit.micro import build_model
from modelfile_kit.reference_tokenizer.reference import AddedToken

from . import sides

TABLE = {"<|u|>": 1, "<|e|>": 2, "<|x|>": 3, "<|end|>": 4, "a": 5, "b": 6, "z": 7}


def vocabulary(ends=(2,)):
    texts = {n: t for t, n in TABLE.items()}
    return SimpleNamespace(
        special_tokens=lambda: dict.fromkeys(("<|u|>", "<|e|>", "<|x|>", "<|end|>"), "control"),
        id_of=TABLE.get,
        ids_of=lambda texts: {text: TABLE[text] for text in texts if text in TABLE},
        token=texts.__getitem__,
        end_of_generation=lambda: frozenset(ends),
    )


def render(messages):
    return "".join(f"<|u|>{m['content']}<|e|>" for m in messages)


def found(render=render, table=TABLE, ends=(2,), reference=None) -> UserTexts:
    return user_texts(render, vocabulary(ends), sides.Engine(table), reference)


def test_what_becomes_a_token_and_what_ends_the_turn():
    result = found(ends=(2, 4))
    assert result == UserTexts(("<|u|>", "<|e|>", "<|x|>", "<|end|>"), None, ("<|e|>", "<|end|>"))
    said = result.diagnostic("m.gguf")
    assert said is not None and (said.code, str(said.severity)) == ("MK766", "info")
    assert "4 texts become special tokens with Ollama; <|e|>, <|end|> end the user's turn" in said.message


def test_a_template_that_takes_them_out_is_believed():
    cleaned = found(lambda messages: render([{"content": messages[0]["content"].replace("<|e|>", "")}]))
    assert cleaned.closing == () and cleaned.diagnostic("m.gguf") is None


def test_a_text_that_the_engine_does_not_know_is_none():
    table = {t: n for t, n in TABLE.items() if t != "<|e|>"}
    assert found(table=table).engine == ("<|u|>", "<|x|>", "<|end|>")
    assert found(table=table).closing == ()


def test_a_prompt_that_is_refused_says_nothing():
    def refuse(messages):
        raise PromptError("no")

    assert found(refuse).closing == ()


def test_the_models_own_tokenizer_is_asked_too():
    reference = sides.own({"a": 0, "b": 1, "<|e|>": 2, "<|n|>": 3}, added=("<|e|>", "<|n|>"))
    assert reference.facts.added[0] == AddedToken(2, "<|e|>", special=True)
    result = found(reference=reference)
    assert result.reference == ("<|e|>", "<|n|>")
    said = result.diagnostic("m.gguf")
    assert said is not None
    assert "4 texts become special tokens with Ollama, 2 with Hugging Face (<|end|>, <|n|>, <|u|>, <|x|>" in (
        said.message
    )


@pytest.mark.engine
def test_a_package_is_told_once(llama_cpp, tmp_path):
    """The micro model has GLM's turns: they have no end, the next turn's token ends one."""
    build_model(tmp_path / "m.gguf")
    (tmp_path / "mkmodelfile.yaml").write_text("name: p\nmodel: m.gguf\nprojector: none\n")
    report = check_package(build(tmp_path, write=False), embedded=False)
    [said] = [d for d in report.all_diagnostics if d.code == "MK766"]
    assert "<|assistant|>" in said.message and "<|user|>" in said.message and "end the user's" in said.message
