"""Compiles trees to Python closures: parsed once, executed many times.

Only what surely succeeds is done here, and exactly as `exec/evaluator.py` does it. Errors are never
raised: what Go would refuse, and every rule that depends on more than a value, ends in `Bail`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..budget import LONG, size_of
from ..exec.evaluator import looks_like_float
from ..exec.functions import BUILTIN_NAMES
from ..parse import nodes as n
from .calls import compile_call
from .expressions import Expr, Run, bail, constant
from .frame import DOT, MAX_COMPILED_CALLS, OUT, ROOT, RUNTIME, Bail, Frame, Runtime, get_field, show
from .lists_and_ranges import BREAK, CONTINUE, cost_of, jumping, loop, sequence


class UnsupportedError(Exception):
    """A tree that only the exact evaluator takes."""


class UndefinedTemplateError(Exception):
    """A template that is not defined was executed, where Go stops. within: the name of the one it is in."""

    def __init__(self, within: str, node: n.TemplateNode) -> None:
        super().__init__(node.name)
        self.within = within
        self.node = node


@dataclass
class Code:
    """A compiled template: its closure (set last, so that templates can call each other) and frame size."""

    run: Run
    size: int = ROOT + 1


def compile_trees(
    trees: Mapping[str, n.ListNode], overridden: frozenset[str], lenient: bool
) -> dict[str, Code]:
    """Code for every tree.

    overridden: Go's function names that have other functions. lenient: missingkey is not "error".
    Raises UnsupportedError.
    """
    codes = {name: Code(_nothing) for name in trees}
    for name, root in trees.items():
        compiler = _Compiler(name, codes, overridden, lenient, frozenset(_assigned(root)))
        codes[name].run = compiler.list(root)[0]
        codes[name].size = compiler.size
    return codes


def run_code(code: Code, data: Any, runtime: Runtime) -> str:
    """The output of a compiled template; raises Bail where the exact evaluator has to be asked."""
    runtime.restart()
    runtime.depth = 0
    frame: Frame = [None] * code.size
    frame[DOT] = frame[ROOT] = data
    frame[RUNTIME] = runtime
    frame[OUT] = runtime.pieces.append
    code.run(frame)
    runtime.count_output()
    return "".join(runtime.pieces)


def _nothing(_frame: Frame) -> None:
    """An empty list."""


def _assigned(node: n.Node | None) -> Iterator[str]:
    """The names of the variables that are given another value somewhere below."""
    if isinstance(node, n.ListNode):
        for child in node.nodes:
            yield from _assigned(child)
    elif isinstance(node, (n.ActionNode, n.BranchNode)):
        if node.pipe.is_assign:
            yield from (variable.ident[0] for variable in node.pipe.decl)
        if isinstance(node, n.BranchNode):
            yield from _assigned(node.list)
            yield from _assigned(node.else_list)


class _Compiler:
    """Compiles one template; `scope` maps names to slots, the innermost last.

    assigned: names of variables that may get another value than they are declared with.
    """

    def __init__(
        self,
        name: str,
        codes: dict[str, Code],
        overridden: frozenset[str],
        lenient: bool,
        assigned: frozenset[str],
    ) -> None:
        self.name = name
        self.codes = codes
        self.overridden = overridden
        self.lenient = lenient
        self.assigned = assigned
        self.size = ROOT + 1
        self.scope: list[tuple[str, int]] = [("$", ROOT)]
        self.unboxed = {ROOT}
        self.kinds: dict[int, str] = {}  # of the variables that keep the value they are declared with
        self.known: dict[str, Expr] = {}  # fields of dot, as values of pipelines

    # Variables.

    def declare(self, name: str, *, unboxed: bool = True) -> int:
        slot = self.size
        self.size += 1
        self.scope.append((name, slot))
        if unboxed:
            self.unboxed.add(slot)
        return slot

    def slot(self, name: str) -> int:
        for known, slot in reversed(self.scope):
            if known == name:
                return slot
        raise UnsupportedError

    # Nodes: a closure and whether it may break or continue.

    def list(self, node: n.ListNode) -> tuple[Run, bool]:
        runs: list[Run] = []
        jumps = False
        for child in _merged(node.nodes):
            run, jump = _NODES[type(child)](self, child)
            runs.append(run)
            jumps = jumps or jump
        return (jumping(runs) if jumps else sequence(runs)), jumps

    def text(self, node: n.TextNode) -> tuple[Run, bool]:
        text = node.text
        if len(text) > LONG:
            return (lambda f: f[RUNTIME].write(text)), False
        return (lambda f: f[OUT](text)), False

    def jump(self, node: n.Node) -> tuple[Run, bool]:
        code = BREAK if isinstance(node, n.BreakNode) else CONTINUE
        return (lambda f: code), True

    def action(self, node: n.ActionNode) -> tuple[Run, bool]:
        expr = self.pipeline(node.pipe)
        if node.pipe.decl:
            return self.store(node.pipe, expr), False
        run = expr.run

        def write(f: Frame) -> None:
            value = run(f)
            if type(value) is str and len(value) <= LONG:
                f[OUT](value)
            else:
                show(f, value)

        return write, False

    def store(self, pipe: n.PipeNode, expr: Expr) -> Run:
        """`$x := …` or `$x = …`."""
        if len(pipe.decl) != 1:
            raise UnsupportedError
        name, run = pipe.decl[0].ident[0], expr.run
        slot = self.slot(name) if pipe.is_assign else self.declare(name)
        if name not in self.assigned:
            self.kinds[slot] = expr.kind

        def store(f: Frame) -> None:
            value = run(f)
            old = f[slot]
            if (type(value) is str and len(value) > LONG) or (type(old) is str and len(old) > LONG):
                f[RUNTIME].keep(value, old)
            f[slot] = value

        return store

    def condition(self, pipe: n.PipeNode) -> Run:
        """The value of if and with; its variable, if any, is stored."""
        expr = self.pipeline(pipe)
        if not pipe.decl:
            return expr.run
        store = self.store(pipe, expr)
        slot = self.slot(pipe.decl[0].ident[0])

        def stored(f: Frame) -> Any:
            store(f)
            return f[slot]

        return stored

    def if_(self, node: n.IfNode) -> tuple[Run, bool]:
        known = len(self.scope)
        test = self.condition(node.pipe)
        body, jumps = self.list(node.list)
        if node.else_list is None:
            del self.scope[known:]

            def only(f: Frame) -> Any:
                if test(f):
                    return body(f)
                return None

            return only, jumps
        # What the first list declared is gone in the second.
        del self.scope[known + (0 if node.pipe.is_assign else len(node.pipe.decl)) :]
        otherwise, more = self.list(node.else_list)
        del self.scope[known:]
        return (lambda f: body(f) if test(f) else otherwise(f)), jumps or more

    def with_(self, node: n.WithNode) -> tuple[Run, bool]:
        known = len(self.scope)
        test = self.condition(node.pipe)
        body, jumps = self.list(node.list)
        del self.scope[known + (0 if node.pipe.is_assign else len(node.pipe.decl)) :]
        otherwise, more = self.list(node.else_list) if node.else_list is not None else (_nothing, False)
        del self.scope[known:]

        def run(f: Frame) -> Any:
            value = test(f)
            if not value:
                return otherwise(f)
            held = size_of(value)
            if held:
                f[RUNTIME].hold(held)
            dot = f[DOT]
            f[DOT] = value
            result = body(f)
            f[DOT] = dot
            if held:
                f[RUNTIME].hold(-held)
            return result

        return run, jumps or more

    def range_(self, node: n.RangeNode) -> tuple[Run, bool]:
        pipe = node.pipe
        if pipe.is_assign and pipe.decl:
            raise UnsupportedError
        known = len(self.scope)
        over = self.pipeline(pipe)
        names = [v.ident[0] for v in pipe.decl]
        slots = [
            self.declare(name, unboxed=(len(names) == 2 and i == 0) or over.kind == "int")
            for i, name in enumerate(names)
        ]
        inner = len(self.scope)
        body, _ = self.list(node.list)
        del self.scope[inner:]
        otherwise, more = self.list(node.else_list) if node.else_list is not None else (_nothing, False)
        del self.scope[known:]
        return loop(over.run, slots, body, otherwise, cost_of(node.list)), more

    def template(self, node: n.TemplateNode) -> tuple[Run, bool]:
        code = self.codes.get(node.name)
        if code is None:
            return self.undefined(node), False
        dot = self.pipeline(node.pipe).run if node.pipe is not None else constant(None).run
        if node.pipe is not None and node.pipe.decl:
            raise UnsupportedError

        def call(f: Frame) -> None:
            value = dot(f)
            runtime = f[RUNTIME]
            runtime.depth += 1
            runtime.spend(1)
            if runtime.depth > MAX_COMPILED_CALLS:
                raise Bail
            held = size_of(value)
            if held:
                runtime.hold(held)
            frame: Frame = [None] * code.size
            frame[DOT] = frame[ROOT] = value
            frame[RUNTIME] = runtime
            frame[OUT] = f[OUT]
            code.run(frame)
            if runtime.alive:
                for kept in frame[ROOT + 1 :]:
                    runtime.keep(None, kept)
            if held:
                runtime.hold(-held)
            runtime.depth -= 1

        return call, False

    def undefined(self, node: n.TemplateNode) -> Run:
        within = self.name

        def stop(f: Frame) -> Any:
            raise UndefinedTemplateError(within, node)

        return stop

    # Expressions.

    def pipeline(self, pipe: n.PipeNode) -> Expr:
        value: Expr | None = None
        if len(pipe.cmds) == 1 and len(pipe.cmds[0].args) == 1:
            only = pipe.cmds[0].args[0]
            if isinstance(only, n.FieldNode) and len(only.ident) == 1:
                return self.dot_field(only)
        for cmd in pipe.cmds:
            value = self.command(cmd, value)
        assert value is not None
        return value.as_pipeline()

    def command(self, cmd: n.CommandNode, final: Expr | None) -> Expr:
        first = cmd.args[0]
        if isinstance(first, n.IdentifierNode):
            return self.call(first.ident, [self.argument(a) for a in cmd.args[1:]], final)
        if len(cmd.args) > 1 or final is not None or isinstance(first, n.NilNode):
            return bail  # a method with arguments, or an error
        return self.argument(first)

    def call(self, name: str, args: Sequence[Expr], final: Expr | None) -> Expr:
        if final is not None and name in ("and", "or"):
            return bail  # evaluated before the others, and not always asked
        if final is not None:
            args = [*args, final]
        is_builtin = name in BUILTIN_NAMES and name not in self.overridden
        return compile_call(name, list(args), is_builtin)

    def argument(self, node: n.Node) -> Expr:
        compiled = _OPERANDS.get(type(node))
        if compiled is None:
            raise UnsupportedError
        return compiled(self, node)

    def parenthesised(self, node: n.PipeNode) -> Expr:
        if node.decl:
            raise UnsupportedError
        return self.pipeline(node)

    def number(self, node: n.NumberNode) -> Expr:
        number = node.number
        if number.is_complex:
            return constant(number.complex128)
        if number.is_float and looks_like_float(node.text):
            return constant(number.float64)
        return constant(number.int64) if number.is_int else bail

    def variable(self, node: n.VariableNode) -> Expr:
        slot = self.slot(node.ident[0])
        if len(node.ident) > 1:
            return self.fields(lambda f: f[slot], node.ident[1:])
        kind = self.kinds.get(slot, "")
        return Expr(lambda f: f[slot], unboxed=slot in self.unboxed, kind=kind, slot=slot)

    def field(self, node: n.FieldNode) -> Expr:
        if len(node.ident) > 1 or not self.lenient:
            return self.fields(lambda f: f[DOT], node.ident)
        name = node.ident[0]

        def get(f: Frame) -> Any:
            dot = f[DOT]
            return dot.get(name) if type(dot) is dict else get_field(dot, name)

        return Expr(get)

    def dot_field(self, node: n.FieldNode) -> Expr:
        """`{{ .Field }}` alone, the same code wherever it stands."""
        name = node.ident[0]
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = self.field(node).as_pipeline()
        return found

    def chain(self, node: n.ChainNode) -> Expr:
        if isinstance(node.node, n.NilNode):
            return bail
        return self.fields(self.argument(node.node).run, node.field)

    def fields(self, base: Run, names: tuple[str, ...]) -> Expr:
        if not self.lenient:
            return Expr(_strict(base, names))
        if len(names) > 3:
            return Expr(_fields_of(base, names))
        for name in names:
            base = _field_of(base, name)
        return Expr(base)


def _field_of(base: Run, name: str) -> Run:
    def get(f: Frame) -> Any:
        value = base(f)
        return value.get(name) if type(value) is dict else get_field(value, name)

    return get


def _fields_of(base: Run, names: tuple[str, ...]) -> Run:
    def get(f: Frame) -> Any:
        value = base(f)
        for name in names:
            value = get_field(value, name)
        return value

    return get


def _strict(base: Run, names: tuple[str, ...]) -> Run:
    """Fields under missingkey=error."""

    def get(f: Frame) -> Any:
        value = base(f)
        for name in names:
            if type(value) is dict and name not in value:
                raise Bail
            value = get_field(value, name)
        return value

    return get


_NODES: dict[type, Callable[[_Compiler, Any], tuple[Run, bool]]] = {
    n.TextNode: _Compiler.text,
    n.ActionNode: _Compiler.action,
    n.IfNode: _Compiler.if_,
    n.WithNode: _Compiler.with_,
    n.RangeNode: _Compiler.range_,
    n.TemplateNode: _Compiler.template,
    n.BreakNode: _Compiler.jump,
    n.ContinueNode: _Compiler.jump,
    n.ListNode: _Compiler.list,
}
_OPERANDS: dict[type, Callable[[_Compiler, Any], Expr]] = {
    n.DotNode: lambda _, node: Expr(lambda f: f[DOT]),
    n.NilNode: lambda _, node: constant(None),
    n.BoolNode: lambda _, node: constant(node.value),
    n.StringNode: lambda _, node: constant(node.text),
    n.NumberNode: _Compiler.number,
    n.FieldNode: _Compiler.field,
    n.VariableNode: _Compiler.variable,
    n.ChainNode: _Compiler.chain,
    n.PipeNode: _Compiler.parenthesised,
    n.IdentifierNode: lambda compiler, node: compiler.call(node.ident, [], None),
}


def _merged(nodes: tuple[n.Node, ...]) -> list[n.Node]:
    """Without comments and empty texts; texts side by side become one."""
    found: list[n.Node] = []
    for node in nodes:
        if not isinstance(node, n.TextNode):
            if not isinstance(node, n.CommentNode):
                found.append(node)
        elif found and isinstance(found[-1], n.TextNode):
            found[-1] = n.TextNode(found[-1].text + node.text)
        elif node.text:
            found.append(node)
    return found
