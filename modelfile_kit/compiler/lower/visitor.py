"""From nodes of a chat template to the rules that lower them.

This file knows all rules and holds no logic. Only `compile` imports it, so that rules can use each other
through the state without importing in a circle.
"""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import nodes

from ..values.value import Value
from . import expressions, loops, statements
from .control_flow import Unsupported

# each registers what Python's operations mean for a kind of value (see `semantics`)
from .kinds import (  # noqa: F401
    all_lists,
    callables,
    choice,
    content_parts,
    encoded_list,
    go_data,
    go_list,
    json_value,
    known,
    known_dict,
    known_list,
    loop_variable,
    markup,
    message,
    number,
    pairs,
    range_object,
    selection,
    split_text,
    text,
    tool,
    tool_call,
)
from .operations import FILTERS, METHODS, TESTS, WHOLE
from .semantics import to_go, truth
from .state import Rules, State

EXPRESSIONS: dict[type[nodes.Node], Callable[..., Value]] = {
    nodes.Add: expressions.binary,
    nodes.And: expressions.conjunction,
    nodes.Call: expressions.calling,
    nodes.Compare: expressions.comparison,
    nodes.Concat: expressions.concatenation,
    nodes.CondExpr: expressions.conditional,
    nodes.Const: expressions.constant,
    nodes.Dict: expressions.dictionary,
    nodes.Div: expressions.binary,
    nodes.Filter: expressions.filtered,
    nodes.FloorDiv: expressions.binary,
    nodes.Getattr: expressions.get_attribute,
    nodes.Getitem: expressions.get_item,
    nodes.List: expressions.sequence,
    nodes.Mod: expressions.binary,
    nodes.Mul: expressions.binary,
    nodes.Name: expressions.name,
    nodes.Neg: expressions.negative,
    nodes.Not: expressions.negation,
    nodes.Or: expressions.disjunction,
    nodes.Pos: expressions.positive,
    nodes.Sub: expressions.binary,
    nodes.TemplateData: expressions.template_data,
    nodes.Test: expressions.tested,
    nodes.Tuple: expressions.sequence,
}

STATEMENTS: dict[type[nodes.Node], Callable[..., None]] = {
    nodes.Assign: statements.assign,
    nodes.AssignBlock: statements.assign_block,
    nodes.Break: statements.break_,
    nodes.CallBlock: statements.call_block,
    nodes.Continue: statements.continue_,
    nodes.ExprStmt: statements.expression,
    nodes.FilterBlock: statements.filter_block,
    nodes.For: loops.execute_for,
    nodes.If: statements.if_,
    nodes.Macro: statements.macro,
    nodes.Output: statements.output,
    nodes.Scope: statements.scope,
    nodes.With: statements.with_,
}


def _expression(st: State, node: nodes.Node) -> Value:
    rule = EXPRESSIONS.get(type(node))
    if rule is None:
        raise Unsupported(f"the expression {type(node).__name__}", node.lineno)
    return rule(st, node)


def _statement(st: State, node: nodes.Node) -> None:
    rule = STATEMENTS.get(type(node))
    if rule is None:
        raise Unsupported(f"the statement {type(node).__name__}", node.lineno)
    rule(st, node)


RULES = Rules(
    expression=_expression,
    statement=_statement,
    truth=truth,
    to_go=to_go,
    filters=FILTERS,
    tests=TESTS,
    methods=METHODS,
    whole=WHOLE,
)
