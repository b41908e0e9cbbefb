"""How much there is of a value at compile time, as if it were written out.

A list that holds another one twice weighs it twice: printing, comparing and choosing between values go
through all of it. The weight of a part is remembered with the part, so asking again costs nothing.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
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
    if not is_dataclass(value) or isinstance(value, type):
        return 1
    known: int | None = value.__dict__.get("_weight")
    if known is None:
        known = 1 + sum(weight(getattr(value, f.name)) for f in fields(value))
        value.__dict__["_weight"] = known
    return known
