"""Changes one place of a chat template: by rules that keep its meaning, and by rules that do not.

A rule is a function of a tree and a random source; it changes one place and answers whether it found
one. What a rule assumes of a template (that a text is no number, that a name is set once) may not
hold everywhere: every mutant is compared with its own rendering, so that costs nothing but the comparison
with the original.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from jinja2 import nodes

from modelfile_kit.huggingface import environment
from tests.compiler.mutations.jinja_source import source
from tests.compiler.mutations.jinja_tree import copied

Mutation = Callable[[nodes.Template, random.Random], bool]
KEEPING: dict[str, Mutation] = {}
CHANGING: dict[str, Mutation] = {}


def mutate(
    template: str, rng: random.Random, rules: dict[str, Mutation], count: int = 1
) -> tuple[str, list[str]]:
    """The changed source and the names of what was done; fewer than `count` where nothing more fits."""
    tree = environment().parse(template)
    done: list[str] = []
    names = sorted(rules)
    for _ in range(count * 8):
        if len(done) == count:
            break
        name = rng.choice(names)
        before = source(tree)
        changed = copied(tree)
        if rules[name](changed, rng) and source(changed) != before:
            tree = changed
            done.append(name)
    return source(tree), done


def keeping(rule: Mutation) -> Mutation:
    KEEPING[rule.__name__] = rule
    return rule


def changing(rule: Mutation) -> Mutation:
    CHANGING[rule.__name__] = rule
    return rule
