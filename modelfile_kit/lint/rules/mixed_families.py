"""Tokens of two model families."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.grammar import Instruction
from ..context import Context
from ..rule import Finding, Rule

# Tokens that only one family's vocabularies have.
_FAMILIES = {
    "GLM": ("[gMASK]", "<sop>", "<|observation|>"),
    "ChatML": ("<|im_start|>", "<|im_end|>"),
    "Llama 3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    "Gemma": ("<start_of_turn>", "<end_of_turn>"),
    "Command R": ("<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    "Llama 2 and Mistral": ("[INST]", "[/INST]"),
    "DeepSeek": ("<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>"),
}


def check(context: Context) -> Iterator[Finding]:
    if context.template is None or context.files.vocabulary or not context.template_is_used:
        return
    texts = [context.template, *context.stops]
    found: dict[str, tuple[str, Instruction]] = {}
    for instruction in texts:
        for family, tokens in _FAMILIES.items():
            written = next((t for t in tokens if t in instruction.value), None)
            if written and family not in found:
                found[family] = (written, instruction)
    if len(found) > 1:
        (one, (first, _)), (other, (second, where)) = list(found.items())[:2]
        yield Finding(f"{first!r} is a token of {one}, {second!r} of {other}: no model has both", where)


RULE = Rule(
    "MK324", check, help="keep those that the model's vocabulary has; `mkmodelfile inspect` shows them"
)
