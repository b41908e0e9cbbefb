from __future__ import annotations

from pathlib import Path

import pytest
from gguf import GGUFReader

from modelfile_kit.diff.part import Outcome
from modelfile_kit.diff.vocabulary import compare_vocabularies
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.patch import patch
from modelfile_kit.micro import build_model
from tests.gguf_file.handmade import Typed, gguf, model, projector

VOCAB = Path(__file__).parents[3] / "shared" / "vocab"
IDS = "tokenizer__ggml__"


@pytest.fixture
def compare(tmp_path):
    def two(before, after):
        paths = tmp_path / "a.gguf", tmp_path / "b.gguf"
        for path, entries in zip(paths, (before, after), strict=True):
            path.write_bytes(gguf(entries))
        return compare_vocabularies(*map(read_header, paths))

    return two


def keys(tokens, types=(), **more):
    return model(tokens=tokens, types=types, **more)


def test_added_removed_and_moved_tokens(compare):
    part = compare(keys(["a", "b", "c", "</s>"]), keys(["a", "c", "b", "d"]))
    assert part.outcome is Outcome.DIFFERENT
    assert part.lines[:3] == (
        "- removed: 1: '</s>' (3)",
        "+ added: 1: 'd' (3)",
        "~ moved: 2: 'b' (1 -> 2), 'c' (2 -> 1)",
    )
    # llama.cpp ends at a known text whatever the metadata says
    assert "- no longer ends the generation: 1: \"'</s>' (3)\"" not in part.lines
    assert any(line.startswith("- no longer ends the generation") and "</s>" in line for line in part.lines)


def test_types_merges_scores_and_roles(compare):
    before = keys(
        ["a", "b", "<x>"],
        [1, 1, 3],
        **{
            f"{IDS}eos_token_id": Typed("uint32", 2),
            f"{IDS}merges": Typed("string[]", ["a b", "b a"]),
            f"{IDS}scores": Typed("float32[]", [0.5, 1.0, 0.0]),
        },
    )
    after = keys(
        ["a", "b", "<x>"],
        [1, 4, 3],
        **{
            f"{IDS}eos_token_id": Typed("uint32", 1),
            f"{IDS}merges": Typed("string[]", ["a b", "a a", "b b"]),
            f"{IDS}scores": Typed("float32[]", [0.5, 2.0, 0.0]),
            f"{IDS}add_bos_token": Typed("bool", True),
        },
    )
    lines = compare(before, after).lines
    assert "~ type changed: 1: 'b' (normal -> user-defined)" in lines
    assert "~ EOS: '<x>' (2) -> 'b' (1)" in lines
    assert "~ BOS is added: no -> yes" in lines
    assert "~ merges: 2 -> 3, 2 differ, the first is 1: 'b a' -> 'a a'" in lines
    assert "~ scores: 1 differ, the first is that of token 1: 1.0 -> 2.0" in lines


def test_texts_that_occur_twice(compare):
    part = compare(keys(["a", "b", "a", "b"]), keys(["a", "b", "b", "a"]))
    assert part.lines[0] == "~ texts that occur more than once stand at other ids"


def test_a_projector_has_none(compare):
    part = compare(keys(["a"]), projector())
    assert part.outcome is Outcome.NOT_COMPARED
    assert "has no vocabulary" in part.summary


def test_a_patched_file_differs_where_it_was_patched(tmp_path):
    path = build_model(tmp_path / "m.gguf")
    header = read_header(path)
    tokens = GGUFReader(path).fields["tokenizer.ggml.tokens"].contents()
    other = patch(path, tmp_path / "p.gguf", {"tokenizer.ggml.tokens": [*tokens[:-1], "<new>"]})
    lines = compare_vocabularies(header, other).lines
    last = len(tokens) - 1
    assert lines[:2] == (f"- removed: 1: {tokens[-1]!r} ({last})", f"+ added: 1: '<new>' ({last})")
    same = compare_vocabularies(header, read_header(path))
    assert same.outcome is Outcome.EQUAL
    assert f"{len(tokens)} tokens" in same.summary


@pytest.mark.skipif(not VOCAB.is_dir(), reason="../shared/vocab is not there")
def test_real_vocabularies_as_gguf_py_reads_them():
    paths = [VOCAB / f"ggml-vocab-{name}.gguf" for name in ("llama-bpe", "qwen2")]
    tokens = []
    for path in paths:
        field = GGUFReader(path).fields["tokenizer.ggml.tokens"]
        tokens.append([bytes(field.parts[i]) for i in field.data])
    part = compare_vocabularies(*map(read_header, paths))
    removed, added = set(tokens[0]) - set(tokens[1]), set(tokens[1]) - set(tokens[0])
    assert part.lines[0].startswith(f"- removed: {len(removed):,}: ")
    assert part.lines[1].startswith(f"+ added: {len(added):,}: ")
    first = {t: i for i, t in reversed(list(enumerate(tokens[0])))}
    second = {t: i for i, t in reversed(list(enumerate(tokens[1])))}
    moved = sum(first[t] != second[t] for t in first if t in second)
    assert part.lines[2].startswith(f"~ moved: {moved:,}: ")
