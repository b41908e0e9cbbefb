"""A code means one thing: no other part of the package says something else by it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from modelfile_kit.lint.registry import all_rules

PACKAGE = Path(__file__).parents[2] / "modelfile_kit"
# Codes that more than one part of the package raises, all for the same reason.
SHARED = {
    "MK415": "model and projector in each other's place",
    "MK700": "a difference that no known cause explains; SARIF needs a code for text without one",
    "MK840": "a chat that the server answers with an error",
    "MK903": "a file or stream that cannot be written",
}
# Errors have a code of their class, which those who raise one write out too.
CLASSES = set(re.findall(r"MK\d{3}", (PACKAGE / "core" / "errors.py").read_text(encoding="utf-8")))
# Names the findings of the others by the texts that people see of them.
QUOTING = "error_texts.py"
# Asking for a code is not raising it.
_ASKED = re.compile(r"(?:code\s*(?:[!=]=|in|not in)|complaints\(|frozenset\().*")


def raised() -> dict[str, set[str]]:
    """The parts of the package (folders, or modules beside them) that raise each code."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0]
        if path.name == QUOTING:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            for code in re.findall(r'"(MK\d{3})"', _ASKED.sub("", line)):
                found[code].add(part)
    return found


def passed_on() -> set[str]:
    """The codes of rules that only pass on what reading a Modelfile finds."""
    rules = (PACKAGE / "lint" / "rules").glob("*.py")
    texts = [path.read_text(encoding="utf-8") for path in rules]
    return {code for text in texts for code in re.findall(r'complaints\("(MK\d{3})"\)', text)}


def test_each_code_has_one_meaning() -> None:
    several = {code for code, parts in raised().items() if len(parts) > 1}
    assert several - CLASSES - passed_on() == set(SHARED), "give the newer one a code of its own"


def test_a_rule_shares_its_code_with_nothing_but_what_it_passes_on() -> None:
    everywhere = raised()
    for rule in all_rules():
        others = everywhere[rule.code] - {"lint"}
        assert not others or rule.code in passed_on(), (rule.code, others)
