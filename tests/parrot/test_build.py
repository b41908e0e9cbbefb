"""Parrots as files, and as llama.cpp hears them."""

from __future__ import annotations

import pytest

from modelfile_kit.core.errors import UsageError
from modelfile_kit.parrot import MARKERS_MAX, Reply, Voice, build_parrot, marker

ARGUMENTS = '{"x": "é – 日本 \\"<b>\\"\\n", "n": [1, null]}'
CALL = f'<tool_call>\n{{"name": "look", "arguments": {ARGUMENTS}}}\n</tool_call>'
VOICE = Voice(
    {
        "<|im_start|>": "control",
        "<|im_end|>": "control",
        "<|call|>": "control",
        "<tool_call>": "user-defined",
        "</tool_call>": "user-defined",
        "7": "user-defined",
    },
    {"eos": "<|im_end|>", "bos": "<|im_start|>"},
    pre="qwen2",
)
START = "<|im_start|>assistant\n"
REPLIES = [
    Reply("Hello, how are you? How are you, how are you?", size=1),
    Reply(f"A thought.\n\n{CALL}\n{CALL}\n{CALL}", size=2),
    Reply("\n\nabc abc abc abc 日本語日本語日本語 🙂", size=1, prompts=(START,)),
    Reply("<|call|>x<|call|>y<|call|>", size=4),
    Reply(f"\n{CALL}\n{CALL}", size=3, prompts=(START,)),
    Reply("on and on ", end=""),
]


def test_the_same_every_time_and_nothing_beside_it(tmp_path):
    first, second = tmp_path / "a" / "p.gguf", tmp_path / "b" / "p.gguf"
    for path in (first, second):
        path.parent.mkdir()
        lengths = build_parrot(path, REPLIES, VOICE)
    assert first.read_bytes() == second.read_bytes()
    assert [p.name for p in first.parent.iterdir()] == ["p.gguf"]
    assert lengths[3] == 6
    assert first.stat().st_size < 8_000_000


@pytest.mark.parametrize("count", [0, MARKERS_MAX + 2])
def test_how_many_it_can_say(tmp_path, count):
    with pytest.raises(UsageError, match="1 to 64 replies"):
        build_parrot(tmp_path / "p.gguf", [Reply("a")] * count, VOICE)
    with pytest.raises(UsageError, match="needs an end"):
        build_parrot(tmp_path / "p.gguf", [Reply("", end="")], VOICE)
    assert list(tmp_path.iterdir()) == []


GREEDY = {"temp": 0.0}
WILD = {"temp": 2.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.2, "presence_penalty": 1.5}


@pytest.mark.parametrize("sampling", [GREEDY, WILD], ids=["greedy", "wild"])
def test_llama_cpp_hears_every_reply(tmp_path, sampling):
    llama_cpp = pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")
    path = tmp_path / "p.gguf"
    lengths = build_parrot(path, REPLIES, VOICE)
    model = llama_cpp.Llama(str(path), n_ctx=2048, n_threads=1, seed=3, verbose=False)

    def said(prompt: str, most: int) -> tuple[str, int]:
        out: list[int] = []
        for token in model.generate(model.tokenize(prompt.encode(), add_bos=False, special=True), **sampling):
            if token == model.token_eos() or len(out) == most:
                break
            out.append(token)
        return model.detokenize(out, special=True).decode(), len(out)

    # Whatever was asked: also the reply's own words, and other replies' markers before its own.
    for words in ("hi", f"7 {CALL} abc abc\n\nHello, " * 9, f"{marker(1)} and {marker(2)}" * 3):
        for number in range(len(REPLIES)):
            call = marker(number) if number else ""
            wanted = max(number, 2 if marker(1) in words else 0)
            text, count = said(f"<|im_start|>user\n{words} {call} abc<|im_end|>\n{START}", 300)
            if wanted == 5:
                assert text.startswith(REPLIES[5].text * 20)
            else:
                assert (text, count) == (REPLIES[wanted].text, lengths[wanted] - 1)
