"""Statements: what a template does, one method per kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from jinja2 import nodes

from .. import frontend
from ..ir import nodes as go
from ..values import types
from ..values.types import Value
from .control_flow import Dead, Raised, Unsupported
from .evaluate import Evaluator
from .loops import execute_for
from .macros import capture
from .text import print_value

T = TypeVar("T")


class Lowering(Evaluator):
    """Executes a chat template on paths and values instead of a request."""

    # --- execution --------------------------------------------------------------------------------------

    def execute_all(self, body: Sequence[nodes.Node]) -> None:
        scope = self.scope
        outer = self.live.get(scope, frozenset[str]())
        for n, node in enumerate(body):
            # a statement still reads its own names while it runs
            self.live[scope] = outer | self.read_later(body, n)
            self.after = outer | self.read_later(body, n + 1)
            self.execute(node)
        self.live[scope] = outer

    def read_later(self, body: Sequence[nodes.Node], start: int) -> frozenset[str]:
        """The names that the statements of a block read from a place on."""
        key = (id(body), start)
        found = self._read.get(key)
        if found is None:
            found = frozenset[str]()
            if start < len(body):
                found = self.read_later(body, start + 1) | frontend.names_in(body[start])
            self._read[key] = found
            self._kept.append(body)
        return found

    def execute(self, node: nodes.Node) -> None:
        """One statement; what it cannot say ends the path, and nothing of it stays."""
        self.step()
        mark, state, declared = len(self.out), dict(self.state), set(self.declared)
        self.line = node.lineno
        outer, self.origin = self.origin, self.watch.begins(node, self.origin)
        try:
            method = getattr(self, f"do_{type(node).__name__}", None)
            if method is None:
                raise Unsupported(f"the statement {type(node).__name__}", node.lineno)
            method(node)
        except Unsupported as e:
            del self.out[mark:]
            self.state, self.declared = state, declared
            self.line = node.lineno
            self.refuse(e)
            raise Dead from None
        except Raised as e:
            raise self.fail(str(e)) from None
        finally:
            self.origin = outer

    def do_Output(self, node: nodes.Output) -> None:  # noqa: N802
        outer = self.origin
        for child in node.nodes:
            self.origin = self.watch.begins(child, outer)
            if isinstance(child, nodes.TemplateData):
                if child.data:
                    self.emit(go.Text(child.data))
            else:
                print_value(self, self.eval(child))

    def do_If(self, node: nodes.If) -> None:  # noqa: N802
        after, scope = self.after, self.scope

        def other() -> Value:
            if node.elif_:
                rest = nodes.If(node.elif_[0].test, node.elif_[0].body, node.elif_[1:], node.else_)
                rest.lineno = node.elif_[0].lineno
                self.live[scope] = after | frontend.names_in(rest)
                self.after = after
                outer, self.origin = self.origin, self.watch.begins(node.elif_[0], self.origin)
                try:
                    self.do_If(rest)
                finally:
                    self.origin = outer
            else:
                self.execute_all(node.else_)
            return types.NONE

        def then() -> Value:
            self.execute_all(node.body)
            return types.NONE

        self.line = node.lineno
        test = self.test(node.test)
        self.watch.decides(node.test, self.facts.simplify(test))
        self.live[scope] = after
        self.branch(test, then, other)

    def do_For(self, node: nodes.For) -> None:  # noqa: N802
        execute_for(self, node)

    def do_Assign(self, node: nodes.Assign) -> None:  # noqa: N802
        self.bind(node.target, self.eval(node.node))

    def do_AssignBlock(self, node: nodes.AssignBlock) -> None:  # noqa: N802
        value = capture(self, lambda: self.execute_all(node.body))
        if node.filter is not None:
            value = self._filtered(node.filter, value)
        self.bind(node.target, value)

    def _filtered(self, node: nodes.Filter, value: Value) -> Value:
        from .filters import FILTERS

        if node.node is not None:
            assert isinstance(node.node, nodes.Filter)
            value = self._filtered(node.node, value)
        args, kwargs = self.arguments(node)
        rule = FILTERS.get(node.name)
        if rule is None:
            raise Unsupported(f"the filter {node.name}", node.lineno)
        known = rule
        return self.lift(value, lambda v: known(self, v, *args, **kwargs))

    def do_FilterBlock(self, node: nodes.FilterBlock) -> None:  # noqa: N802
        value = capture(self, lambda: self.execute_all(node.body))
        print_value(self, self._filtered(node.filter, value))

    def do_Macro(self, node: nodes.Macro) -> None:  # noqa: N802
        self.state[(self.scope, node.name)] = types.MacroV(node, self.scope)

    def do_CallBlock(self, node: nodes.CallBlock) -> None:  # noqa: N802
        if isinstance(node.call.node, nodes.ExtensionAttribute):
            # `{% generation %}` renders its body
            self.in_scope(lambda: self._all(node.body))
            return
        caller = nodes.Macro("caller", node.args, node.defaults, node.body)
        caller.lineno = node.lineno
        callee = self.eval(node.call.node)
        args, kwargs = self.arguments(node.call)
        if not isinstance(callee, types.MacroV):
            raise Unsupported("a call block of something that is no macro", node.lineno)
        kwargs["caller"] = types.MacroV(caller, self.scope)
        print_value(self, self.call_macro(callee, args, kwargs))

    def _all(self, body: Sequence[nodes.Node]) -> Value:
        self.execute_all(body)
        return types.NONE

    def do_With(self, node: nodes.With) -> None:  # noqa: N802
        values = [self.eval(v) for v in node.values]

        def inside() -> Value:
            for target, value in zip(node.targets, values, strict=True):
                self.bind(target, value)
            return self._all(node.body)

        self.in_scope(inside)

    def do_Scope(self, node: nodes.Scope) -> None:  # noqa: N802
        self.in_scope(lambda: self._all(node.body))

    def do_ExprStmt(self, node: nodes.ExprStmt) -> None:  # noqa: N802
        self.eval(node.node)

    def do_Break(self, node: nodes.Break) -> None:  # noqa: N802
        self.leave(go.Break())

    def do_Continue(self, node: nodes.Continue) -> None:  # noqa: N802
        self.leave(go.Continue())

    def leave(self, how: go.Node) -> None:
        """`break` or `continue` of the nearest loop."""
        if not self.loops:
            raise Unsupported("break outside a loop", self.line)
        from .ranges import flush

        done = self.loops[-1].done
        if done is not None and isinstance(how, go.Break):
            self.assign(done, go.Lit(True))
        flush(self, self.loops[-1])
        self.loops[-1].exits.append(dict(self.state))
        self.emit(how)
        raise Dead

    # --- scopes -----------------------------------------------------------------------------------------

    def in_scope(self, body: Callable[[], T]) -> T:
        """Runs in a scope of its own; what is set there does not leave it."""
        saved, self.scope = self.scope, self.fresh()
        self.parents[self.scope] = saved
        self.live[self.scope] = self.macro_names
        try:
            return body()
        finally:
            self.drop_scope(self.scope)
            self.scope = saved

    def drop_scope(self, scope: int) -> None:
        """Forgets a scope, and namespaces that nothing else holds."""
        gone = [self.state.pop(k) for k in [k for k in self.state if k[0] == scope]]
        owners = {v.owner for v in gone if isinstance(v, types.Namespace)}
        if owners:
            owners -= {v.owner for v in self.state.values() if isinstance(v, types.Namespace)}
            for key in [k for k in self.state if k[0] in owners]:
                del self.state[key]

    def bind(self, target: nodes.Node, value: Value) -> None:
        """`target = value`, tuples taken apart."""
        if isinstance(target, nodes.Name):
            self.state[(self.scope, target.name)] = value
        elif isinstance(target, nodes.NSRef):
            owner = self.lookup(self.scope, target.name)
            if not isinstance(owner, types.Namespace):
                raise Raised("cannot assign attribute on non-namespace object")
            self.state[(owner.owner, target.attr)] = value
        elif isinstance(target, nodes.Tuple):
            if not isinstance(value, types.ListV):
                raise Unsupported("taking this value apart", target.lineno)
            if len(value.items) != len(target.items):
                raise Raised("wrong number of values to unpack")
            for t, v in zip(target.items, value.items, strict=True):
                self.bind(t, v)
        else:
            raise Unsupported("this assignment", target.lineno)

    def call_macro(self, macro: types.MacroV, args: list[Value], kwargs: dict[str, Value]) -> Value:
        from .macros import call_macro

        return call_macro(self, macro, args, kwargs)
