from __future__ import annotations

from types import SimpleNamespace

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.micro import build_pair
from modelfile_kit.ollama.prompt_ends import PromptEnds
from modelfile_kit.publish.token_counter import TokenCounter
from modelfile_kit.runtime import local
from modelfile_kit.vision.colour_images import colour_probes
from tests.llama_server import llama_server_or_skip

PROMPT = "[gMASK]<sop><|user|>\nhi<|assistant|>\n"
SEEN = "[gMASK]<sop><|user|>\n[img-0]hi<|assistant|>\n"


@pytest.fixture
def counter(tmp_path):
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
    pair = build_pair(tmp_path)
    counter = TokenCounter(pair.model, pair.projector, PromptEnds("<|endoftext|>"))
    yield counter
    counter.close()


@pytest.mark.engine
def test_tokens_of_a_prompt(counter):
    # [gMASK] <sop> <|user|> \n h i <|assistant|> \n
    assert counter.count(PROMPT) == 8


@pytest.mark.engine
def test_a_image_adds_its_patches_and_the_two_marks_around_it(counter):
    red = colour_probes()[0]
    assert red.size == (64, 64)
    # 64 x 64 pixels are 9 tokens of a glm4v projector, and libmtmd writes a mark before and after them.
    assert counter.count(SEEN, [red.bytes]) == 8 + 9 + 2


@pytest.mark.server
def test_a_llama_server_counts_where_llama_cpp_python_is_not(counted_by_server):
    # As above: 8 tokens, 9 of the image, and the two marks.
    assert counted_by_server.count(SEEN, [colour_probes()[0].bytes]) == 8 + 9 + 2
    assert counted_by_server.count(PROMPT) == 8


@pytest.fixture
def counted_by_server(pair, monkeypatch):
    program = llama_server_or_skip()
    monkeypatch.setattr(local, "installed", lambda _: False)
    monkeypatch.setattr(local, "find_llama_server", lambda: program)
    counter = TokenCounter(pair.model, pair.projector, PromptEnds("<|endoftext|>"))
    yield counter
    counter.close()


@pytest.mark.engine
def test_a_text_is_spelled_out(counter):
    assert len(counter.spell("<|im_end|>")) == 10
    assert [text for _, text in counter.spell("<|user|>")] == ["<|user|>"]


@pytest.mark.parametrize(("adds", "expected"), [(True, "hi"), (False, "<s>hi")])
def test_a_vocabulary_that_adds_bos_takes_the_place_of_a_written_one(adds, expected, tmp_path, monkeypatch):
    seen = []

    def tokenize(text):
        seen.append(text)
        return list(text)

    toy = SimpleNamespace(tokenize=tokenize)
    monkeypatch.setattr(TokenCounter, "_tokenizer_for", lambda *_: toy)
    TokenCounter(tmp_path, None, PromptEnds("<s>", adds_bos=adds)).count("<s>hi")
    assert seen == [expected]


def test_without_the_files_nothing_is_counted(tmp_path):
    with pytest.raises(UsageError):
        TokenCounter(None, None).count("hi")
    with pytest.raises(UsageError):
        TokenCounter(tmp_path, None).count("[img-0]", [b"x"])
    assert TokenCounter(None, None).spell("hi") == []
