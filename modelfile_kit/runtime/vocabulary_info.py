"""Facts about a loaded vocabulary, and what Ollama does to a prompt because of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..ollama.prompt_ends import STRIPPED, really_adds, strips_bos_text


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

    kind, pre = facts["kind"], facts["pre"]
    return VocabularyInfo(
        size=facts["size"],
        bos=token("bos"),
        eos=token("eos"),
        eot=token("eot"),
        add_bos=really_adds(kind, facts["add_bos"]),
        add_eos=really_adds(kind, facts["add_eos"]),
        strips_bos_text=strips_bos_text(kind, pre, facts["add_bos_key"]),
        pre=pre,
        kind=kind,
        end_of_generation=tuple(end_of_generation),
    )


def as_llama_server_gets_it(prompt: str, info: VocabularyInfo) -> str:
    """The prompt after Ollama's own handling of BOS (0.33, llm/llama_server.go, completionPrompt).

    For a Go TEMPLATE that is one thing only: a leading `<bos>` goes where the vocabulary adds its own.
    """
    return prompt.removeprefix(STRIPPED) if info.strips_bos_text else prompt
