"""docs/COMPATIBILITY.md: each row is held to Hugging Face's rendering, and no feature is left out."""

from __future__ import annotations

import re
from typing import Any

import jinja2
import pytest
from jinja2.runtime import LoopContext

from modelfile_kit.core.errors import TemplateReferenceError
from modelfile_kit.huggingface import ConversationRefusedError, render_reference
from modelfile_kit.huggingface.environment import environment
from tools.compatibility import page
from tools.compatibility.conversations import CONVERSATIONS

STATES = ("exact", "partial", "unsupported", "refused")


def reference(feature: Any) -> Any:
    """What Hugging Face renders of each conversation; None where the template refuses it or fails."""
    found: list[str | None] = []
    tokens: dict[str, Any] = page.TOKENS
    for messages, request in CONVERSATIONS[feature.kind]:
        try:
            found.append(render_reference(feature.source, messages, **tokens, **request))
        except (ConversationRefusedError, TemplateReferenceError):
            found.append(None)
    return found


@pytest.mark.parametrize("section", page.SECTIONS)
def test_each_state_is_what_the_reference_shows(section: str) -> None:
    for row in page.results()[section]:
        assert row.state in STATES, row
        assert bool(row.why) == (row.state != "exact"), row
        right = reference(row.feature)
        if row.state == "refused":
            assert right == [None] * len(right), row.feature
            continue
        # the engine puts the model's own marker, which all features here call <image>, for the tag
        shown = page.prompts(row.feature, row.template)
        got = [p and re.sub(r"\[img-\d+\]", "<image>", p) for p in shown]
        if row.state == "exact":
            assert got == right, row.feature
            assert any(right), row.feature
        elif row.state == "unsupported":
            assert got == [None] * len(got), row.feature


def test_what_is_not_exact_says_a_line_and_what_to_do() -> None:
    for rows in page.results().values():
        for row in rows:
            assert [d for d in row.why if not d.help or not d.message] == [], row.feature


def names(section: str) -> Any:
    return {part for f in page.SECTIONS[section] for part in f.name.split(", ")}


@pytest.mark.parametrize(
    ("section", "everything"),
    [
        ("Filters", set(environment().filters) - {"_step"}),
        ("Tests", set(environment().tests)),
        ("Globals and variables", set(environment().globals)),
        ("`loop`", {n for n in dir(LoopContext) if not n.startswith("_")}),
        ("Methods of texts", {n for n in dir(str) if not n.startswith("_")}),
        ("Methods of lists", {n for n in dir(list) if not n.startswith("_")}),
        ("Methods of dictionaries", {n for n in dir(dict) if not n.startswith("_")}),
        ("Statements", set(jinja2.parser._statement_keywords) - {"set", "filter", "from"}),
    ],
)
def test_no_feature_is_left_out(section: str, everything: Any) -> None:
    """The names are read from Jinja2 and Python themselves, so a new one is missed at once."""
    assert everything - names(section) == set()


def test_the_row_shows_what_its_template_has() -> None:
    for section in page.SECTIONS.values():
        for feature in section:
            assert feature.shown in feature.source
