from __future__ import annotations

import itertools
import os
from collections import Counter
from importlib.util import find_spec

import pytest

from modelfile_kit.gguf_file.tensors import BLOCKS, REMOVED
from tests.gguf_file.against_ggml import CRASHED, REFUSED, TAKEN, ask, ask_ggml, mutations
from tests.gguf_file.handmade import gguf, tensor

FILES = int(os.environ.get("MKMODELFILE_FUZZ", "3000"))
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))

pytestmark = [
    pytest.mark.skipif(find_spec("llama_cpp") is None, reason="needs llama-cpp-python (the extra align)"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="ggml answers in a forked process"),
]


def test_what_ggml_refuses_is_refused_and_what_it_takes_is_taken(tmp_path):
    answers: Counter[str] = Counter()
    for verdict in ask(mutations(SEED), FILES, tmp_path):
        assert not verdict.wrong, f"{verdict.wrong}: {verdict.ours}\n{verdict.data.hex()}"
        answers[verdict.ggml] += 1
    # a file of each kind, or the comparison says nothing
    assert answers[TAKEN] > FILES // 10
    assert answers[REFUSED] + answers[CRASHED] > FILES // 10


def test_the_table_of_types_is_ggmls_own(tmp_path):
    paths = [tmp_path / str(kind) for kind in range(64)]
    for kind, path in enumerate(paths):
        path.write_bytes(gguf((), [tensor("w", (256,), kind)], bytes(4096)))
    taken = {kind for kind, answer in enumerate(ask_ggml(paths)) if answer == TAKEN}
    assert taken == set(BLOCKS)
    assert set(range(max(BLOCKS))) - taken == set(REMOVED)


def test_the_same_seed_gives_the_same_files():
    first, again = (list(itertools.islice(mutations(3), 50)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 40
