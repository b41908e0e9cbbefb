"""The texts are the same everywhere, and have what tokenizers disagree about."""

from __future__ import annotations

import hashlib

from modelfile_kit.align.stress_texts import COUNT, stress_texts

SPECIAL = ["<|im_start|>", "<think>", "</s>"]


def test_as_many_as_wanted_without_duplicates():
    texts = stress_texts(SPECIAL)
    assert len(texts) == COUNT == len(set(texts))
    assert "" not in texts


def test_the_same_ones_each_time():
    digests = {hashlib.sha256("\0".join(stress_texts(SPECIAL)).encode()).hexdigest() for _ in range(2)}
    assert len(digests) == 1
    assert stress_texts(SPECIAL, seed=2) != stress_texts(SPECIAL)


def test_every_special_token_stands_alone_and_between_texts():
    texts = set(stress_texts(SPECIAL, count=1))
    for token in SPECIAL:
        assert {token, f" {token}", f"{token} ", f"a{token}b", f"{token}\n", token[:-1]} <= texts
    assert "<|im_start|></s>" in texts


def test_kinds_of_texts():
    texts = "".join(stress_texts(count=1))
    parts = ["1234", "e\u0301", "\U0001f469\u200d", "हिन्दी", "한국어", "\r\n", "\u3000", "\x00"]
    parts.append("a" * 300)
    for part in parts:
        assert part in texts
