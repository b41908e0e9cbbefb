"""Jinja trees back to source that parses to the same tree again.

Data is written with `+%}` and `{%+`, so that neither trim_blocks nor lstrip_blocks takes a blank of it.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

_COMPARE = {"eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=", "in": "in"}
_COMPARE["notin"] = "not in"


def source(tree: nodes.Template) -> str:
    """The template as text."""
    return body(tree.body)


def body(statements: list[Any]) -> str:
    return "".join(getattr(_Statement, type(s).__name__.lower())(s) for s in statements)


def literal(text: str) -> str:
    """A text as a Jinja constant."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return c if " " <= c <= "~" else f"\\U{ord(c):08x}"


def _tag(text: str) -> str:
    return "{%+ " + text + " +%}"


def _data(text: str) -> str:
    """Raw text, as an expression where the lexer would take it for something else."""
    strange = any(mark in text for mark in ("{{", "{%", "{#", "\r")) or text.endswith(("{", "\n"))
    return "{{ " + literal(text) + " }}" if strange else text


class _Statement:
    """One method a statement."""

    @staticmethod
    def output(n: nodes.Output) -> str:
        parts = [
            _data(x.data) if isinstance(x, nodes.TemplateData) else "{{ " + expression(x) + " }}"
            for x in n.nodes
        ]
        return "".join(parts)

    @staticmethod
    def if_(n: nodes.If) -> str:
        out = _tag("if " + expression(n.test)) + body(n.body)
        for branch in n.elif_:
            out += _tag("elif " + expression(branch.test)) + body(branch.body)
        if n.else_:
            out += _tag("else") + body(n.else_)
        return out + _tag("endif")

    @staticmethod
    def for_(n: nodes.For) -> str:
        test = " if " + expression(n.test) if n.test else ""
        recursive = " recursive" if n.recursive else ""
        out = _tag(f"for {expression(n.target)} in {expression(n.iter)}{test}{recursive}") + body(n.body)
        if n.else_:
            out += _tag("else") + body(n.else_)
        return out + _tag("endfor")

    @staticmethod
    def assign(n: nodes.Assign) -> str:
        return _tag(f"set {expression(n.target)} = {expression(n.node)}")

    @staticmethod
    def assignblock(n: nodes.AssignBlock) -> str:
        return _tag(f"set {expression(n.target)}") + body(n.body) + _tag("endset")

    @staticmethod
    def macro(n: nodes.Macro) -> str:
        first = len(n.args) - len(n.defaults)
        parts = [
            a.name if i < first else f"{a.name}={expression(n.defaults[i - first])}"
            for i, a in enumerate(n.args)
        ]
        return _tag(f"macro {n.name}({', '.join(parts)})") + body(n.body) + _tag("endmacro")

    @staticmethod
    def with_(n: nodes.With) -> str:
        pairs = zip(n.targets, n.values, strict=True)
        given = ", ".join(f"{expression(t)}={expression(v)}" for t, v in pairs)
        return _tag(f"with {given}") + body(n.body) + _tag("endwith")

    @staticmethod
    def callblock(n: nodes.CallBlock) -> str:
        return _tag("generation") + body(n.body) + _tag("endgeneration")

    @staticmethod
    def filterblock(n: nodes.FilterBlock) -> str:
        return _tag("filter " + _filtered("", n.filter)) + body(n.body) + _tag("endfilter")

    @staticmethod
    def exprstmt(n: nodes.ExprStmt) -> str:
        return _tag("do " + expression(n.node))

    @staticmethod
    def break_(_: Any) -> str:
        return _tag("break")

    @staticmethod
    def continue_(_: Any) -> str:
        return _tag("continue")


for _name in ("if", "for", "with", "break", "continue"):
    setattr(_Statement, _name, getattr(_Statement, _name + "_"))


def _arguments(n: Any) -> str:
    parts = [expression(a) for a in n.args] + [f"{k.key}={expression(k.value)}" for k in n.kwargs]
    if n.dyn_args:
        parts.append("*" + expression(n.dyn_args))
    if n.dyn_kwargs:
        parts.append("**" + expression(n.dyn_kwargs))
    return ", ".join(parts)


