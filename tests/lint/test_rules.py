"""What holds for every rule: its code, its documentation, its example, its own test."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from modelfile_kit.core.codes import HEADINGS
from modelfile_kit.lint.registry import all_rules, find_rule
from tests.lint.helpers import findings, rule_catches, whole

ROOT = Path(__file__).parents[2]
RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda r: r.name)
# Ranges that are the rules' own; the rest of each hundred belongs to other commands.
RANGES = (range(110, 200), range(201, 210), range(240, 300), range(320, 350), range(430, 460))
# Codes of one rule that every command judges by (`ollama.prompt_ends`).
SHARED = {"MK702", "MK703", "MK728"}


def block(text: str) -> str | None:
    """The Modelfile that a section begins with, if it does."""
    found = re.match(r"(?:(?: {4}.*)?\n)+", text + "\n")
    return textwrap.dedent(found[0]).strip("\n") + "\n" if text.startswith("    ") and found else None


def test_there_are_some_forty_and_no_code_is_taken_twice():
    rules = all_rules()
    assert len(rules) >= 40
    assert len({r.code for r in rules}) == len({r.name for r in rules}) == len(rules)


@RULES
def test_code_name_and_file_agree(rule):
    assert rule.code in SHARED or any(int(rule.code.removeprefix("MK")) in span for span in RANGES)
    module = rule.name.replace("-", "_")
    assert (ROOT / "modelfile_kit/lint/rules" / f"{module}.py").is_file()
    assert find_rule(rule.code.lower()) is find_rule(rule.name) is rule


@RULES
def test_has_a_test_of_its_own_with_both_sides(rule):
    text = (ROOT / "tests/lint/rules" / f"test_{rule.name.replace('-', '_')}.py").read_text()
    assert f'CODE = "{rule.code}"' in text
    assert "rule_catches(" in text
    assert "rule_catches_not(" in text
    assert ("rule_fixes(" in text) == rule.fixes


@RULES
def test_the_example_is_caught_and_what_to_use_instead_is_not(rule):
    example, instead = (rule.about.section(heading) or "" for heading in HEADINGS[2:])
    target = re.search(r'--target "([^"]*)"', example)
    how = {"target": target[1]} if target else {}
    if not rule.reads_files and block(example):
        rule_catches(rule.code, block(example) or "", **how)
    if block(instead):
        assert findings(rule.code, whole(block(instead) or ""), **how) == []


def test_the_page_of_rules_names_each():
    kept = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    assert all(f"| {r.code} | `{r.name}` |" in kept for r in all_rules())
