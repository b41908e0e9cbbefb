from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys

import pytest

from modelfile_kit.core.errors import GGUFError
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.gguf_file import vocabulary as vocabulary_module
from modelfile_kit.gguf_file.vocabulary import KNOWN_ENDS, shown_in_replies
from modelfile_kit.micro import build_model
from modelfile_kit.ollama.prompt_ends import PromptEnds
from tests.gguf_file.handmade import Typed, model

# ids: <eos>-like 0, user token 1, known texts after them
TOKENS = ["<end>", "<|user|>", "<|im_end|>", "a", "Ġb", "</s>", "<|end|>", "<|return|>", "<|call|>"]
TYPES = [3, 3, 3, 1, 1, 1, 3, 3, 3]


@pytest.fixture
def vocabulary(header):
    def vocabulary(tokens=TOKENS, types=TYPES, **more):
        return Vocabulary.from_header(header(model(tokens=tokens, types=types, **more)))

    return vocabulary


def key(name):
    return f"tokenizer__ggml__{name}"


def number(value):
    return Typed("uint32", value)


def test_tokens_ids_and_types(vocabulary):
    found = vocabulary()
    assert len(found) == 9
    assert [found.id_of(t) for t in TOKENS] == list(range(9))
    assert found.id_of("<|im_start|>") is None
    assert found.token(4) == "Ġb"
    assert found.type_of(0) == "control"
    assert found.type_of(5) == "normal"
    assert found.control_tokens() == {
        t: i for i, (t, k) in enumerate(zip(TOKENS, TYPES, strict=True)) if k == 3
    }
    for bad in (9, -1):
        with pytest.raises(IndexError):
            found.token(bad)


def test_every_type_has_its_name(vocabulary):
    found = vocabulary(list("abcdefgh"), [1, 2, 3, 4, 5, 6, 0, 77])
    names = ["normal", "unknown", "control", "user-defined", "unused", "byte", "undefined", "undefined"]
    assert [found.type_of(i) for i in range(8)] == names
    assert found.control_tokens() == {"c": 2}


def test_a_text_is_special_by_type_or_because_llama_cpp_knows_it(vocabulary):
    found = vocabulary()
    assert found.special_id_of("<end>") == 0
    assert found.special_id_of("</s>") == 5  # of type normal, but a known end
    assert found.special_id_of("a") is None
    assert found.special_id_of("<|im_start|>") is None
    assert found.missing(["<end>", "a", "<|im_start|>"]) == ["a", "<|im_start|>"]


def test_ends_come_from_ids_and_known_texts(vocabulary):
    found = vocabulary(**{key("eos_token_id"): number(0), key("eot_token_id"): number(1)})
    # <|end|> is none where <|return|> and <|call|> are tokens too (gpt-oss)
    assert found.end_of_generation() == {0, 1, 2, 5, 7, 8}
    assert (found.eos_id, found.eot_id, found.eom_id) == (0, 1, None)


def test_without_the_harmony_tokens_end_is_an_end(vocabulary):
    found = vocabulary(TOKENS[:7], TYPES[:7], **{key("eos_token_id"): number(0)})
    assert found.end_of_generation() == {0, 2, 5, 6}
    assert found.eot_id == 2


def test_s_is_no_end_beside_gemmas_tool_response(vocabulary):
    found = vocabulary(["x", "</s>", "<|tool_response>"], [3, 1, 3], **{key("eos_token_id"): number(0)})
    assert found.end_of_generation() == {0, 2}


def test_fill_in_the_middle_tokens_end_too(vocabulary):
    tokens, types = ["e", "<|repo_name|>", "<|file_sep|>", "mine"], [3, 3, 3, 3]
    assert vocabulary(tokens, types, **{key("eos_token_id"): number(0)}).end_of_generation() == {0, 1, 2}
    named = vocabulary(tokens, types, **{key("eos_token_id"): number(0), key("fim_rep_token_id"): number(3)})
    assert named.end_of_generation() == {0, 2, 3}


def test_what_llama_cpp_assumes_without_ids(vocabulary):
    twelve = [f"t{i}" for i in range(12)]
    assert (vocabulary(twelve, [1] * 12).eos_id, vocabulary(twelve, [1] * 12).bos_id) == (11, 11)
    assert vocabulary(twelve[:11], [1] * 11).eos_id is None
    glm = vocabulary(twelve, [1] * 12, **{key("pre"): Typed("string", "glm4")})
    assert (glm.bos_id, glm.eos_id) == (None, 11)
    beyond = vocabulary(twelve, [1] * 12, **{key("eos_token_id"): number(12)})
    assert beyond.eos_id == 11


