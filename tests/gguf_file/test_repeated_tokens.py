"""Vocabularies with a text twice: llama.cpp itself says which it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from modelfile_kit.gguf_file import read_header, repeated_tokens
from modelfile_kit.gguf_file.arrays import StringArray
from modelfile_kit.gguf_file.header import Header
from modelfile_kit.gguf_file.soundness import check_soundness
from modelfile_kit.micro import build_model
from tests.gguf_file.handmade import Typed, model, tensor
from tests.gguf_file.test_key_types import with_key

TOKENS = "tokenizer.ggml.tokens"
LOADS = """
import sys, llama_cpp
settings = llama_cpp.llama_model_default_params()
settings.vocab_only = True
sys.exit(0 if llama_cpp.llama_load_model_from_file(sys.argv[1].encode(), settings) else 3)
"""
# What stands in the places of the last tokens of the micro model, and whether llama.cpp takes it.
CASES: list[tuple[list[bytes], bool]] = [
    ([b"one", b"two"], True),
    ([b"one", b"one"], False),
    ([b"one\0a", b"one\0b"], False),
    ([b"\0a", b"\0b"], True),
    ([b"", b""], True),
    ([b"", b"[EMPTY_405]"], False),
    ([b"", b"[EMPTY_404]"], True),
    ([b"\xff", b"\xff"], False),
    ([b"\xff", b"\xfe"], True),
]


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("micro") / "m.gguf")


def read_tokens(header: Header) -> StringArray:
    tokens = header.metadata[TOKENS]
    assert isinstance(tokens, StringArray)
    return tokens


def ending(micro: Path, place: Path, last: Sequence[bytes]) -> Path:
    tokens = [*read_tokens(read_header(micro)).iter_raw()]
    return with_key(micro, place, TOKENS, Typed("string[]", [*tokens[: -len(last)], *last]))


FOUND = """
import sys
from pathlib import Path
from modelfile_kit.gguf_file import read_header, repeated_tokens
repeated_tokens.AT_ONCE, repeated_tokens._SUSPECTS = 0, 2
print(repeated_tokens.repeated_tokens(read_header(Path(sys.argv[1]))))
"""


def test_every_process_finds_the_same_of_many(micro: Path, tmp_path: Path) -> None:
    place = ending(micro, tmp_path / "m.gguf", [b"t%d" % (n // 2) for n in range(60)])
    said = {
        subprocess.run(
            [sys.executable, "-c", FOUND, str(place)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(said) == 1 and "t" in said.pop()


@pytest.mark.parametrize(("last", "taken"), CASES)
@pytest.mark.parametrize("at_once", [repeated_tokens.AT_ONCE, 0])
def test_what_is_read_as_the_same_text(
    micro: Path,
    tmp_path: Path,
    last: list[bytes],
    taken: bool,
    at_once: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeated_tokens, "AT_ONCE", at_once)
    header = read_header(ending(micro, tmp_path / "m.gguf", last))
    # [EMPTY_405] is the name of the last but one.
    assert len(read_tokens(header)) == 407
    assert [pair[1:] for pair in repeated_tokens.repeated_tokens(header)] == ([] if taken else [(405, 406)])


@pytest.mark.parametrize(("last", "taken"), CASES)
def test_llama_cpp_says_the_same(
    micro: Path, tmp_path: Path, last: list[bytes], taken: bool, llama_cpp: None
) -> None:
    place = ending(micro, tmp_path / "m.gguf", last)
    # ggml would start a debugger to print a trace, which takes seconds.
    done = subprocess.run(
        [sys.executable, "-c", LOADS, str(place)],
        capture_output=True,
        timeout=120,
        check=False,
        env={"GGML_NO_BACKTRACE": "1"},
    )
    assert (done.returncode == 0) is taken, done.stderr
    assert taken or b"id_to_token.size() == token_to_id.size()" in done.stderr


def test_the_first_texts_are_named_with_their_ids(micro: Path, tmp_path: Path) -> None:
    place = ending(micro, tmp_path / "m.gguf", [b"a", b"b", b"c", b"d", b"d", b"c", b"b", b"a"])
    tokens = read_tokens(read_header(micro))
    [found] = check_soundness(read_header(place))
    assert (found.code, str(found.severity)) == ("MK451", "error")
    a, b, c = (tokens.index_of(text) for text in "abc")
    assert f"'a' ({a} and 399), 'b' ({b} and 400), 'c' ({c} and 401);" in found.message
    assert "another conversion" in found.help


def test_what_llama_cpp_reads_no_vocabulary_of_is_left_alone(header) -> None:
    entries = model("gemma4", ["a", "a"], ())
    assert [d.code for d in check_soundness(header(entries))] == ["MK451"]
    inside = header(entries, [tensor("v.patch_embd.weight", (4,))], bytes(32))
    assert "MK451" not in {d.code for d in check_soundness(inside)}
    none = model(tokens=["a", "a"], tokenizer__ggml__model=Typed("string", "no_vocab"))
    assert repeated_tokens.repeated_tokens(header(none)) == []
    assert repeated_tokens.repeated_tokens(header(model(tokens=()))) == []


@pytest.mark.parametrize("texts", [["same"] * 100_000, [f"w{n // 2}" for n in range(100_000)]])
def test_many_repetitions_take_little_memory(header, texts: list[str], monkeypatch) -> None:
    monkeypatch.setattr(repeated_tokens, "AT_ONCE", 1000)
    read = header(model(tokens=texts))
    tracemalloc.start()
    try:
        found = repeated_tokens.repeated_tokens(read)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 1 <= len(found) <= 3
    assert all(texts[first] == texts[second] == text and first < second for text, first, second in found)
    assert peak < 4_000_000  # a set of the texts takes 10 MB
