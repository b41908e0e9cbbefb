"""# What it does

Finds control tokens in the TEMPLATE that the model's vocabulary lacks.

# Why is this bad

They fall apart into ordinary tokens that the model never saw there: with `<|im_end|>` after each turn of a
GLM, ten for every turn. Nothing reports it; answers only get worse.

# Example

    FROM ./glm-4.1v-9b.gguf
    TEMPLATE "[gMASK]<sop>{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}<|im_end|>{{ end }}<|assistant|>"

# Use instead

The tokens that the model's own chat template writes: `mkmodelfile compile` makes the TEMPLATE from it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...core.diagnostics import Severity
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
            f"{text!r} in the TEMPLATE is not a token of this model; it falls apart into ordinary ones",
            context.template,
            line=line,
        )


RULE = Rule(
    "MK323",
    "token-not-in-vocabulary",
    Severity.WARNING,
    "A control token that the vocabulary lacks",
    check,
    __doc__,
    help="write what the model's own chat template writes; `mkmodelfile compile` takes it over",
    reads_files=True,
)
