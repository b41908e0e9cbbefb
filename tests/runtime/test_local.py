"""Which llama.cpp is taken, and a real llama-server held to llama-cpp-python: facts, tokens, pieces."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from modelfile_kit.core.errors import EngineError, MissingDependencyError
from modelfile_kit.runtime import local
from modelfile_kit.runtime.llama_cpp.engine import EmbeddedEngine
from modelfile_kit.runtime.local import open_engine, open_tokenizer
from modelfile_kit.runtime.server_engine import ServerEngine
from modelfile_kit.runtime.server_tokenizer import ServerTokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from modelfile_kit.vision.ask_colour import ask_colours
from modelfile_kit.vision.colour_images import plain_png
from tests.llama_server import llama_server_or_skip
from tests.real_tokenizers import vocabulary

TEXTS = (
    "",
    "Hi",
    " a b  c\n\n\td",
    "你好 é \x00 end",
    "\U0001f469\U0001f3fd\u200d\U0001f4bb",
    "[gMASK]<sop><|user|>\nWhat colour?<|assistant|>\n",
    "<s>[INST] x [/INST]</s><|im_start|>user\nHi<|im_end|><bos><start_of_turn>",
    "x" * 300 + "\u2581\u0120",
)


@pytest.fixture
def without_llama_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "llama_cpp" else find(name, *more)
    )


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Path:
    found = llama_server_or_skip()
    monkeypatch.setattr(local, "find_llama_server", lambda: found)
    return found


def same(model: Path, program: Path) -> ServerTokenizer:
    with ServerTokenizer(model, program) as ours, LlamaTokenizer(model) as theirs:
        assert ours.info.end_of_generation == tuple(sorted(theirs.info.end_of_generation))
        facts = {**vars(ours.info), "end_of_generation": theirs.info.end_of_generation}
        assert facts == vars(theirs.info)
        for add_bos in (None, True, False):
            assert ours.tokenize_many(TEXTS, add_bos=add_bos) == theirs.tokenize_many(TEXTS, add_bos=add_bos)
        ids = range(min(400, ours.info.size))
        assert ours.pieces(ids) == theirs.pieces(ids)
        return ours


@pytest.mark.engine
@pytest.mark.server
def test_the_tokens_of_the_micro_model(llama_cpp: None, pair, program: Path) -> None:
    ours = same(pair.model, program)
    assert str(program) in ours.engine
    with pytest.raises(EngineError, match="has ended"):
        ours.tokenize("x")


@pytest.mark.engine
@pytest.mark.server
@pytest.mark.parametrize("name", ["llama-spm", "qwen2"])
def test_the_tokens_of_real_vocabularies(llama_cpp: None, program: Path, name: str) -> None:
    same(vocabulary(name), program)


@pytest.mark.server
def test_without_llama_cpp_python_a_llama_server_takes_its_place(
    without_llama_cpp: None, pair, program: Path
) -> None:
    with open_tokenizer(pair.model) as tokenizer:
        assert isinstance(tokenizer, ServerTokenizer)
        [role] = tokenizer.tokenize("<|user|>")
        assert tokenizer.pieces([role]) == [b"<|user|>"]
        with pytest.raises(EngineError, match="not in the vocabulary"):
            tokenizer.pieces([tokenizer.info.size])
        with pytest.raises(EngineError, match="UTF-8 alone"):
            tokenizer.tokenize(b"\xff")
        assert not list(Path(tokenizer._folder.name).glob("*.part"))
        folder = Path(tokenizer._folder.name)
    assert not folder.exists()


@pytest.mark.server
def test_and_it_names_the_colours_of_images(without_llama_cpp: None, pair, program: Path) -> None:
    with open_engine(pair.model, pair.projector, timeout=120) as engine:
        answers = ask_colours(
            engine, lambda messages: f"[gMASK]<sop><|user|>\n[img-0]{messages[0]['content']}<|assistant|>\n"
        )
    assert [answer.ok for answer in answers] == [True, True, True]


@pytest.mark.engine
@pytest.mark.server
def test_and_it_counts_a_prompt_with_images(llama_cpp: None, pair, program: Path) -> None:
    prompt = "[gMASK]<sop><|user|>\n[img-0][img-1]hi<|assistant|>\n"
    images = [plain_png("red", size) for size in ((112, 56), (200, 168))]
    with (
        EmbeddedEngine(pair.model, pair.projector) as theirs,
        ServerEngine(pair.model, pair.projector, program, timeout=120) as ours,
    ):
        assert ours.prompt_token_count(prompt, images) == theirs.prompt_token_count(prompt, images)


def test_with_neither_both_ways_are_said(
    without_llama_cpp: None, pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "find_llama_server", lambda: None)
    for opening in (lambda: open_tokenizer(pair.model), lambda: open_engine(pair.model, pair.projector)):
        with pytest.raises(MissingDependencyError) as raised:
            opening()
        assert "modelfile-kit[align]" in raised.value.help
        assert "Ollama 0.30" in raised.value.help