@pytest.mark.parametrize(
    ("kind", "pre", "said", "adds"),
    [
        ("gpt2", "glm4", None, False),
        ("gpt2", "llama-bpe", None, True),
        ("gpt2", "llama-bpe", False, False),
        ("gpt2", "tekken", None, True),
        ("llama", "", None, True),
        ("llama", "", False, False),
        ("t5", "", None, False),
        ("gpt2", "qwen2", True, True),
        ("gemma4", "", False, True),
    ],
)
def test_add_bos(vocabulary, kind, pre, said, adds):
    more = {key("model"): Typed("string", kind), key("pre"): Typed("string", pre)}
    if said is not None:
        more[key("add_bos_token")] = Typed("bool", said)
    assert vocabulary(**more).add_bos is adds


def test_chat_templates_by_name(vocabulary):
    found = vocabulary(
        tokenizer__chat_template=Typed("string", "plain"),
        tokenizer__chat_templates=Typed("string[]", ["tool_use"]),
        tokenizer__chat_template__tool_use=Typed("string", "tools"),
    )
    assert found.chat_templates == {"default": "plain", "tool_use": "tools"}
    assert vocabulary().chat_templates == {}


def test_a_chat_template_that_is_not_utf8_is_an_error(vocabulary):
    found = vocabulary(tokenizer__chat_template=Typed("string", b"ab\xff"))
    with pytest.raises(GGUFError, match=r"tokenizer.chat_template is not UTF-8 \(byte 2\)") as e:
        found.chat_templates  # noqa: B018
    assert e.value.code == "MK407"


def test_a_file_without_a_vocabulary(header):
    with pytest.raises(GGUFError, match="has no vocabulary") as e:
        Vocabulary.from_header(header({"general.architecture": Typed("string", "clip")}))
    assert e.value.code == "MK407"


@pytest.mark.parametrize(
    "types", [Typed("int32[]", [1, 1]), Typed("float32[]", [1.0] * 9), Typed("int32", 1)]
)
def test_types_that_llama_cpp_refuses(header, types):
    entries = {**model(tokens=TOKENS), "tokenizer.ggml.token_type": types}
    with pytest.raises(GGUFError, match=r"llama\.cpp expects 9 × int32"):
        Vocabulary.from_header(header(entries))


def test_a_vocabulary_without_types_is_all_normal(header):
    entries = model(tokens=TOKENS)
    del entries["tokenizer.ggml.token_type"]
    found = Vocabulary.from_header(header(entries))
    assert found.type_of(0) == "normal"
    assert found.control_tokens() == {}


def test_real_vocabularies(shared):
    """Ids as Hugging Face's tokenizer_config.json of these models has them."""
    qwen, llama, phi = (
        Vocabulary.from_header(read_header(shared / "vocab" / f"ggml-vocab-{name}.gguf"))
        for name in ("qwen2", "llama-bpe", "phi-3")
    )
    assert [qwen.id_of(t) for t in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")] == [
        151643,
        151644,
        151645,
    ]
    assert [llama.id_of(t) for t in ("<|begin_of_text|>", "<|eot_id|>")] == [128000, 128009]
    assert [phi.id_of(t) for t in ("<|end|>", "<|user|>", "<|assistant|>")] == [32007, 32010, 32001]
    assert (llama.add_bos, qwen.add_bos, phi.add_bos) == (True, False, True)
    assert (llama.bos_id, len(llama.control_tokens())) == (128000, 256)


ASK_LLAMA_CPP = """
import json, sys
import llama_cpp as l
for path in json.load(sys.stdin):
    m = l.Llama(path, vocab_only=True, verbose=False)
    v = m._model.vocab
    ask = lambda name: getattr(l, "llama_vocab_" + name)(v)
    ends = [i for i in range(ask("n_tokens")) if l.llama_vocab_is_eog(v, i)]
    print(json.dumps([ends, ask("bos"), ask("eos"), ask("get_add_bos"), ask("get_add_eos")]), flush=True)
"""


