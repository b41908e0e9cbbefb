"""Executes a tree step by step, the way Go's text/template/exec.go does (Go 1.26).

This is the exact evaluator: every value carries its place (`Ref`), every step notes the node it is
at, so that results, refusals and the places that errors name are Go's. It takes its time;
`compiled/` runs the common case fast and hands over to this one wherever a rule is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import GoTemplateError
from ..budget import EXACT, Budget, size_of
from ..fmt import AddressError, Printer
from ..parse import nodes as n
from ..parse.numbers import Number
from ..recursion import MAX_EXEC_DEPTH, Calls
from ..values import gotypes as t
from ..values.gotypes import Function, GoFunctionError, GoType, Kind
from ..values.reflection import INVALID, NIL_INTERFACE, REFLECT_VALUE, Ref, assignable, member
from ..values.representation import (
    Pointer,
    Struct,
    as_slice,
    element,
    map_items,
    plain,
    sorted_items,
    typed,
    zero,
)
from ..values.strconv import quote
from .functions import format_ref, go_call, map_entry, printable

_MISSING = Ref(None)  # "there is no final argument"


class _Break(Exception):  # noqa: N818 - a jump
    """`{{break}}`"""


class _Continue(Exception):  # noqa: N818 - a jump
    """`{{continue}}`"""


@dataclass(frozen=True)
class Program:
    """What is executed: trees by name, the functions, Go's missingkey option, and the source."""

    name: str
    parse_name: str
    source: str
    trees: Mapping[str, n.ListNode]
    functions: Mapping[str, Function]
    builtins: Mapping[str, Function]
    missing_key: str = "zero"


