"""The passes that turn what lowering wrote into what a person would write, in their order.

Each pass is a function from statements to statements that keeps what they print; its file has an example.
A new pass is a file beside this one and a line in PASSES.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.nodes import Nodes
from .common_subexpressions import eliminate_common_subexpressions
from .conditions import simplify_conditions
from .copy_propagation import propagate_copies
from .dead_code import eliminate_dead_code
from .default_values import use_default_values
from .failing_blocks import drop_before_failure
from .fold import fold
from .merged_conditions import merge_conditions
from .redundant_assignments import drop_redundant_assignments
from .shared_branches import hoist_shared_statements

Pass = Callable[[Nodes], Nodes]

# Folding and dead-code elimination make work for each other; real templates need three rounds.
MAX_ROUNDS = 12


def fold_and_clean(nodes: Nodes) -> Nodes:
    """Folding and dead-code elimination until nothing changes."""
    for _ in range(MAX_ROUNDS):
        before = nodes
        nodes = eliminate_dead_code(fold(nodes))
        if nodes == before:
            break
    return nodes


PASSES: tuple[Pass, ...] = (
    fold_and_clean,
    propagate_copies,
    drop_redundant_assignments,
    fold_and_clean,
    eliminate_common_subexpressions,
    fold_and_clean,
    # what a reader would still write differently
    simplify_conditions,
    hoist_shared_statements,
    use_default_values,
    merge_conditions,
    drop_before_failure,
    drop_redundant_assignments,
    fold_and_clean,
)


def simplify(nodes: Nodes) -> Nodes:
    """The statements after all passes: the same output from fewer of them."""
    for each in PASSES:
        nodes = each(nodes)
    return nodes