@pytest.mark.engine
def test_llama_cpp_says_the_same(tmp_path, request):
    """Random vocabularies of known ends, fill-in tokens and others, and the real ones if there are any."""
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python (the extra align) is not installed")
    chance = random.Random(7)
    texts = [*KNOWN_ENDS, "<|repo_name|>", "<|file_sep|>", "<|fim_pad|>", "<|plamo:eos|>", "<x>", "<y>"]
    paths = []
    for n in range(60):
        extra = chance.sample(texts, chance.randint(0, 12))
        paths.append(build_model(tmp_path / f"{n}.gguf", extra_tokens=extra, chat_template=""))
    shared = request.config.rootpath.parent / "shared" / "vocab"
    paths += sorted(shared.glob("*.gguf"))
    answer = subprocess.run(
        [sys.executable, "-c", ASK_LLAMA_CPP],
        input=json.dumps([str(p) for p in paths]),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    for path, line in zip(paths, answer.stdout.splitlines(), strict=True):
        found = Vocabulary.from_header(read_header(path))
        ends, bos, eos, add_bos, add_eos = json.loads(line)
        assert sorted(found.end_of_generation()) == ends, path.name
        assert (found.bos_id, found.eos_id) == (bos, eos)
        assert (found.add_bos, found.add_eos) == (add_bos, add_eos)


def test_an_ordinary_token_that_llama_cpp_assumes_is_no_text_of_bos(vocabulary):
    """A BPE vocabulary that names no BOS and EOS has id 11 for both, which is a comma or the like."""
    tokens, types = [*"abcdefghijk", ",", "<s>"], [1] * 12 + [3]
    silent = vocabulary(tokens, types)
    assert (silent.bos_id, silent.bos_text, silent.eos_id, silent.eos_text) == (11, None, 11, None)
    named = vocabulary(tokens, types, **{key("bos_token_id"): number(12), key("eos_token_id"): number(11)})
    assert (named.bos_text, named.eos_text) == ("<s>", ",")
    assert vocabulary(tokens, [1] * 11 + [3, 3]).bos_text == ","  # a control token is one
    ends = PromptEnds.of(silent)
    assert (ends.bos, ends.eos) == ("", "")
    assert ends.ends_of(",Hi,") == (0, 0)
    # Where the engine adds it all the same, it is there.
    assert PromptEnds.of(vocabulary(tokens, types, **{key("add_bos_token"): Typed("bool", True)})).bos == ","


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (("<|end|>", "<|call|>", "<|return|>"), {"<|end|>"}),
        (("<|end|>", "<|calls|>", "<|flush|>"), {"<|end|>"}),
        (("<|end|>", "<|return|>"), set()),
        (("<|call|>", "<|return|>"), set()),
        (("<|start|>", "<|channel|>", "<|user|>"), {"<|start|>", "<|channel|>"}),
    ],
)
def test_tokens_that_llama_cpp_leaves_in_replies(texts, shown):
    """src/llama-vocab.cpp makes them user-defined tokens; seen on servers of 0.33.0 and 0.34.4."""
    assert shown_in_replies(texts) == shown


def test_many_texts_at_once_are_what_each_is_by_itself(vocabulary):
    found = vocabulary()
    asked = [*TOKENS, "<|im_start|>", "b"]
    assert found.ids_of(asked) == {t: i for t in asked if (i := found.id_of(t)) is not None}
    assert found.special_ids_of(asked) == {t: found.special_id_of(t) for t in asked}


def test_counts_are_those_of_the_kinds(vocabulary):
    found = vocabulary(list("abcdefgh"), [1, 2, 3, 4, 5, 3, 0, 77, 3, 3])  # more types than tokens
    kinds = found.kinds()
    assert {kind: found.count_of(kind) for kind in set(kinds)} == {k: kinds.count(k) for k in set(kinds)}
    assert found.count_of("byte") == 0


def test_without_types_all_are_normal(header):
    values = {k: v for k, v in model(tokens=["a", "b"]).items() if k != "tokenizer.ggml.token_type"}
    found = Vocabulary.from_header(header(values))
    assert (found.count_of("normal"), found.count_of("control")) == (2, 0)


@pytest.mark.parametrize("limit", ["MAX_SPECIAL_TOKENS", "MAX_SPECIAL_BYTES"])
def test_special_tokens_without_end_are_an_error_that_names_the_limits(vocabulary, monkeypatch, limit):
    texts = [f"<{n}>" for n in range(5000)]
    assert len(vocabulary(texts, [3] * 5000).control_tokens()) == 5000
    monkeypatch.setattr(vocabulary_module, limit, 4999)
    with pytest.raises(GGUFError, match="5,000 tokens are typed as control or user-defined") as e:
        vocabulary(texts, [3] * 5000).control_tokens()
    assert e.value.code == "MK405"
    assert "4,999" in e.value.message
