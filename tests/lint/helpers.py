"""rule_catches and rule_catches_not, after hadolint's; and files that rules can look at."""

from __future__ import annotations

import re
from pathlib import Path

from modelfile_kit.core import codes
from modelfile_kit.core.diagnostics import Diagnostic
from modelfile_kit.lint.runner import fix_modelfile, lint_modelfile
from tests.gguf_file.handmade import Typed, gguf, model, projector

CONTROL, USER_DEFINED = 3, 4


def whole(text: str) -> str:
    """A FROM is put in front where there is none, as nothing is a Modelfile without."""
    return text if re.search(r"^FROM ", text, re.MULTILINE) else f"FROM ./model.gguf\n{text}"


def findings(code: str, text: str, **how) -> list[Diagnostic]:
    """The findings of a code; of a group the findings of all its codes, and of its own."""
    about = codes.find(code)
    return [d for d in lint_modelfile(whole(text), **how) if d.code in (code, *about.members)]


def rule_catches(code: str, text: str, **how) -> Diagnostic:
    found = findings(code, text, **how)
    assert found, f"{code} finds nothing in:\n{text}"
    assert found[0].message
    assert found[0].help
    assert found[0].span is not None
    return found[0]


def rule_catches_not(code: str, text: str, **how) -> None:
    assert findings(code, text, **how) == []


def rule_fixes(code: str, text: str, expected: str, **how) -> None:
    """The whole text after --fix, and that the finding is gone."""
    fixed = fix_modelfile(whole(text), **how)
    assert fixed.text == whole(expected)
    assert code in {d.code for d in fixed.fixed}
    assert findings(code, fixed.text, **how) == []


def rule_does_not_fix(code: str, text: str, **how) -> None:
    rule_catches(code, text, **how)
    assert fix_modelfile(whole(text), **how).text == whole(text)


def write_model(folder: Path, name: str = "model.gguf", *, control=(), eos: str = "", **more) -> Path:
    """A small model whose vocabulary is a few letters and these control tokens."""
    tokens = ["a", "b", *control]
    if eos:
        more["tokenizer__ggml__eos_token_id"] = Typed("uint32", tokens.index(eos))
    entries = model(tokens=tokens, types=[1, 1, *[CONTROL] * len(control)], **more)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gguf(entries))
    return path


def write_projector(folder: Path, name: str = "mmproj-model.gguf", **how) -> Path:
    path = folder / name
    path.write_bytes(gguf(projector(**how)))
    return path


__all__ = [
    "Typed",
    "findings",
    "gguf",
    "rule_catches",
    "rule_catches_not",
    "rule_does_not_fix",
    "rule_fixes",
    "whole",
    "write_model",
    "write_projector",
]
