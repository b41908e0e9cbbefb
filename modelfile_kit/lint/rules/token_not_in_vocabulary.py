"""A control token that is not in the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from ...ollama.special_tokens import control_texts
from ..context import Context
from ..rule import Finding, Rule


def check(context: Context) -> Iterator[Finding]:
    vocabulary = context.files.vocabulary
    if vocabulary is None or context.probes is None or context.template is None:
        return
    # Those in the prompts count: a TEMPLATE may put a token together, as <|{{ .Role }}|>.
    found = dict.fromkeys(t for probe in context.probes.asked() for t in control_texts(probe.text))
    for text in vocabulary.missing(found):
        value = context.template.value
        line = context.template.line + value.count("\n", 0, max(value.find(text), 0))
        yield Finding(
            f"{text!r} in the TEMPLATE is not a token of this model; it splits into several ordinary tokens",
            context.template,
            line=line,
        )


RULE = Rule(
    "MK323",
    check,
    help="write what the model's own chat template writes; `mkmodelfile compile` copies it",
    reads_files=True,
)
