"""What reaches the model of every kind of vocabulary; llama.cpp's own tokenizer says what is right."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelfile_kit.core.diagnostics import Severity
from modelfile_kit.gguf_file import Vocabulary, read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.ollama.prompt_ends import Ends, PromptEnds
from tests.gguf_file.handmade import Typed, gguf, model

BOS, EOS, OTHER = "<s>", "</s>", "<bos>"
LETTERS = ["H", "i", "▁", "▁H", "▁Hi", "Hi", "Ġ"]
SPECIAL = ["<unk>", BOS, EOS, OTHER]
# Each kind with the pre-tokenizers that llama.cpp treats differently.
KINDS = (
    ("llama", ""),
    ("gpt2", "qwen2"),
    ("gpt2", "llama-bpe"),
    ("gpt2", "tekken"),
    ("gpt2", "lfm2"),
    ("gemma4", ""),
    ("bert", ""),
    ("t5", ""),
    ("rwkv", ""),
    ("plamo2", ""),
)
SAID = (None, True, False)
CASES = [
    (kind, pre, add_bos, add_eos)
    for (kind, pre), add_bos, add_eos in itertools.product(KINDS, SAID, (None, True, False))
]


def write(
    folder: Path, name: str, kind: str, pre: str, add_bos: bool | None, add_eos: bool | None, **more: Typed
) -> Path:
    """A vocabulary of a few letters; BOS and EOS are named, so that llama.cpp does not abort."""
    tokens = [*SPECIAL, *LETTERS]
    keys = {
        "model": Typed("string", kind),
        "bos_token_id": Typed("uint32", tokens.index(BOS)),
        "eos_token_id": Typed("uint32", tokens.index(EOS)),
        "seperator_token_id": Typed("uint32", tokens.index(EOS)),
        "unknown_token_id": Typed("uint32", 0),
        "scores": Typed("float32[]", [float(len(t)) for t in tokens]),
        "merges": Typed("string[]", ["H i"]),
        **more,
    }
    if kind == "plamo2":  # its tokenizer wants a token for every byte
        tokens += [f"<0x{b:02X}>" for b in range(256)]
        keys["scores"] = Typed("float32[]", [1.0] * len(tokens))
    if pre:
        keys["pre"] = Typed("string", pre)
    for key, said in (("add_bos_token", add_bos), ("add_eos_token", add_eos)):
        if said is not None:
            keys[key] = Typed("bool", said)
    types = [2, 3, 3, 3, *[1] * len(LETTERS), *[6] * (len(tokens) - len(SPECIAL) - len(LETTERS))]
    entries = model(
        architecture="llama",
        tokens=tokens,
        types=types,
        **{f"tokenizer__ggml__{k}": v for k, v in keys.items()},
    )
    path = folder / f"{name}.gguf"
    path.write_bytes(gguf(entries))
    return path


ASK = """
import json, sys
import llama_cpp as l
for path, texts in json.load(sys.stdin):
    m = l.Llama(path, vocab_only=True, verbose=False)
    both = [[m.tokenize(t.encode(), add_bos=add, special=True) for t in texts] for add in (True, False)]
    print(json.dumps(both), flush=True)
