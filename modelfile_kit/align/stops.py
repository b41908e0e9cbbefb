"""Stop texts that never fire.

llama-server compares stop texts with the text it renders, and it renders no control token unless told
to (llama.cpp b10488, tools/server/server-context.cpp, accept_special_token). So under Ollama 0.30 and
later a stop text that is one control token has no effect: the model writes the token, nothing is shown,
and it goes on. Only end-of-generation tokens end an answer then.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics import Diagnostic, Severity
from .tokenizer import LlamaTokenizer


def silent_stops(stops: Iterable[str], tokenizer: LlamaTokenizer) -> tuple[str, ...]:
    """The stop texts that are one control token and not an end of generation."""
    texts = list(stops)
    lists = tokenizer.tokenize_many(texts, add_bos=False)
    single = {text: ids[0] for text, ids in zip(texts, lists, strict=True) if len(ids) == 1}
    rendered = dict(zip(single, tokenizer.pieces(list(single.values()), special=False), strict=True))
    ends = tokenizer.info.end_of_generation
    return tuple(t for t, token in single.items() if not rendered[t] and token not in ends)


def check_stops(stops: Iterable[str], tokenizer: LlamaTokenizer) -> tuple[Diagnostic, ...]:
    """A warning for every stop text that never fires."""
    return tuple(
        Diagnostic(
            "MK729",
            Severity.WARNING,
            f"the stop text {text} is a control token, which llama-server (Ollama 0.30 and later) does not "
            "render, so it never matches: the model writes on after it",
            help="make it an end-of-generation token of the GGUF (tokenizer.ggml.eot_token_id, eom_token_id)",
        )
        for text in silent_stops(stops, tokenizer)
    )