def _filtered(before: str, n: nodes.Filter) -> str:
    given = _arguments(n)
    return f"{before}{n.name}" + (f"({given})" if given else "")


def expression(n: Any) -> str:
    """An expression as text; everything that could bind wrongly is in brackets."""
    return getattr(_Expression, type(n).__name__.lower())(n)


class _Expression:
    """One method an expression."""

    @staticmethod
    def name(n: nodes.Name) -> str:
        return n.name

    @staticmethod
    def nsref(n: nodes.NSRef) -> str:
        return f"{n.name}.{n.attr}"

    @staticmethod
    def const(n: nodes.Const) -> str:
        return _constant(n.value)

    @staticmethod
    def templatedata(n: nodes.TemplateData) -> str:
        return literal(n.data)

    @staticmethod
    def getattr(n: nodes.Getattr) -> str:
        return f"{expression(n.node)}.{n.attr}"

    @staticmethod
    def getitem(n: nodes.Getitem) -> str:
        return f"{expression(n.node)}[{expression(n.arg)}]"

    @staticmethod
    def slice(n: nodes.Slice) -> str:
        start, stop, step = (expression(x) if x is not None else "" for x in (n.start, n.stop, n.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")

    @staticmethod
    def filter(n: nodes.Filter) -> str:
        return f"({_filtered(expression(n.node) + ' | ', n)})"

    @staticmethod
    def test(n: nodes.Test) -> str:
        given = _arguments(n)
        return f"({expression(n.node)} is {n.name}" + (f"({given}))" if given else ")")

    @staticmethod
    def call(n: nodes.Call) -> str:
        return f"{expression(n.node)}({_arguments(n)})"

    @staticmethod
    def compare(n: nodes.Compare) -> str:
        tail = "".join(f" {_COMPARE[o.op]} {expression(o.expr)}" for o in n.ops)
        return f"({expression(n.expr)}{tail})"

    @staticmethod
    def not_(n: nodes.Not) -> str:
        return f"(not {expression(n.node)})"

    @staticmethod
    def neg(n: nodes.Neg) -> str:
        return f"(-{expression(n.node)})"

    @staticmethod
    def pos(n: nodes.Pos) -> str:
        return f"(+{expression(n.node)})"

    @staticmethod
    def concat(n: nodes.Concat) -> str:
        return "(" + " ~ ".join(map(expression, n.nodes)) + ")"

    @staticmethod
    def condexpr(n: nodes.CondExpr) -> str:
        tail = f" else {expression(n.expr2)}" if n.expr2 else ""
        return f"({expression(n.expr1)} if {expression(n.test)}{tail})"

    @staticmethod
    def list(n: nodes.List) -> str:
        return "[" + ", ".join(map(expression, n.items)) + "]"

    @staticmethod
    def tuple(n: nodes.Tuple) -> str:
        inside = ", ".join(map(expression, n.items)) + ("," if len(n.items) == 1 else "")
        return inside if n.ctx == "store" else f"({inside})"

    @staticmethod
    def dict(n: nodes.Dict) -> str:
        return "{" + ", ".join(f"{expression(p.key)}: {expression(p.value)}" for p in n.items) + "}"


def _binary(n: Any) -> str:
    return f"({expression(n.left)} {n.operator} {expression(n.right)})"


for _name in ("and", "or", "add", "sub", "mul", "div", "floordiv", "mod", "pow"):
    setattr(_Expression, _name, staticmethod(_binary))
setattr(_Expression, "not", _Expression.not_)


def _constant(value: Any) -> str:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, (tuple, list)):
        inside = ", ".join(map(_constant, value)) + ("," if len(value) == 1 else "")
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    return (
        {True: "true", False: "false", None: "none"}[value]
        if value in (True, False, None)
        and not (isinstance(value, (int, float)) and not isinstance(value, bool))
        else repr(value)
    )
