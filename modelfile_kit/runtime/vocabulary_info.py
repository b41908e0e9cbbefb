"""Facts about a loaded vocabulary, and what Ollama does to a prompt because of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class VocabularyInfo:
    """Facts about a vocabulary, as llama.cpp has them after loading.

    size: number of tokens; bos, eos, eot: token ids, None where there is no such token;
    add_bos, add_eos: whether llama.cpp adds them to every prompt by itself; strips_bos_text: whether
    Ollama takes a leading "<bos>" off a prompt first; pre, kind: `tokenizer.ggml.pre` and `.model`;
    end_of_generation: ids at which llama.cpp stops writing.
    """

    size: int
    bos: int | None
    eos: int | None
    eot: int | None
    add_bos: bool
    add_eos: bool
    strips_bos_text: bool
    pre: str
    kind: str
    end_of_generation: tuple[int, ...]


def vocabulary_info(facts: dict[str, Any], end_of_generation: Sequence[int]) -> VocabularyInfo:
    """`VocabularyInfo` from the child's answer."""

    def token(name: str) -> int | None:
        return int(facts[name]) if facts[name] >= 0 else None

    # Ollama 0.33, llm/llama_server.go, tokenizerAddsBOS: the key as stored, and two vocabularies by name.
    strips = facts["pre"] in ("lfm2", "gemma4") or facts["kind"] == "gemma4" or facts["add_bos_key"]
    return VocabularyInfo(
        size=facts["size"],
        bos=token("bos"),
        eos=token("eos"),
        eot=token("eot"),
        add_bos=facts["add_bos"],
        add_eos=facts["add_eos"],
        strips_bos_text=bool(strips),
        pre=facts["pre"],
        kind=facts["kind"],
        end_of_generation=tuple(end_of_generation),
    )


def as_llama_server_gets_it(prompt: str, info: VocabularyInfo) -> str:
    """The prompt after Ollama's own handling of BOS (0.33, llm/llama_server.go, completionPrompt).

    For a Go TEMPLATE that is one thing only: a leading `<bos>` goes where the vocabulary adds its own.
    """
    return prompt.removeprefix("<bos>") if info.strips_bos_text else prompt