@dataclass
class Execution:
    """One template that is being executed (Go's state)."""

    program: Program
    name: str
    budget: Budget
    vars: list[tuple[str, Ref]]
    depth: int = 0
    node: n.Node | None = None
    calls: Calls = field(default_factory=Calls)
    first_call: n.Node | None = None

    # Errors.

    def error(self, text: str) -> GoTemplateError:
        """Go's errorf: says where."""
        if self.node is None:
            return GoTemplateError(f"template: {self.name}: {text}")
        line, column = _place(self.program, self.node)
        where = f"{self.program.parse_name}:{line}:{column}"
        message = f"template: {where}: executing {quote(self.name)} at <{self.node}>: {text}"
        return GoTemplateError(message, line=line, column=column)

    def shown(self, value: Ref) -> str:
        return format_ref(value, "v", self.budget)

    # Variables: a stack, the innermost last.

    def set_var(self, name: str, value: Ref) -> None:
        for i in range(len(self.vars) - 1, -1, -1):
            if self.vars[i][0] == name:
                self.budget.keep(value.data, self.vars[i][1].data)
                self.vars[i] = (name, value)
                return
        raise self.error(f"undefined variable: {name}")

    def push(self, name: str, value: Ref) -> None:
        self.budget.keep(value.data, None)
        self.vars.append((name, value))

    def set_top(self, count: int, value: Ref) -> None:
        name, old = self.vars[-count]
        self.budget.keep(value.data, old.data)
        self.vars[-count] = (name, value)

    def pop(self, mark: int) -> None:
        for _, value in self.vars[mark:]:
            self.budget.keep(None, value.data)
        del self.vars[mark:]

    def var_value(self, name: str) -> Ref:
        for known, value in reversed(self.vars):
            if known == name:
                return value
        raise self.error(f"undefined variable: {name}")

    # Nodes.

    def walk(self, dot: Ref, node: n.Node) -> None:
        self.budget.spend(EXACT)
        self.node = node
        _WALKERS[type(node)](self, dot, node)

    def walk_text(self, _dot: Ref, node: n.TextNode) -> None:
        self.budget.write(node.text)

    def walk_list(self, dot: Ref, node: n.ListNode) -> None:
        for child in node.nodes:
            self.walk(dot, child)

    def walk_action(self, dot: Ref, node: n.ActionNode) -> None:
        value = self.pipeline(dot, node.pipe)
        if not node.pipe.decl:
            self.print_value(node, value)

    def walk_comment(self, dot: Ref, node: n.CommentNode) -> None:
        """Comments do nothing."""

    def walk_break(self, _dot: Ref, _node: n.BreakNode) -> None:
        raise _Break

    def walk_continue(self, _dot: Ref, _node: n.ContinueNode) -> None:
        raise _Continue

    def walk_if(self, dot: Ref, node: n.BranchNode) -> None:
        mark = len(self.vars)
        value = self.pipeline(dot, node.pipe)
        self.budget.keep(value.data, None)
        try:
            if value.truth():
                self.walk(value if isinstance(node, n.WithNode) else dot, node.list)
            elif node.else_list is not None:
                self.walk(dot, node.else_list)
        finally:
            self.budget.keep(None, value.data)
            self.pop(mark)

    def walk_range(self, dot: Ref, node: n.RangeNode) -> None:
        mark = len(self.vars)
        try:
            value, _ = self.pipeline(dot, node.pipe).indirect()
            inner = len(self.vars)
            empty = True
            for index, item in self.iterate(node, value):
                empty = False
                self.budget.spend(EXACT)
                try:
                    self.bind(node.pipe, index, item)
                    self.walk(item, node.list)
                except _Continue:
                    pass
                finally:
                    self.pop(inner)
            if empty and node.else_list is not None:
                self.walk(dot, node.else_list)
        except _Break:
            pass
        finally:
            self.pop(mark)

    def bind(self, pipe: n.PipeNode, index: Ref, item: Ref) -> None:
        """Gives the variables of a range their values; the index comes first when there are two."""
        decl = pipe.decl
        if pipe.is_assign and decl:
            self.set_var(decl[0].ident[0], index if len(decl) > 1 else item)
            if len(decl) > 1:
                self.set_var(decl[1].ident[0], item)
        elif decl:
            self.set_top(1, item)
            if len(decl) > 1:
                self.set_top(2, index)

    def iterate(self, node: n.RangeNode, value: Ref) -> Iterator[tuple[Ref, Ref]]:
        """Index and element of each turn."""
        kind = value.kind
        count = len(node.pipe.decl)
        if kind is Kind.INVALID:
            return
        if kind.signed or kind.unsigned:
            if count > 1:
                raise self.error(f"can't use {self.shown(value)} to iterate over more than one variable")
            for i in range(plain(value.data)):
                yield INVALID, Ref(typed(value.type, i))
        elif kind in (Kind.SLICE, Kind.ARRAY):
            items = as_slice(value.data)
            elem = items.type.elem or t.ANY
            addressable = kind is Kind.SLICE or value.addressable
            for i in range(items.length):
                yield Ref(i), member(elem, element(items, i), addressable=addressable)
        elif kind is Kind.MAP:
            type_ = value.type
            for key, item in sorted_items(value.data):
                yield member(type_.key or t.ANY, key), member(type_.elem or t.ANY, item)
        elif kind is Kind.FUNC and value.type.yields and value.data.make is not None:
            yield from self.iterate_func(count, value)
        else:
            raise self.error(f"range can't iterate over {self.shown(value)}")

    def iterate_func(self, count: int, value: Ref) -> Iterator[tuple[Ref, Ref]]:
        type_ = value.type
        elem = type_.elem or t.ANY
        if type_.yields == 1:
            if count > 1:
                raise self.error(f"can't use {self.shown(value)} iterate over more than one variable")
            for item in value.data.make():
                yield INVALID, member(elem, typed(elem, item))
            return
        key_type = type_.key or t.ANY
        for key, item in value.data.make():
            first = member(key_type, typed(key_type, key))
            if count > 1:
                yield first, member(elem, typed(elem, item))
            else:
                yield INVALID, first

    def walk_template(self, dot: Ref, node: n.TemplateNode) -> None:
        root = self.program.trees.get(node.name)
        if root is None:
            raise undefined_template(self.program, self.name, node, self.budget)
        dot = self.pipeline(dot, node.pipe)
        self.first_call = self.first_call or node
        place = (self.name, self.first_call)
        last = self.calls.enter(self.depth, place, (node.name, dot.data, dot.boxed))
        if last is not None:
            at = Execution(self.program, last[0], self.budget, [], node=last[1])
            raise at.error(f"exceeded maximum template depth ({MAX_EXEC_DEPTH})")
        self.budget.keep(dot.data, None)
        inner = Execution(
            self.program,
            node.name,
            self.budget,
            [("$", dot)],
            self.depth + 1,
            self.node,
            self.calls,
        )
        inner.walk(dot, root)
        inner.pop(0)

    def print_value(self, node: n.Node, value: Ref) -> None:
        self.node = node
        shown, ok = printable(value)
        if not ok:
            raise self.error(f"can't print {node} of type {value.type.name}")
        if type(shown) is str:
            self.budget.write(shown)
        else:
            self.budget.write(Printer(self.budget).sprint([shown]))

    # Pipelines and commands.

    def pipeline(self, dot: Ref, pipe: n.PipeNode | None) -> Ref:
        if pipe is None:
            return INVALID
        self.node = pipe
        value = _MISSING
        for cmd in pipe.cmds:
            value = self.command(dot, cmd, value).unboxed()
        for variable in pipe.decl:
            if pipe.is_assign:
                self.set_var(variable.ident[0], value)
            else:
                self.push(variable.ident[0], value)
        return value

    def not_a_function(self, args: tuple[n.Node, ...], final: Ref) -> None:
        if len(args) > 1 or final is not _MISSING:
            raise self.error(f"can't give argument to non-function {args[0]}")

    def command(self, dot: Ref, cmd: n.CommandNode, final: Ref) -> Ref:
        first = cmd.args[0]
        if isinstance(first, n.FieldNode):
            return self.field_node(dot, first, cmd.args, final)
        if isinstance(first, n.ChainNode):
            return self.chain_node(dot, first, cmd.args, final)
        if isinstance(first, n.IdentifierNode):
            return self.function(dot, first, cmd, cmd.args, final)
        if isinstance(first, n.PipeNode):
            self.not_a_function(cmd.args, final)
            return self.pipeline(dot, first)
        if isinstance(first, n.VariableNode):
            return self.variable_node(dot, first, cmd.args, final)
        self.node = first
        self.not_a_function(cmd.args, final)
        if isinstance(first, n.DotNode):
            return dot
        if isinstance(first, n.BoolNode):
            return Ref(first.value)
        if isinstance(first, n.StringNode):
            return Ref(first.text)
        if isinstance(first, n.NumberNode):
            return self.constant(first)
        raise self.error("nil is not a command")

    def constant(self, node: n.NumberNode) -> Ref:
        """idealConstant: a number where nothing says of which type."""
        self.node = node
        number = node.number
        if number.is_complex:
            return Ref(number.complex128)
        if number.is_float and looks_like_float(node.text):
            return Ref(number.float64)
        if number.is_int:
            return Ref(number.int64)
        if number.is_uint:
            raise self.error(f"{node.text} overflows int")
        return INVALID

    # Fields, chains, variables.

    def field_node(self, dot: Ref, node: n.FieldNode, args: tuple[n.Node, ...] | None, final: Ref) -> Ref:
        self.node = node
        return self.field_chain(dot, dot, node, node.ident, args, final)

    def chain_node(self, dot: Ref, node: n.ChainNode, args: tuple[n.Node, ...] | None, final: Ref) -> Ref:
        self.node = node
        if isinstance(node.node, n.NilNode):
            raise self.error(f"indirection through explicit nil in {node}")
        receiver = self.argument(dot, None, node.node)
        return self.field_chain(dot, receiver, node, node.field, args, final)

    def variable_node(
        self, dot: Ref, node: n.VariableNode, args: tuple[n.Node, ...] | None, final: Ref
    ) -> Ref:
        self.node = node
        value = self.var_value(node.ident[0])
        if len(node.ident) == 1:
            self.not_a_function(args or (), final)
            return value
        return self.field_chain(dot, value, node, node.ident[1:], args, final)

    def field_chain(
        self,
        dot: Ref,
        receiver: Ref,
        node: n.Node,
        names: tuple[str, ...],
        args: tuple[n.Node, ...] | None,
        final: Ref,
    ) -> Ref:
        for name in names[:-1]:
            receiver = self.field(dot, name, node, None, _MISSING, receiver)
        return self.field(dot, names[-1], node, args, final, receiver)

    def field(
        self,
        dot: Ref,
        name: str,
        node: n.Node,
        args: tuple[n.Node, ...] | None,
        final: Ref,
        receiver: Ref,
    ) -> Ref:
        """A method, a field of a struct or an entry of a map (evalField)."""
        if not receiver.valid:
            if self.program.missing_key == "error":
                raise self.error(f"nil data; no entry for key {quote(name)}")
            return INVALID
        type_ = receiver.type
        receiver, nil = receiver.indirect()
        if nil and receiver.boxed:
            raise self.error(f"nil pointer evaluating {type_.name}.{name}")
        method = receiver.type.method(name, addressable=receiver.addressable)
        if method is not None:
            return self.method(dot, receiver, method, node, name, args, final)
        has_args = len(args or ()) > 1 or final is not _MISSING
        if isinstance(receiver.data, Struct):
            found = receiver.type.by_name.get(name)
            if found is not None:
                return self.struct_field(receiver, found, type_, has_args)
        elif receiver.kind is Kind.MAP:
            key = receiver.type.key
            if key is t.STRING or key is t.ANY:
                return self.map_field(receiver, name, has_args)
        elif nil:
            elem = receiver.type.elem
            if elem is None or elem.kind is not Kind.STRUCT or name in elem.by_name:
                raise self.error(f"nil pointer evaluating {type_.name}.{name}")
        raise self.error(f"can't evaluate field {name} in type {type_.name}")

    def method(
        self,
        dot: Ref,
        receiver: Ref,
        method: Function,
        node: n.Node,
        name: str,
        args: tuple[n.Node, ...] | None,
        final: Ref,
    ) -> Ref:
        target = receiver.data.target if isinstance(receiver.data, Pointer) else receiver.data

        def call(*values: Any) -> Any:
            if target is None:
                return _call_of_nil(receiver.type, name, method)
            return method.call(target, *values)

        bound = Function(call, method.params, method.result, method.variadic)
        return self.call(dot, bound, False, node, name, args, final)

    def struct_field(self, receiver: Ref, found: t.Field, type_: GoType, has_args: bool) -> Ref:
        if not found.exported:
            raise self.error(f"{found.name} is an unexported field of struct type {type_.name}")
        if has_args:
            raise self.error(f"{found.name} has arguments but cannot be invoked as function")
        return member(found.type, receiver.data.fields[found.name], addressable=receiver.addressable)

    def map_field(self, receiver: Ref, name: str, has_args: bool) -> Ref:
        if has_args:
            raise self.error(f"{name} is not a method but has arguments")
        option = self.program.missing_key
        if option == "error" and name not in map_items(receiver.data):
            raise self.error(f"map has no entry for key {quote(name)}")
        return map_entry(receiver.data, name, default=option == "zero")

    # Calls.

    def function(
        self,
        dot: Ref,
        node: n.IdentifierNode,
        cmd: n.Node,
        args: tuple[n.Node, ...] | None,
        final: Ref,
    ) -> Ref:
        self.node = node
        name = node.ident
        found = self.program.functions.get(name)
        if found is not None:
            return self.call(dot, found, False, cmd, name, args, final)
        found = self.program.builtins.get(name)
        if found is None:
            raise self.error(f"{quote(name)} is not a defined function")
        return self.call(dot, found, True, cmd, name, args, final)

    def call(
        self,
        dot: Ref,
        function: Function,
        is_builtin: bool,
        node: n.Node,
        name: str,
        args: tuple[n.Node, ...] | None,
        final: Ref,
    ) -> Ref:
        """A function or bound method with its arguments (evalCall)."""
        rest = (args or ())[1:]
        self.check_count(function, name, rest, final)
        if is_builtin and name in ("and", "or"):
            return self.and_or(dot, name, rest, final)
        params = _param_types(function, len(rest) + (final is not _MISSING))
        values: list[Ref] = []
        self.budget.spend(EXACT * (1 + len(rest)))
        held = 0
        for type_, arg in zip(params, rest, strict=False):
            values.append(self.argument(dot, type_, arg))
            size = size_of(values[-1].data)
            if size:
                held += size
                self.budget.spend(size >> 6)  # its bytes are made anew for len, index and slice
                self.budget.hold(size)
        if final is not _MISSING:
            values.append(self.validate(final, params[-1]))
        try:
            if is_builtin and name == "call":
                callee = str(rest[0]) if rest else _string_of(final)
                result = go_call(callee, values[0], values[1:])
            else:
                result = _result(function, _apply(function, params, values))
        except GoFunctionError as failed:
            self.node = node
            raise self.error(f"error calling {name}: {failed}") from None
        if held:
            self.budget.hold(-held)
        return result

    def check_count(self, function: Function, name: str, args: tuple[n.Node, ...], final: Ref) -> None:
        count = len(args) + (final is not _MISSING)
        want = len(function.params)
        if function.variadic:
            if count < want - 1:
                raise self.error(f"wrong number of args for {name}: want at least {want - 1} got {len(args)}")
        elif count != want:
            raise self.error(f"wrong number of args for {name}: want {want} got {count}")

    def and_or(self, dot: Ref, name: str, args: tuple[n.Node, ...], final: Ref) -> Ref:
        """The two that look at no more arguments than they need."""
        value = INVALID
        for arg in args:
            self.budget.spend(EXACT)
            value = self.argument(dot, REFLECT_VALUE, arg)
            if value.truth() == (name == "or"):
                return value
        return value if final is _MISSING else self.validate(final, REFLECT_VALUE)

    def validate(self, value: Ref, type_: GoType | None) -> Ref:
        """The value as one of the type (validateType); None takes any."""
        if not value.valid:
            if type_ is None:
                return INVALID
            if type_ is REFLECT_VALUE:
                return INVALID
            if type_.kind.nillable:
                return member(type_, zero(type_))
            raise self.error(f"invalid value; expected {type_.name}")
        if type_ is None or type_ is REFLECT_VALUE or assignable(value.type, type_):
            return value
        if value.boxed and value.data is not None:
            value = Ref(value.data)
            if assignable(value.type, type_):
                return value
        if isinstance(value.data, Pointer) and assignable(value.type.elem or t.ANY, type_):
            if value.data.target is None:
                raise self.error(f"dereference of nil pointer of type {type_.name}")
            return Ref(value.data.target, addressable=True)
        if value.addressable and assignable(t.pointer_to(value.type), type_):
            return Ref(Pointer(value.data))
        raise self.error(f"wrong type for value; expected {type_.name}; got {value.type.name}")

    def argument(self, dot: Ref, type_: GoType | None, node: n.Node) -> Ref:
        """An operand as a value of the parameter's type (evalArg)."""
        self.node = node
        if isinstance(node, n.DotNode):
            return self.validate(dot, type_)
        if isinstance(node, n.NilNode):
            if type_ is REFLECT_VALUE:
                return INVALID
            assert type_ is not None
            if type_.kind.nillable:
                return NIL_INTERFACE if type_.is_interface else Ref(zero(type_))
            raise self.error(f"cannot assign nil to {type_.name}")
        if isinstance(node, n.FieldNode):
            return self.validate(self.field_node(dot, node, (node,), _MISSING), type_)
        if isinstance(node, n.VariableNode):
            return self.validate(self.variable_node(dot, node, None, _MISSING), type_)
        if isinstance(node, n.PipeNode):
            return self.validate(self.pipeline(dot, node), type_)
        if isinstance(node, n.IdentifierNode):
            return self.validate(self.function(dot, node, node, None, _MISSING), type_)
        if isinstance(node, n.ChainNode):
            return self.validate(self.chain_node(dot, node, None, _MISSING), type_)
        return self.literal(type_, node)

    def literal(self, type_: GoType | None, node: n.Node) -> Ref:
        """A literal for a parameter of the type."""
        if type_ is None:
            raise self.error(f"can't handle {node} for arg of type <nil>")
        if type_ is REFLECT_VALUE or type_.is_interface:
            if isinstance(node, n.NumberNode):
                return self.constant(node)
            if isinstance(node, n.StringNode):
                return Ref(node.text)
            assert isinstance(node, n.BoolNode)
            return Ref(node.value)
        kind = type_.kind
        if kind is Kind.STRING and isinstance(node, n.StringNode):
            return Ref(typed(type_, node.text))
        if kind is Kind.BOOL and isinstance(node, n.BoolNode):
            return Ref(typed(type_, node.value))
        number = node.number if isinstance(node, n.NumberNode) else Number()
        for found, value, wanted in (
            (number.is_int, number.int64, kind.signed),
            (number.is_uint, number.uint64, kind.unsigned),
            (number.is_float, number.float64, kind in (Kind.FLOAT32, Kind.FLOAT64)),
            (number.is_complex, number.complex128, kind in (Kind.COMPLEX64, Kind.COMPLEX128)),
        ):
            if wanted and found:
                return Ref(typed(type_, value))
        expected = _EXPECTED.get(kind)
        if expected is None:
            raise self.error(f"can't handle {node} for arg of type {type_.name}")
        raise self.error(f"expected {expected}; found {node}")


