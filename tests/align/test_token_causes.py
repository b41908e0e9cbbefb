"""Every fault of a conversion has its cause, shown by a text that has nothing else in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.token_causes import CauseFinder, TokenCause
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.real_tokenizers import part, vocabulary
from tests.reference_tokenizer import toys

from . import sides
from .toy_gguf import Fault, keys_of, said, typed, write

TEXT = "<|im_start|>user\nThe cafe\u0301 of 今天, isn't it?    tabs\t\tthe  1234567 days.<|im_end|>\n"


def causes(
    tokenizer: Path, gguf: Path, *texts: str, fault: Fault = lambda keys: None, pre: str = "qwen2"
) -> list[TokenCause]:
    """The causes of texts; the GGUF is made of the tokenizer, with a fault, unless it is there."""
    found = find_tokenizer(tokenizer, gguf)
    assert found is not None
    with ReferenceChild(found) as reference:
        if not gguf.exists():
            keys = keys_of(reference, pre)
            fault(keys)
            write(gguf, keys)
        own = Vocabulary.from_header(read_header(gguf))
        with LlamaTokenizer(gguf) as engine:
            finder = CauseFinder(BothTokenizers(own, engine, reference))
            return [cause for text in texts for cause in finder.causes(text)]


def exchanged(first: str, second: str) -> Fault:
    """Two tokens with each other's id."""

    def change(keys: dict[str, Any]) -> None:
        tokens = keys["tokens"]
        one, other = tokens.index(first), tokens.index(second)
        tokens[one], tokens[other] = second, first

    return change


def lost(token: str) -> Fault:
    """A token of which only the id is left."""

    def change(keys: dict[str, Any]) -> None:
        keys["tokens"][keys["tokens"].index(token)] = "lost-and-never-found"

    return change


def cut_merges(keys: dict[str, Any]) -> None:
    keys["merges"] = keys["merges"][:-60]


def taking_spaces(folder: Path, token: str) -> None:
    """Lets a special token take the spaces behind it with it, as Phi-3's do."""
    path = folder / "tokenizer.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    next(t for t in data["added_tokens"] if t["content"] == token)["rstrip"] = True
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (lambda keys: None, []),
        (said(pre="starcoder"), [("pre-tokenizer", "starcoder")]),
        (typed("<|im_start|>", "normal"), [("special tokens", "<|im_start|>")]),
        (cut_merges, [("merges", "")]),
        (exchanged("e", "o"), [("token ids", "e")]),
    ],
)
def test_faults_of_a_byte_level_vocabulary(tmp_path, llama_cpp, libraries, fault, expected):
    found = causes(toys.byte_level(tmp_path), tmp_path / "a.gguf", TEXT, fault=fault)
    assert {(c.name, c.detail) for c in found} == set(expected)
    assert all([t.id for t in c.ours] != [t.id for t in c.theirs] and len(c.text) <= 20 for c in found)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("normalizer", "text", "detail"),
    [("NFC", "cafe\u0301", "NFC"), ("NFKC", "\ufb01ne", "NFKC"), ("Lowercase", "THE", "lower case")],
)
def test_normalizers_are_named(tmp_path, llama_cpp, libraries, normalizer, text, detail):
    normalizers = pytest.importorskip("tokenizers.normalizers", reason="needs tokenizers (extra tokenizers)")
    folder = toys.byte_level(tmp_path, normalizer=getattr(normalizers, normalizer)())
    found = causes(folder, tmp_path / "a.gguf", text)
    assert {(c.name, c.detail) for c in found} == {("normalizer", detail)}


@pytest.mark.engine
def test_tokens_that_take_spaces_with_them(tmp_path, llama_cpp, libraries):
    folder = toys.byte_level(tmp_path)
    taking_spaces(folder, "<|im_end|>")
    [found] = causes(folder, tmp_path / "a.gguf", "a<|im_end|>\nb")
    assert (found.name, found.detail) == ("spaces beside special tokens", "<|im_end|>")
    assert "".join(t.text for t in found.ours) == "<|im_end|>\n"
    assert "".join(t.text for t in found.theirs) == "<|im_end|>"


@pytest.mark.engine
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (lambda keys: None, set()),
        (lambda keys: keys.update(add_space_prefix=not keys["add_space_prefix"]), {"space before the text"}),
        (lost("今"), {"byte fallback"}),
    ],
)
def test_faults_of_a_sentencepiece_vocabulary(tmp_path, llama_cpp, libraries, fault, expected):
    path = toys.sentencepiece(tmp_path / "tokenizer.model")
    found = causes(path, tmp_path / "a.gguf", "今天天气", "The fox", fault=fault)
    assert {c.name for c in found} == expected


