"""The tokens that a vocabulary adds to every prompt: BOS before it, EOS after it."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.diagnostics import Diagnostic, Severity
from ..runtime.tokenizer import Tokenizer


def bos_and_eos(
    prompt_ids: Sequence[int], reference_ids: Sequence[int], tokenizer: Tokenizer, bos: str
) -> list[Diagnostic]:
    """What the vocabulary's own BOS and EOS make of a prompt, against the reference."""
    info = tokenizer.info
    found = []
    ours, theirs = _leading(prompt_ids, info.bos), _leading(reference_ids, info.bos)
    if ours > max(theirs, 1):
        found.append(_bos_twice(bos))
    elif ours > theirs:
        found.append(_bos_added(bos, info.add_bos))
    elif ours < theirs:
        found.append(_bos_lost(bos))
    if info.add_eos and info.eos is not None and prompt_ids[-1:] == [info.eos] != list(reference_ids[-1:]):
        found.append(
            Diagnostic(
                "MK728",
                Severity.ERROR,
                "the vocabulary adds EOS to every prompt, so the model takes its own turn for finished",
                help="set tokenizer.ggml.add_eos_token to false in the GGUF, or convert it again",
            )
        )
    return found


def _bos_twice(bos: str) -> Diagnostic:
    return Diagnostic(
        "MK325",
        Severity.ERROR,
        f"{bos} is at the start twice: the vocabulary adds one (add_bos_token), the TEMPLATE writes one",
        help=f"remove the leading {bos} from the TEMPLATE",
    )


def _bos_lost(bos: str) -> Diagnostic:
    return Diagnostic(
        "MK702",
        Severity.ERROR,
        f"{bos} is missing at the start: the chat template writes it, the TEMPLATE and the vocabulary do not",
        help=f"begin the TEMPLATE with {bos}",
    )


def _bos_added(bos: str, by_vocabulary: bool) -> Diagnostic:
    if by_vocabulary:
        return Diagnostic(
            "MK703",
            Severity.WARNING,
            f"the vocabulary adds {bos} before every prompt (add_bos_token), the chat template writes none",
            help="a Modelfile cannot change that; if the model was trained without it, set "
            "tokenizer.ggml.add_bos_token to false in the GGUF",
        )
    return Diagnostic(
        "MK703",
        Severity.ERROR,
        f"the TEMPLATE writes {bos} at the start, which the reference does not",
        help=f"remove the leading {bos} from the TEMPLATE",
    )


def set_aside(prompt: str, reference: str, bos: str) -> tuple[str, str]:
    """Both texts without the BOS that only one of them begins with: tokens, not texts, decide about it."""
    if not bos or prompt.startswith(bos) == reference.startswith(bos):
        return prompt, reference
    return prompt.removeprefix(bos), reference.removeprefix(bos)


def _leading(ids: Sequence[int], token: int | None) -> int:
    count = 0
    while token is not None and count < len(ids) and ids[count] == token:
        count += 1
    return count
