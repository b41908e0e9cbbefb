from __future__ import annotations

import json
import os
import time

import pytest

from modelfile_kit.core.errors import EngineError, UsageError
from modelfile_kit.runtime.tokenizer import LlamaTokenizer, spell_out
from modelfile_kit.runtime.vocabulary_info import as_llama_server_gets_it
from tests.align.toy import Toy, info

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def micro(llama_cpp, pair):
    with LlamaTokenizer(pair.model) as tokenizer:
        yield tokenizer


@pytest.fixture(scope="module")
def real(llama_cpp, shared):
    tokenizers = {}

    def get(name):
        if name not in tokenizers:
            tokenizers[name] = LlamaTokenizer(shared / f"vocab/ggml-vocab-{name}.gguf")
        return tokenizers[name]

    yield get
    for tokenizer in tokenizers.values():
        tokenizer.close()


def test_special_tokens_are_parsed_and_others_fall_apart(micro):
    [(_, role)] = spell_out("<|user|>", micro)
    assert role == "<|user|>"
    # ten bytes, as under the real GLM vocabulary (facts of the model's page)
    assert [piece for _, piece in spell_out("<|im_end|>", micro)] == list("<|im_end|>")


def test_pieces_put_the_text_together_again(micro):
    text = "[gMASK]<sop><|user|>\nWhat colour? 你好 é\x00<|assistant|>\n"
    assert b"".join(micro.pieces(micro.tokenize(text))) == text.encode()


def test_many_texts_in_one_request(micro):
    texts = ["Hi", b"<|user|>", "", "你好"]
    assert micro.tokenize_many(texts) == [micro.tokenize(t) for t in texts]
    assert micro.tokenize("") == []
    assert micro.tokenize_many([]) == []


def test_facts_of_the_micro_vocabulary(micro):
    facts = micro.info
    [end] = micro.tokenize("<|endoftext|>")
    [turn] = micro.tokenize("<|user|>")
    assert (facts.eos, facts.eot) == (end, turn)
    assert set(facts.end_of_generation) == {end, turn}
    assert (facts.pre, facts.kind) == ("glm4", "gpt2")


def test_an_id_outside_the_vocabulary_is_named(micro):
    with pytest.raises(EngineError, match=r"token 999999 is not in the vocabulary of \d+"):
        micro.pieces([999999])
    assert micro.tokenize("Hi")  # and the child lives on


# From the vocabularies' own published tokenizers (tokenizer.json of Qwen2, Llama 3 and Phi-3).
@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("qwen2", "<|im_start|>user\nhello<|im_end|>", [151644, 872, 198, 14990, 151645]),
        ("llama-bpe", "<|begin_of_text|>hello<|eot_id|>", [128000, 15339, 128009]),
        ("phi-3", "<|user|>", [32010]),
    ],
)
def test_real_vocabularies(real, name, text, ids):
    assert real(name).tokenize(text, add_bos=False) == ids


@pytest.mark.parametrize(
    ("name", "bos", "added"), [("qwen2", 151643, False), ("llama-bpe", 128000, True), ("phi-3", 1, True)]
)
def test_bos_as_the_vocabulary_has_it(real, name, bos, added):
    tokenizer = real(name)
    plain = tokenizer.tokenize("hello", add_bos=False)
    assert (tokenizer.info.bos, tokenizer.info.add_bos) == (bos, added)
    assert tokenizer.tokenize("hello") == ([bos] if added else []) + plain
    assert tokenizer.tokenize("hello", add_bos=True) == [bos, *plain]


def test_a_written_bos_and_the_vocabularys_make_two(real):
    ids = real("llama-bpe").tokenize("<|begin_of_text|>hello")
    assert ids[:2] == [128000, 128000]


def test_the_same_ids_as_in_this_process(real, shared):
    """The way through the child changes nothing: a second process asks llama-cpp-python's own class."""
    import subprocess
    import sys

    texts = [
        m["content"]
        for c in json.loads((shared / "corpus/conversations.json").read_text("utf-8"))
        for m in c["messages"]
        if m.get("content")
    ]
    program = (
        "import json, sys; from llama_cpp import Llama; "
        f"m = Llama({str(shared / 'vocab/ggml-vocab-qwen2.gguf')!r}, vocab_only=True, verbose=False); "
        "asked = json.load(sys.stdin); "
        "print(json.dumps([m.tokenize(t.encode(), add_bos=False, special=True) for t in asked]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    assert real("qwen2").tokenize_many(texts, add_bos=False) == json.loads(run.stdout.splitlines()[-1])


def test_a_long_text(micro):
    assert len(micro.tokenize("<|user|>" * 2_000 + "?" * 500_000)) == 502_000


def test_closing_ends_the_process(llama_cpp, pair):
    tokenizer = LlamaTokenizer(pair.model)
    pid = tokenizer.pid
    tokenizer.close()
    tokenizer.close()
    with pytest.raises(ProcessLookupError):  # reaped, so not even a zombie is left
        os.kill(pid, 0)
    with pytest.raises(EngineError, match="closed"):
        tokenizer.tokenize("Hi")


def test_a_time_out_is_an_error_and_ends_the_process(llama_cpp, pair):
    import signal

    with LlamaTokenizer(pair.model, timeout=20) as tokenizer:
        os.kill(tokenizer.pid, signal.SIGSTOP)
        tokenizer._child.timeout = 0.2
        started = time.monotonic()
        with pytest.raises(EngineError, match=r"did not answer within 0.2 s, asked to tokenize") as caught:
            tokenizer.tokenize("x" * 1_000_000)
        assert time.monotonic() - started < 10
        assert caught.value.help
        with pytest.raises(ProcessLookupError):
            os.kill(tokenizer.pid, 0)
        with pytest.raises(EngineError, match="did not answer"):
            tokenizer.tokenize("Hi")


def test_no_such_file(llama_cpp, tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        LlamaTokenizer(tmp_path / "none.gguf")


# These need no engine, but belong to what the engine's facts are for.
def test_ollama_takes_a_written_bos_off_where_the_vocabulary_adds_one():
    assert as_llama_server_gets_it("<bos>Hi", info(strips_bos_text=True)) == "Hi"
    assert as_llama_server_gets_it("<bos>Hi", info()) == "<bos>Hi"
    assert as_llama_server_gets_it("<s>Hi", info(strips_bos_text=True)) == "<s>Hi"


def test_spell_out():
    assert spell_out("<s>é", Toy()) == [(256, "<s>"), (195, "\ufffd"), (169, "\ufffd")]
