"""Templates of our own writing, changed at random: what keeps the meaning stays exact, what does not is
never wrong in silence. A longer run: `python -m tests.compiler.fuzz 400 7`, or MKMODELFILE_FUZZ=100000 (a
mutant for every 250), MKMODELFILE_SEED.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.core.conversation import Conversation, image_count
from modelfile_kit.core.errors import KitError, TemplateReferenceError
from modelfile_kit.gotemplate.budget import LimitError
from modelfile_kit.huggingface import ConversationRefusedError, Reference
from modelfile_kit.ollama.prompt import PromptTemplate
from tests.compiler.mutations import changing, keeping  # noqa: F401 - they register their rules
from tests.compiler.mutations.conversations import Conversations, is_marker_free
from tests.compiler.mutations.mutate import CHANGING, KEEPING, mutate
from tests.compiler.mutations.templates import OWN

COUNT = int(os.environ.get("MKMODELFILE_FUZZ", "2250")) // 250
SEED = int(os.environ.get("MKMODELFILE_SEED", "1"))
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "templates"
TOKENS: dict[str, Any] = {"bos_token": "<s>", "eos_token": "</s>"}
# Conversations a mutant is held to, of each kind that it claims.
CONVERSATIONS = 25
NOW = datetime(2025, 3, 9, 10, 11, 12)


def templates() -> dict[str, str]:
    """Our own, and in longer runs those beside the project."""
    found = dict(OWN)
    if "MKMODELFILE_FUZZ" in os.environ and CORPUS.is_dir():
        found |= {p.stem: p.read_text(encoding="utf-8") for p in sorted(CORPUS.glob("*.jinja"))}
    return found


def mutants(
    rules: dict[str, Any], most: int, count: int = COUNT, seed: int = SEED
) -> Iterator[tuple[str, str, list[str], random.Random]]:
    """A template's name, its mutant, what was done, and a source of more chance."""
    sources = templates()
    for i in range(count):
        rng = random.Random(f"{seed}-{most}-{i}")
        name = list(sources)[i % len(sources)]
        mutant, done = mutate(sources[name], rng, rules, rng.randint(1, most))
        if done:
            yield name, mutant, done, rng


def wrong(template: str, compiled: Compiled, rng: random.Random) -> dict[str, Any] | None:
    """A conversation of a kind that is claimed exact, on which the two sides differ."""
    kinds = [kind for kind, claim in compiled.coverage.items() if claim == "exact"]
    if not kinds:
        return None
    sides = Sides(template, compiled)
    drawn = Conversations(template, rng)
    for kind in kinds * CONVERSATIONS:
        c = drawn.draw(kind)
        natural = Conversation("c", tuple(c["messages"]), tuple(c["tools"] or ()), c["think"]).category
        if natural in kinds and sides.differ(c):
            return c
    return None


class Sides:
    """A chat template and its TEMPLATE, compared by a rule of their own."""

    def __init__(self, template: str, compiled: Compiled) -> None:
        self.reference = Reference(template, **TOKENS)
        self.ollama = PromptTemplate(compiled.template, now=NOW.date())
        self.marker = self._marker()

    def _marker(self) -> str:
        """What the reference writes for a picture before a text."""
        try:
            one, two = (self._render([{"role": "user", "content": "Qz", "images": n}]) for n in (1, 2))
        except KitError:
            return ""
        size = len(two) - len(one)
        return two[two.index("Qz") - size : two.index("Qz")] if size > 0 and "Qz" in two else ""

    def _render(self, messages: Any, tools: Any = None, think: Any = None) -> str:
        return self.reference.render(messages, tools=tools, think=think, now=NOW)

    def differ(self, c: dict[str, Any]) -> bool:
        pictured = any(map(image_count, c["messages"]))
        if pictured and not (self.marker and is_marker_free(c, self.marker)):
            return False
        right, refused = [], False
        for think in (None, True) if c["think"] is None else (c["think"],):
            try:
                right.append(self._render(c["messages"], c["tools"], think))
            except ConversationRefusedError:
                refused = True
            except TemplateReferenceError:
                return False  # nothing to compare with
        if pictured and any("'type'" in text or '"type"' in text for text in right):
            return False  # the template does not know pictures in such a message
        try:
            found = self.ollama.render(c["messages"], tools=c["tools"], think=c["think"])
        except LimitError:
            return False
        except KitError as e:
            return not refused and "does not support" not in str(e)
        if pictured:
            shown = sum(map(image_count, c["messages"]))
            if any(text.count(self.marker) != shown for text in right):
                # some are left out, and the reference does not tell which of them these are
                found = re.sub(r"\[img-\d+\]", lambda _: self.marker, found)
            else:
                right = [self._tagged(text) for text in right]
        return found.removeprefix("<s>") not in {text.removeprefix("<s>") for text in right}

    def _tagged(self, text: str) -> str:
        first, *rest = text.split(self.marker)
        return first + "".join(f"[img-{i}]{part}" for i, part in enumerate(rest))


