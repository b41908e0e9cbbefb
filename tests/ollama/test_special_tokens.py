"""Spellings of special tokens; the texts are those of published vocabularies (tokenizer_config.json)."""

from __future__ import annotations

import pytest

from modelfile_kit.ollama.special_tokens import (
    TOKEN_LIKE,
    Kind,
    control_texts,
    kind_of,
    special_texts,
    without_control_texts,
)

CONTROL = [
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|vision_start|>", "<|image_pad|>"),  # Qwen
    *("[gMASK]", "<sop>", "[sMASK]", "<eop>", "<|user|>", "<|observation|>", "<|begin_of_image|>"),  # GLM
    *("<s>", "</s>", "<unk>", "<pad>"),  # Llama 2, Mistral
    *("<|begin_of_text|>", "<|start_header_id|>", "<|eot_id|>", "<|python_tag|>"),  # Llama 3
    *(
        "<bos>",
        "<eos>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<image_soft_token>",
        "<start_of_image>",
    ),  # Gemma
    *("<|turn>", "<turn|>", "<|channel>", "<channel|>", "<|image>", "<image|>", '<|"|>'),  # Gemma 4
    *("<｜User｜>", "<｜begin▁of▁sentence｜>", "<｜tool▁calls▁begin｜>"),  # DeepSeek
    *("<｜hy_User｜>", "<｜hy_place▁holder▁no▁100｜>"),  # Hunyuan
    *("<BOS_TOKEN>", "<EOS_TOKEN>", "<|START_OF_TURN_TOKEN|>"),  # Command R
    *("[|system|]", "[|endofturn|]"),  # EXAONE
    *("]~!b[", "]~b]", "[e~["),  # MiniMax
    *("<end_of_utterance>", "<fake_token_around_image>"),  # SmolVLM
    *("<reserved_106>", "[UNUSED_TOKEN_146]", "<SPECIAL_12>", "<unused0>"),  # Baichuan, InternLM, Nemotron
    *("<_user>", "<_bot>", "<_end>"),  # TeleChat
    *("[CLS]", "[SEP]", "[MASK]", "[BOS]", "[EOS]", "_<EOT>"),
]
TAG = [
    # A token to Qwen 3 and GLM-4.5, plain text to models that learned the words later.
    *("<think>", "</think>", "[THINK]", "[/THINK]"),
    *("<tool_call>", "</tool_call>", "<tools>", "<answer>", "<img>", "</img>", "<AI>", "<用户>"),
    *("[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[SYSTEM_PROMPT]", "[IMG]", "[IMG_END]"),
]
NEITHER = [
    *("<div>", "</div>", "<p>", "<br>", "<b>", "</code>", "<h1>", "<li>"),
    *("[1]", "[12]", "[x]", "[img-0]", "[a]", "[A]", "[]", "[ INST ]", "[link](url)"),
    *("<>", "< s >", "<|>", "<||>", "a < b > c", "<0x0A>", "<1>", "<-", "word", "", "|im_end|", "<|a b|>"),
]


@pytest.mark.parametrize("text", CONTROL)
def test_control_tokens(text):
    assert kind_of(text) is Kind.CONTROL
    assert control_texts(f"a{text}b {text}") == special_texts(f"a{text}b {text}") == [text, text]
    assert without_control_texts(f"a{text}b") == "a b"
    assert TOKEN_LIKE.fullmatch(text)


@pytest.mark.parametrize("text", TAG)
def test_tags(text):
    assert kind_of(text) is Kind.TAG
    assert control_texts(text) == []
    assert special_texts(f"a{text}b") == [text]
    assert TOKEN_LIKE.fullmatch(text)


@pytest.mark.parametrize("text", NEITHER)
def test_texts_that_are_no_special_tokens(text):
    assert kind_of(text) is None
    assert special_texts(f"x {text} y") == []


def test_the_prompt_of_glm():
    prompt = "[gMASK]<sop><|user|>\n<|begin_of_image|><|image|><|end_of_image|>Hi<|assistant|>\n<think>"
    marks = ["[gMASK]", "<sop>", "<|user|>", "<|begin_of_image|>", "<|image|>", "<|end_of_image|>"]
    assert control_texts(prompt) == [*marks, "<|assistant|>"]
    assert special_texts(prompt) == [*marks, "<|assistant|>", "<think>"]


def test_the_end_of_a_turn():
    texts = ["<|im_end|>", "</s>", "[INST]", "[/INST]"]
    assert special_texts("<|im_end|>\n</s> [INST][/INST] <a b> a<b") == texts