_WALKERS: dict[type, Callable[[Execution, Ref, Any], None]] = {
    n.TextNode: Execution.walk_text,
    n.ListNode: Execution.walk_list,
    n.ActionNode: Execution.walk_action,
    n.CommentNode: Execution.walk_comment,
    n.BreakNode: Execution.walk_break,
    n.ContinueNode: Execution.walk_continue,
    n.IfNode: Execution.walk_if,
    n.WithNode: Execution.walk_if,
    n.RangeNode: Execution.walk_range,
    n.TemplateNode: Execution.walk_template,
}


def execute(program: Program, data: Any, budget: Budget) -> str:
    """The output of the program's main template. Raises GoTemplateError."""
    budget.restart()
    execution = Execution(program, program.name, budget, [("$", Ref(data))])
    root = program.trees.get(program.name)
    if root is None:
        raise execution.error(f"{quote(program.name)} is an incomplete or empty template")
    try:
        execution.walk(Ref(data), root)
    except AddressError:
        raise execution.error(ADDRESS_TEXT) from None
    budget.count_output()
    return "".join(budget.pieces)


def undefined_template(
    program: Program, within: str, node: n.TemplateNode, budget: Budget
) -> GoTemplateError:
    """Go's error where a template that is not defined is executed. within: the name of the one it is in."""
    return Execution(program, within, budget, [], node=node).error(f"template {quote(node.name)} not defined")