def test_two_tokens_of_one_text_and_unused_ones():
    tokenizer = sides.own({"a": 1, "b": 2, "x": 4}, kinds={4: "unused"})
    tokenizer.vocabulary.texts[3] = "b"
    both = BothTokenizers(
        sides.vocabulary(kinds=("normal",) * 6), sides.Engine({"a": 1, "b": 3, "x": 5}), tokenizer
    )
    finder = CauseFinder(both)
    assert (finder.cause("b").name, finder.cause("b").detail) == ("duplicate tokens", "b")
    tokenizer.vocabulary.texts[4] = "y"
    assert (finder.cause("x").name, finder.cause("x").detail) == ("unused tokens", "y")


def test_what_was_found_once_is_known():
    both = BothTokenizers(sides.vocabulary(), sides.Engine({"a": 1, "b": 2}), sides.own({"a": 1, "b": 3}))
    finder = CauseFinder(both)
    [first] = finder.causes("aaba")
    finder.cause = lambda text: pytest.fail(text)  # type: ignore[method-assign]
    assert finder.causes("bab") == [first] and first.text == "b"


def test_what_is_wrong_everywhere_is_not_looked_for_without_end(monkeypatch):
    monkeypatch.setattr("modelfile_kit.align.token_causes.MAX_SMALL", 2)
    letters = "abcdefgh"
    both = BothTokenizers(
        sides.vocabulary(),
        sides.Engine({t: n for n, t in enumerate(letters)}),
        sides.own({t: n + 20 for n, t in enumerate(letters)}),
    )
    finder = CauseFinder(both)
    assert [len(c.text) for c in finder.causes("abcd")] == [1, 1] and len(finder.known) == 2
    assert [c.text for c in finder.causes("efgh")] == ["efgh"]


def test_a_space_that_differs_is_one_cause():
    both = BothTokenizers(sides.vocabulary(), sides.Engine({" ": 1}), sides.own({" ": 2}))
    assert [c.text for c in CauseFinder(both).causes("   ")] == [" "]


def test_many_texts_are_counted_under_one_cause_each():
    """Letters with another id, and a word that is cut otherwise: both are found in longer texts too."""
    table = {"a": 1, "b": 2, "c": 3, "x": 5, "y": 6, "xy": 7}
    theirs = {**table, "b": 12}
    ours = {key: number for key, number in table.items() if key != "xy"}
    finder = CauseFinder(BothTokenizers(sides.vocabulary(), sides.Engine(ours), sides.own(theirs)))
    texts = ["acb", "ab", "cxya", "xy", "axyc"]
    found = {(c.name, c.text): count for c, count in finder.groups(texts)}
    assert found == {("token ids", "b"): 2, ("merges", "xy"): 3}
    assert finder.groups([]) == []


def test_generated_texts_and_conversations_are_explained_alike():
    both = BothTokenizers(
        sides.vocabulary(),
        sides.Engine({"<": 1, "s": 2, ">": 3, "a": 4}),
        sides.own({"<s>": 9, "<": 1, "s": 2, ">": 3, "a": 4}, added=("<s>",)),
    )
    text = "a<s>a"
    [(generated, _)], [spoken] = CauseFinder(both).groups([text]), CauseFinder(both).causes(text)
    assert generated == spoken and (spoken.name, spoken.text) == ("special tokens", "<s>")


Table = Callable[[str], list[int]]


@pytest.mark.engine
def test_qwens_normalizer_is_found_and_both_libraries_say_so(tmp_path, llama_cpp, libraries):
    """The ids are asked of `tokenizers` and llama-cpp-python themselves, past everything of ours."""
    texts = ["Cafe\u0301 <think>", "A\u030angstro\u0308m", "plain text, 1234", "\u212b"]
    found = causes(part("qwen3"), vocabulary("qwen2"), *texts)
    named = {(c.name, c.detail) for c in found}
    assert named == {("normalizer", "NFC"), ("special tokens", "<think>")}
    ours, theirs = _llama(vocabulary("qwen2")), _hugging_face(part("qwen3"))
    for cause in found:
        assert [t.id for t in cause.ours] == ours(cause.text)
        assert [t.id for t in cause.theirs] == theirs(cause.text)


@pytest.mark.engine
def test_llama_has_no_difference(llama_cpp, libraries):
    texts = [
        TEXT,
        "<|start_header_id|>user<|end_header_id|>\n\nIT'S 12345 o'clock 🎉<|eot_id|>",
        "  a\n\n\n b",
    ]
    assert causes(part("llama3_1"), vocabulary("llama-bpe"), *texts) == []
    ours, theirs = _llama(vocabulary("llama-bpe")), _hugging_face(part("llama3_1"))
    assert [ours(t) for t in texts] == [theirs(t) for t in texts]


def _llama(path: Path) -> Table:
    import llama_cpp

    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    return lambda text: model.tokenize(text.encode(), add_bos=False, special=True)


def _hugging_face(folder: Path) -> Table:
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids)
