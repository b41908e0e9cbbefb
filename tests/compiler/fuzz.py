"""Chat templates against the compiler's claims: `python -m tests.compiler.fuzz 400 7`.

A third each: changed so that they mean the same, which has to stay exact; changed so that they may mean
something else; and random ones (random_templates.py). The last two are never wrong in silence
(test_mutations.py), and none ends in an internal error.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator
from typing import Any

from modelfile_kit.compiler import Compiled, compile_template
from modelfile_kit.core.errors import KitError
from tests.compiler.mutations.mutate import CHANGING, KEEPING
from tests.compiler.random_templates import random_template
from tests.compiler.test_mutations import TOKENS, mutants, templates, wrong
from tests.fuzzing import Fault, HangError, Tally, run, within

_RULES = {"keeping": (KEEPING, 1), "changing": ({**KEEPING, **CHANGING}, 3)}
# Far more than any template takes on a busy machine.
_SECONDS = 600
# The compiler made a mistake, and says so.
_INTERNAL = "MK657"


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each template."""
    yield from changed("keeping", (count + 2) // 3, seed, tally)
    yield from changed("changing", (count + 1) // 3, seed, tally)
    yield from generated(count // 3, seed, tally)


def changed(kind: str, count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each mutant. kind: `keeping` the meaning, or `changing` it."""
    claims: dict[str, Any] = {}
    rules, most = _RULES[kind]
    for name, mutant, done, rng in mutants(rules, most, count, seed):
        compiled, what = _seen(mutant, rng)
        tally[f"{kind} the meaning, {'compiled' if compiled else 'refused'}"] += 1
        if kind == "keeping" and compiled:
            if name not in claims:
                claims[name] = compile_template(templates()[name], **TOKENS).coverage
            if compiled.coverage != claims[name]:
                what = f"claims {compiled.coverage}, expected {claims[name]}"
        elif kind == "keeping" and not what:
            what = "refused"
        yield _fault(f"{name}, changed by {', '.join(done)}", mutant, what)


def generated(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each random template."""
    for number in range(count):
        name = f"{seed}-{number}"
        template = random_template(name)
        compiled, what = _seen(template, random.Random(name))
        exact = compiled and "exact" in compiled.coverage.values()
        tally[f"generated, {'claimed exact' if exact else 'compiled' if compiled else 'refused'}"] += 1
        yield _fault(f"generated from {name}", template, what)


def _seen(template: str, rng: random.Random) -> tuple[Compiled | None, str]:
    """What a template is compiled to, None for one that is refused; and what is wrong with that."""
    compiled = None
    try:
        with within(_SECONDS):
            compiled = compile_template(template, **TOKENS)
            conversation = wrong(template, compiled, rng)
    except KitError:
        return compiled, ""  # Jinja refuses it: a macro or variable is gone that the syntax needs
    except (Exception, HangError):
        return compiled, "crash: " + traceback.format_exc(limit=-3)
    internal = [d.message for d in compiled.diagnostics if d.code == _INTERNAL]
    different = f"claimed exact and different: {conversation}" if conversation else ""
    return compiled, internal[0] if internal else different


def _fault(name: str, template: str, what: str) -> Fault | None:
    return Fault(f"{name}: {what}", template.encode("utf-8", "surrogatepass"), ".jinja") if what else None


if __name__ == "__main__":
    raise SystemExit(run("chat templates", cases))
