"""The exact evaluator's lower half: pipelines, commands, operands and calls (exec.go, Go 1.26)."""

from __future__ import annotations

from typing import Any

from ..compiled.budget import size_of
from ..parse import nodes as n
from ..parse.literals import Number, quote
from ..values import gotypes as t
from ..values.gotypes import Function, GoFunctionError, GoType, Kind
from ..values.reflection import INVALID, NIL_INTERFACE, REFLECT_VALUE, Ref, assignable, member
from ..values.values import Pointer, Struct, map_items, plain, typed, zero
from .functions import go_call, map_entry
from .state import Execution

_MISSING = Ref(None)  # "there is no final argument"


class Operands(Execution):
    """Execution that can evaluate operands."""

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
        held = 0
        for type_, arg in zip(params, rest, strict=False):
            values.append(self.argument(dot, type_, arg))
            size = size_of(values[-1].data)
            if size:
                held += size
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