"""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """Asks llama.cpp for the tokens of many texts with many vocabularies: with what it adds, and without."""
    pytest.importorskip("llama_cpp", reason="needs llama-cpp-python (extra align)")

    def tokens(questions: list[tuple[Path, list[str]]]) -> list[tuple[list[list[int]], list[list[int]]]]:
        answer = subprocess.run(
            [sys.executable, "-c", ASK],
            input=json.dumps([(str(path), texts) for path, texts in questions]),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stderr[-2000:]
        return [json.loads(line) for line in answer.stdout.splitlines()]

    return tokens


def ends(path: Path) -> PromptEnds:
    return PromptEnds.of(Vocabulary.from_header(read_header(path)))


TEXTS = ("Hi", f"{BOS}Hi", f"{OTHER}Hi", f"Hi{EOS}", " Hi", f"{BOS} Hi{EOS}", f"{BOS}{BOS}Hi", "")


@pytest.mark.engine
@pytest.mark.parametrize("space", [None, True, False])
def test_what_the_model_receives_is_what_the_text_says(space, tokens, tmp_path):
    """The text of `received`, to which nothing is added, has the tokens that llama-server makes of `sent`."""
    paths = []
    for n, case in enumerate(CASES):
        path = write(tmp_path, str(n), *case)
        if space is not None:
            patch(path, path, {"tokenizer.ggml.add_space_prefix": space})
        paths.append(path)
    rules = [ends(p) for p in paths]
    questions = [
        (p, [r.sent(t) for t in TEXTS] + [r.received(t) for t in TEXTS])
        for p, r in zip(paths, rules, strict=True)
    ]
    for case, (added, plain) in zip(CASES, tokens(questions), strict=True):
        assert added[: len(TEXTS)] == plain[len(TEXTS) :], case


@pytest.mark.engine
def test_a_finding_is_there_exactly_where_the_tokens_differ(tokens, tmp_path):
    prompts = [f"{b}Hi{e}" for b in ("", BOS, OTHER) for e in ("", EOS)]
    references = [f"{b}Hi{e}" for b in ("", BOS) for e in ("", EOS)]
    paths = [write(tmp_path, str(n), *case) for n, case in enumerate(CASES)]
    rules = [ends(p) for p in paths]
    questions = [
        (p, [*(r.sent(t) for t in prompts), *(r.sent(r.to_send(t)) for t in references), *references])
        for p, r in zip(paths, rules, strict=True)
    ]
    for case, rule, (added, plain) in zip(CASES, rules, tokens(questions), strict=True):
        right = plain[len(prompts) + len(references) :]
        for prompt, ids in zip(prompts, added, strict=False):
            for reference, expected in zip(references, right, strict=True):
                found = rule.compare(prompt, reference)
                # An EOS of the TEMPLATE's own is text like any other: the prompts are compared as well.
                same_text = prompt.endswith(EOS) == reference.endswith(EOS) or rule.adds_eos
                if (
                    OTHER not in rule.sent(prompt)
                    and same_text
                    and not (rule.adds_eos and prompt.endswith(EOS))
                ):
                    assert (found == []) == (ids == expected), (case, prompt, reference, found)
        for n, reference in enumerate(references):
            best = rule.to_send(reference)
            assert (rule.compare(best, reference) == []) == (added[len(prompts) + n] == right[n]), (
                case,
                best,
            )


def test_every_finding_says_what_to_do():
    adds = PromptEnds(BOS, EOS, adds_bos=True)
    plain = PromptEnds(BOS, EOS)

    def said(rule: PromptEnds, prompt: str, reference: str):
        return [(d.code, d.severity, d.help) for d in rule.compare(prompt, reference, model="my model.gguf")]

    assert said(adds, f"{BOS}Hi", f"{BOS}Hi") == [
        ("MK325", Severity.ERROR, "remove the leading <s> from the TEMPLATE")
    ]
    patch = "write a copy of the GGUF: `mkmodelfile patch 'my model.gguf' --set tokenizer.ggml."
    assert said(adds, "Hi", "Hi") == [("MK703", Severity.WARNING, f"{patch}add_bos_token=false`")]
    assert said(plain, f"{BOS}Hi", "Hi") == [
        ("MK703", Severity.ERROR, "remove the leading <s> from the TEMPLATE")
    ]
    assert said(plain, "Hi", f"{BOS}Hi") == [("MK702", Severity.ERROR, "begin the TEMPLATE with <s>")]
    text = PromptEnds(BOS, EOS, bos_is_special=False)
    [(_, _, help_)] = said(text, "Hi", f"{BOS}Hi")
    assert help_.endswith(f"{patch}add_bos_token=true`")
    ending = PromptEnds(BOS, EOS, adds_eos=True)
    assert said(ending, "Hi", "Hi") == [("MK728", Severity.ERROR, f"{patch}add_eos_token=false`")]
    [(code, _, help_)] = said(ending, f"Hi{EOS}", f"Hi{EOS}")
    assert (code, help_) == ("MK728", "remove the last </s> from the TEMPLATE")
    assert said(ending, "Hi", f"Hi{EOS}") == []


def test_a_vocabulary_that_cannot_be_told_otherwise(tmp_path):
    rule = ends(write(tmp_path, "g", "gemma4", "", False, None))
    [found] = rule.compare("Hi", "Hi")
    assert found.code == "MK703"
    assert "patch" not in found.help


def test_without_the_token_the_engine_aborts(tmp_path):
    path = write(tmp_path, "t", "t5", "", True, None, bos_token_id=Typed("string", "none"))
    found = ends(path).crashes(model="t.gguf")
    assert found is not None
    assert found.severity is Severity.ERROR
    assert "add_bos_token=false" in found.help
    assert PromptEnds(BOS, EOS, adds_bos=True).crashes() is None


def test_natively_llama_server_takes_off_what_it_adds():
    """common/chat.cpp: the texts of both tokens, where it adds them."""
    rule = PromptEnds(BOS, EOS, adds_bos=True, adds_eos=True)
    assert rule.received_natively(f"{BOS}Hi{EOS}") == f"{BOS}Hi{EOS}"
    assert rule.received_natively("Hi") == f"{BOS}Hi{EOS}"
    assert PromptEnds(BOS, EOS).received_natively(f"{BOS}Hi") == f"{BOS}Hi"


def test_ends_are_counted():
    rule = PromptEnds(BOS, EOS)
    assert rule.ends_of(f"{BOS}{BOS}Hi{EOS}") == Ends(2, 1)
    assert rule.ends_of("") == Ends()
    assert rule.ends_of(BOS) == Ends(1, 0)
