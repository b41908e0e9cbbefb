"""Chat templates against the search for branches: `python -m tests.prover.fuzz 4000 7`.

Generated templates (random_templates.py) are rendered as Hugging Face does, with random conversations of each
kind. What a rendering takes was thought possible: the search may be wrong the other way round alone.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator
from typing import Any

from modelfile_kit.core.conversation import Conversation
from modelfile_kit.core.errors import KitError, TemplateReferenceError
from modelfile_kit.prover.coverage import WatchedReference
from modelfile_kit.prover.reach.branches import reachable
from modelfile_kit.prover.reach.effects import effects
from tests.compiler.mutations.conversations import Conversations
from tests.fuzzing import Fault, Tally, run
from tests.prover.random_templates import random_template

TOKENS: dict[str, Any] = {"bos_token": "<s>", "eos_token": "</s>"}
# Those that all rooms of the kit know; what a conversation is by itself decides which one it is held to.
KINDS = ("chat", "tools", "thinking", "images")
# Conversations of each kind.
CONVERSATIONS = 8


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What each template does that was thought impossible."""
    for number in range(count):
        name = f"{seed}-{number}"
        template = random_template(name)
        try:
            what = missed(template, random.Random(name), tally)
        except KitError:
            tally["refused by Jinja"] += 1
            what = ""
        except Exception:
            what = "crash: " + traceback.format_exc(limit=-3)
        data = template.encode("utf-8", "surrogatepass")
        yield Fault(f"generated from {name}: {what}", data, ".jinja") if what else None


def missed(template: str, rng: random.Random, tally: Tally) -> str:
    """In words: what happens in a rendering, and was thought impossible; nothing where all is well."""
    reference = WatchedReference(template, **TOKENS)
    tally["followed" if effects(reference.tree).followed else "given up"] += 1
    drawn = Conversations(template, rng)
    possible = {kind: _possible(reference, kind, apart=rng.random() < 0.5) for kind in KINDS}
    for kind in KINDS * CONVERSATIONS:
        c = drawn.draw(kind)
        natural = Conversation("c", tuple(c["messages"]), tuple(c["tools"] or ()), c["think"]).category
        try:
            reference.render(c["messages"], tools=c["tools"], think=c["think"])
        except TemplateReferenceError:
            tally["renderings that end early"] += 1
        tally["renderings"] += 1
        taken = {(n, min(o, 1)) for n, o in reference.hits}
        for number, outcome in sorted(taken - possible[natural]):
            site = reference.sites[number]
            return f"{natural}: {site.text}, in line {site.line}, is {bool(outcome)} for {c}"
    return ""


def _possible(reference: WatchedReference, kind: str, *, apart: bool) -> set[tuple[int, int]]:
    found = reachable(reference.tree, kind, len(reference.sites), apart=apart, **TOKENS)
    return {(n, int(o)) for n, o in found.hits}


if __name__ == "__main__":
    raise SystemExit(run("chat templates", cases))
