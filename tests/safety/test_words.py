"""What is a word, a marker and a sentence, labelled by hand."""

from __future__ import annotations

import pytest

from modelfile_kit.safety.words import is_words, sentences


@pytest.mark.parametrize("text", ["invoice", "2026", "my bank", "发票", "счёт", "Dear", "error:", "'quoted'"])
def test_words(text: str) -> None:
    assert is_words(text)


@pytest.mark.parametrize(
    "text",
    ["</think>", "<think>", "<|im_end|>", "<｜tool▁calls▁begin｜>",
     "[INST]", "[/TOOL_CALLS]", "[BEGIN FINAL RESPONSE]",
     "<<SYS>>", "/no_think", "\n\n", "{", "", " ", "```", "CONTINUE_FINAL_MESSAGE_TAG ", "</"],
)  # fmt: skip
def test_markers(text: str) -> None:
    assert not is_words(text)


def test_sentences() -> None:
    assert sentences("<|im_start|>user\nHi<|im_end|>") == []
    assert sentences("Be good to them") == ["Be good to them"]
    assert sentences("<s>[INST] Be good to them [/INST]\nassistant") == ["Be good to them"]
    assert sentences("你是一个有用的助手") == ["你是一个有用的助手"]
    assert sentences('{"name": "x"}') == []