ADDRESS_TEXT = "this prints a memory address, which Go writes differently in every run"


_EXPECTED = {
    Kind.BOOL: "bool",
    Kind.STRING: "string",
    Kind.FLOAT32: "float",
    Kind.FLOAT64: "float",
    Kind.COMPLEX64: "complex",
    Kind.COMPLEX128: "complex",
    **{k: "integer" for k in Kind if k.signed},
    **{k: "unsigned integer" for k in Kind if k.unsigned},
}


def looks_like_float(text: str) -> bool:
    """Whether a number's syntax makes it a float64."""
    is_hex_int = len(text) > 2 and text[:2] in ("0x", "0X") and not any(c in text for c in "pP")
    return not is_hex_int and text[:1] != "'" and any(c in text for c in ".eEpP")


def _call_of_nil(type_: GoType, name: str, method: Function) -> Any:
    """A method of a nil pointer, which panics unless it expects that."""
    elem = type_.elem or t.ANY
    if method in elem.methods.values():
        short = elem.name.rpartition(".")[2]
        raise GoFunctionError(f"value method {elem.name}.{name} called using nil *{short} pointer")
    try:
        return method.call(None)
    except (AttributeError, TypeError):
        text = "runtime error: invalid memory address or nil pointer dereference"
        raise GoFunctionError(text) from None


