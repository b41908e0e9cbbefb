"""How much there is of a value at compile time, as if it were written out.

A list that holds another one twice weighs it twice: printing, comparing and choosing between values go
through all of it. The weight of a part is remembered with the part, so asking again costs nothing.
"""

from __future__ import annotations

from typing import Any

# What there may be of one value; a TEMPLATE of more is none that anybody would use.
WEIGHT_MAX = 100_000
# Characters of a text that weigh as much as one node.
CHARACTERS = 64


def weight(value: Any) -> int:
    """The count of values, expressions and tests in a value, and of its characters divided by 64."""
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS
    if isinstance(value, (tuple, list)):
        return 1 + sum(map(weight, value))
    # the fields of a dataclass in their order; nothing for what is none
    names = getattr(type(value), "__match_args__", None)
    if names is None:
        return 1
    remembered = value.__dict__
    known: int | None = remembered.get("_weight")
    if known is None:
        known = 1
        for name in names:
            known += weight(remembered[name])
        remembered["_weight"] = known
    return known