def test_what_keeps_the_meaning_stays_exact() -> None:
    claims = {name: compile_template(source, **TOKENS).coverage for name, source in templates().items()}
    for name, mutant, done, rng in mutants(KEEPING, 1):
        compiled = compile_template(mutant, **TOKENS)
        assert compiled.coverage == claims[name], (name, done, mutant, compiled.diagnostics)
        assert wrong(mutant, compiled, rng) is None, (name, done, mutant)


def test_what_changes_the_meaning_is_never_wrong_in_silence() -> None:
    for name, mutant, done, rng in mutants({**KEEPING, **CHANGING}, 3):
        try:
            compiled = compile_template(mutant, **TOKENS)
        except KitError:
            continue  # a macro or variable is gone that the syntax needs
        assert wrong(mutant, compiled, rng) is None, (name, done, mutant)


@pytest.mark.parametrize("name", sorted({**KEEPING, **CHANGING}))
def test_every_rule_finds_a_place(name: str) -> None:
    rules = {**KEEPING, **CHANGING}
    assert any(mutate(source, random.Random(1), {name: rules[name]})[1] for source in OWN.values())


# Conditions that few conversations meet, if any.
RARE = (
    "m.content | length == 37",
    "messages | length > 41",
    "'zebra-17' in m.content",
    "(m.content | length * 31 + loop.index) % 7 == 3",
    "m.content | replace('a', 'b') | replace('b', 'c') == 'ccc'",
    "messages | length > 2 and messages[2].role == 'system'",
    "loop.last and m.role == 'system' and m.content.startswith('!!')",
    "strftime_now('%m-%d') == '02-29'",
    "strftime_now('%d') == '13'",
    "enable_thinking is defined and not enable_thinking and loop.length > 4",
    "m.content[-4:-2] == 'xy'",
    "m.content == 'ab' * 5",
    "m.role | length == 11",
    "m.content | trim | length == 2 and m.content | length == 5",
)


@pytest.mark.parametrize("condition", RARE)
def test_a_rare_condition_is_met_or_nothing_is_claimed(condition: str) -> None:
    source = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% if "
        + condition
        + " %}!{% endif %}{% endfor %}"
    )
    compiled = compile_template(source, **TOKENS)
    texts = ("x" * 37, "ccc", "abc", "ab" * 5, "wxyab", " ab  ", "!!", "zebra-17")
    lengths = (1, 5, 43)
    sides = Sides(source, compiled) if compiled.coverage["chat"] == "exact" else None
    for text in texts if sides else ():
        for length in lengths:
            roles = ("user", "assistant", "system") if length == 5 else ("user", "assistant")
            said = [{"role": roles[i % len(roles)], "content": text} for i in range(length)]
            assert not sides or not sides.differ({"messages": said, "tools": None, "think": None})
    if not sides:
        assert compiled.coverage["chat"] in ("partial", "unsupported")
        assert any(d.span and d.span.line == 1 for d in compiled.diagnostics)