def _param_types(function: Function, count: int) -> list[GoType]:
    """The parameter types for `count` arguments, the variadic one repeated."""
    params = list(function.params)
    if function.variadic:
        last = params.pop()
        params += [last] * (count - len(params))
    return params[:count]


def _apply(function: Function, params: list[GoType], values: list[Ref]) -> Any:
    """Calls with what the parameters take: a Ref for a reflect.Value, else the plain value."""
    return function.call(
        *(v if type_ is REFLECT_VALUE else v.data for type_, v in zip(params, values, strict=True))
    )


def _result(function: Function, value: Any) -> Ref:
    if function.result is REFLECT_VALUE:
        assert isinstance(value, Ref)
        return value
    return member(function.result or t.ANY, value)


def _string_of(value: Ref) -> str:
    """reflect.Value.String: the text of a string, a note of the type for others."""
    if not value.valid:
        return "<invalid Value>"
    if value.kind is Kind.STRING:
        return str(plain(value.data))
    return f"<{value.type.name} Value>"


def _place(program: Program, node: n.Node) -> tuple[int, int]:
    """Line and byte column, as ErrorContext has them (the column counts from 0)."""
    before = program.source[: max(getattr(node, "pos", 0), 0)]
    line_start = before.rfind("\n") + 1
    column = len(before[line_start:].encode("utf-8", "surrogateescape"))
    return before.count("\n") + 1, column
