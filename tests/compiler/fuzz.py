"""Changed chat templates against the compiler's claims: `python -m tests.compiler.fuzz 400 7`.

What keeps the meaning has to stay exact, what does not is never wrong in silence (test_mutations.py).
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

from modelfile_kit.compiler import compile_template
from modelfile_kit.core.errors import KitError
from tests.compiler.mutations.mutate import CHANGING, KEEPING
from tests.compiler.test_mutations import TOKENS, mutants, templates, wrong
from tests.fuzzing import Fault, Tally, run

_RULES = {"keeping": (KEEPING, 1), "changing": ({**KEEPING, **CHANGING}, 3)}


def cases(count: int, seed: int, tally: Tally) -> Iterator[Fault | None]:
    """What is wrong with each mutant: half of them have to mean the same, half need not."""
    claims: dict[str, Any] = {}
    for kind, (rules, most) in _RULES.items():
        share = count // 2 if kind == "keeping" else count - count // 2
        for name, mutant, done, rng in mutants(rules, most, share, seed):
            what = ""
            try:
                compiled = compile_template(mutant, **TOKENS)
                if kind == "keeping" and name not in claims:
                    claims[name] = compile_template(templates()[name], **TOKENS).coverage
                if kind == "keeping" and compiled.coverage != claims[name]:
                    what = f"claims {compiled.coverage}, expected {claims[name]}"
                elif (conversation := wrong(mutant, compiled, rng)) is not None:
                    what = f"claimed exact and different: {conversation}"
                tally[f"{kind} the meaning, compiled"] += 1
            except KitError as e:  # a macro or variable is gone that the syntax needs
                tally[f"{kind} the meaning, refused"] += 1
                what = f"refused: {e}" if kind == "keeping" else ""
            except Exception:
                what = "crash: " + traceback.format_exc(limit=-3)
            words = f"{name}, changed by {', '.join(done)}: {what}"
            yield Fault(words, mutant.encode("utf-8", "surrogatepass"), ".jinja") if what else None


if __name__ == "__main__":
    raise SystemExit(run("chat templates", cases))
