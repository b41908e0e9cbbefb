"""BOS before a prompt and EOS after it, counted in tokens and judged by the rule for all (`PromptEnds`)."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.diagnostics import Diagnostic
from ..ollama.prompt_ends import Ends, PromptEnds, is_forced
from ..runtime.tokenizer import Tokenizer


def ends_by_llama_cpp(tokenizer: Tokenizer) -> PromptEnds:
    """What the engine adds around a prompt, as llama.cpp says of a loaded vocabulary."""
    info = tokenizer.info
    bos, eos = (
        "" if i is None else tokenizer.pieces([i])[0].decode("utf-8", "replace") for i in (info.bos, info.eos)
    )
    return PromptEnds(
        bos,
        eos,
        info.add_bos,
        info.add_eos,
        info.strips_bos_text,
        is_forced(info.kind, info.pre),
    )


def bos_and_eos(
    prompt_ids: Sequence[int],
    reference_ids: Sequence[int],
    tokenizer: Tokenizer,
    ends: PromptEnds,
    model: str = "MODEL",
) -> list[Diagnostic]:
    """What the vocabulary's own BOS and EOS make of a prompt, against the reference.

    prompt_ids: what the model receives; ends: the rule; model: the GGUF's name, for advice.
    """
    info = tokenizer.info
    received, theirs = (
        Ends(_leading(ids, info.bos), _leading(ids[::-1], info.eos)) for ids in (prompt_ids, reference_ids)
    )
    return ends.judge(received, theirs, model=model)


def set_aside(prompt: str, reference: str, ends: PromptEnds) -> tuple[str, str]:
    """Both texts without the BOS that only one of them begins with: tokens, not texts, decide about it.

    The same for the EOS at the reference's end, where the engine adds one to the prompt.
    """
    bos, eos = ends.bos, ends.eos
    if bos and prompt.startswith(bos) != reference.startswith(bos):
        prompt, reference = prompt.removeprefix(bos), reference.removeprefix(bos)
    if eos and ends.adds_eos and not prompt.endswith(eos):
        reference = reference.removesuffix(eos)
    return prompt, reference


def _leading(ids: Sequence[int], token: int | None) -> int:
    count = 0
    while token is not None and count < len(ids) and ids[count] == token:
        count += 1
    return count
